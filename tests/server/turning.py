"""Time that a test turns forward, and a resolver that a test is the other side of."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from tests.house import guarded

T = TypeVar("T")

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


class TurningLoop(asyncio.SelectorEventLoop):
    """An event loop whose timers are due when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self._ahead = 0.0

    def time(self) -> float:
        return super().time() + self._ahead

    def turn(self, seconds: float) -> None:
        """Let so many seconds pass."""
        self._ahead += seconds


class Clock:
    """The time of day, as the test has set it."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def set(self, seconds: float) -> None:
        """Set it to so many seconds after noon."""
        self.now = NOON + timedelta(seconds=seconds)


class Book:
    """What host names stand for, as a lookup that a resolver can be given."""

    def __init__(self, **found: str) -> None:
        self.asked: list[str] = []
        self._answers: dict[str, list[str] | OSError] = {}
        self._held: dict[str, threading.Event] = {}
        for host, addresses in found.items():
            self.set(host, addresses)

    def __call__(self, host: str) -> list[str]:
        self.asked.append(host)
        held = self._held.get(host)
        if held is not None:
            held.wait()
        answer = self._answers.get(host, OSError("Name or service not known"))
        if isinstance(answer, OSError):
            raise answer
        return answer

    def set(self, host: str, addresses: str) -> None:
        """From now on a name stands for these addresses."""
        self._answers[host] = addresses.split()

    def lose(self, host: str) -> None:
        """From now on a name is not found."""
        self._answers.pop(host, None)

    def hold(self, *hosts: str) -> None:
        """Do not come back when asked for one of these."""
        for host in hosts:
            self._held[host] = threading.Event()

    def release(self) -> None:
        """Come back at last."""
        for held in self._held.values():
            held.set()
        self._held.clear()


def turning() -> TurningLoop:
    """The loop that the test runs on."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, TurningLoop)
    return loop


def run(test: Coroutine[object, object, T]) -> T:
    """Run a test on a loop that it can turn forward; whatever goes wrong on the loop or blocks it fails the test."""
    faults: list[str] = []
    with asyncio.Runner(loop_factory=TurningLoop) as runner:
        runner.get_loop().set_exception_handler(lambda _, context: faults.append(str(context)))
        with guarded():
            found = runner.run(test)
    assert not faults
    return found


async def until(condition: Callable[[], bool]) -> None:
    """Let everything else go on until this is so."""
    while not condition():  # noqa: ASYNC110 - it may depend on anything: there is no one event to wait for
        await asyncio.sleep(0)


async def settle() -> None:
    """Let everything that is due now be done."""
    for _ in range(5):
        await asyncio.sleep(0)
