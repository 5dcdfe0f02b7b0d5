"""Threads for what blocks."""

import asyncio
import subprocess
import sys
import threading

import pytest

from mtq.proxy.threads import Threads
from tests.house import WAIT, LoopFactory
from tests.proxy.calling import LOOPS, run


@LOOPS
def test_the_outcome_comes_back(loop: LoopFactory) -> None:
    async def main() -> int:
        return await Threads(1).run(lambda: 6 * 7)

    assert run(main(), loop) == 42


@LOOPS
def test_an_error_comes_back(loop: LoopFactory) -> None:
    def fail() -> None:
        raise OSError("broken")

    async def main() -> None:
        await Threads(1).run(fail)

    with pytest.raises(OSError, match="broken"):
        run(main(), loop)


@LOOPS
def test_work_that_was_given_up_keeps_its_place_until_it_ends(loop: LoopFactory) -> None:
    go, order = threading.Event(), []

    def wait() -> None:
        go.wait(WAIT)
        order.append("first")

    async def main() -> None:
        threads = Threads(1)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await threads.run(wait)
        second = asyncio.create_task(threads.run(lambda: order.append("second")))
        await asyncio.sleep(0)
        go.set()
        await second

    run(main(), loop)
    assert order == ["first", "second"]


def test_work_that_hangs_does_not_hold_up_the_end_of_the_process() -> None:
    script = (
        "import asyncio, threading\n"
        "from mtq.proxy.threads import Threads\n"
        "async def main():\n"
        "    asyncio.create_task(Threads(1).run(threading.Event().wait))\n"
        "    await asyncio.sleep(0)\n"
        "asyncio.run(main())\n"
    )
    assert subprocess.run([sys.executable, "-c", script], timeout=WAIT).returncode == 0
