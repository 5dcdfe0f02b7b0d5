"""A command line that is run for the dashboard."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from mtq.commands import subordinate
from mtq.commands.place import Place
from mtq.commands.subordinate import MOST
from mtq.errors import Exit
from mtq.tui.shell.command import Outcome
from tests.house import WAIT, House

Ran = Callable[..., Outcome]


@pytest.fixture
def ran(house: House) -> Ran:
    """Runs a command line on the house's configuration."""
    run = subordinate.subordinate(Place(house.file, named=True))

    def ran(*arguments: str, columns: int = 80, stdin: bytes = b"") -> Outcome:
        return asyncio.run(_awaited(run(arguments, columns, stdin)))

    return ran


async def _awaited(coming: Awaitable[Outcome]) -> Outcome:
    async with asyncio.timeout(WAIT):
        return await coming


def test_data_and_narration_are_told_apart(ran: Ran) -> None:
    outcome = ran("user", "remove", "nobody")
    assert (outcome.code, outcome.out) == (0, "")
    assert "unchanged: no user nobody" in outcome.err


def test_a_table_comes_as_on_a_terminal_of_that_width(ran: Ran) -> None:
    outcome = ran("user", "list", columns=60)
    assert "fred" in outcome.out
    assert "│" in outcome.out
    assert max(map(len, outcome.out.replace("\x1b[1m", "").replace("\x1b[0m", "").splitlines())) <= 60


def test_nothing_is_coloured(ran: Ran) -> None:
    assert "\x1b[3" not in ran("user", "list").out


def test_what_fails_has_its_exit_code(ran: Ran) -> None:
    assert ran("status").code == Exit.NO_SERVER
    assert ran("unheard", "of").code == Exit.USAGE


def test_a_password_is_given_and_not_asked_for(ran: Ran) -> None:
    assert ran("user", "add", "wilma", "--password-stdin", stdin=b"secret\n").code == 0
    assert ran("user", "check", "wilma", "--password-stdin", stdin=b"secret\n").code == 0


def test_a_command_that_would_ask_says_that_it_cannot(ran: Ran) -> None:
    outcome = ran("user", "add", "wilma")
    assert outcome.code == Exit.USAGE
    assert "--password-stdin" in outcome.err


def test_to_be_cancelled_ends_the_command(monkeypatch: pytest.MonkeyPatch, house: House) -> None:
    monkeypatch.setattr(subordinate, "PROGRAM", "print('begun', flush=True); import time; time.sleep(1000)")

    async def cancelled() -> None:
        run = subordinate.subordinate(Place(house.file, named=True))
        task = asyncio.ensure_future(_awaited(run(["x"], 80, b"")))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())


def test_a_command_that_talks_without_end_is_stopped(monkeypatch: pytest.MonkeyPatch, ran: Ran) -> None:
    monkeypatch.setattr(subordinate, "PROGRAM", "while True: print('x' * 1000)")
    outcome = ran()
    assert outcome.code != 0
    assert MOST < len(outcome.out) < 2 * MOST
    assert outcome.out.endswith("what follows was left out)\n")


def test_without_a_name_for_it_the_default_configuration_is_meant(house: House) -> None:
    run = subordinate.subordinate(Place(house.file, named=False))
    outcome = asyncio.run(_awaited(run(["config", "path"], 80, b"")))
    assert str(house.file) not in outcome.out
