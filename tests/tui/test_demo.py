"""The demonstration, for a person who has read nothing: the stuck session is found, ended and shut out."""

import asyncio
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from mtq.commands.demo.stage import PASSWORDS, PORT, STUCK
from mtq.commands.demo.stuck import ADDRESS
from mtq.config.read import load
from mtq.tui.app import Dashboard
from tests.house import MTQ, wait_for_line
from tests.server.pop import Client
from tests.tui.sitting import sitting


@pytest.fixture
def configuration() -> Iterator[Path]:
    """The configuration of a fresh demonstration, out of the dashboard's exact command line in its list."""
    with subprocess.Popen([MTQ, "serve", "--demo"], stderr=subprocess.PIPE, text=True) as demo:
        try:
            words = shlex.split(wait_for_line(demo, "tui dashboard"))
            assert (words[0], words[1], words[3:]) == (MTQ, "--config", ["tui", "dashboard"])
            yield Path(words[2])
        finally:
            demo.terminate()
            demo.communicate(timeout=30)


def test_the_stuck_session_is_found_released_and_shut_out(configuration: Path) -> None:
    async def at_the_dashboard() -> None:
        socket = load(configuration).server.control_socket
        async with sitting(Dashboard(socket, configuration)) as person:
            # What is worth a look is said on the first page, and Enter goes there.
            await person.sees(f"{STUCK}'s mailbox is locked from {ADDRESS}")
            await person.press("enter")
            await person.sees("[4 Locks]", STUCK, ADDRESS, "14m", "r Release", "b Block")
            await person.press("b")
            await person.sees(f"Shut {ADDRESS} out", "Add (Enter)")
            await person.press("enter")
            await person.is_told(f"!{ADDRESS} added")
            await person.press("r")
            await person.sees("Yes (y)")
            await person.press("y")
            await person.is_told(f"the mailbox of {STUCK} is free")

    asyncio.run(at_the_dashboard())
    with Client(PORT) as owner:
        assert owner.login(STUCK, PASSWORDS[STUCK]).startswith(b"+OK")
    with Client(PORT, source=ADDRESS) as again:
        assert again.line() == b"-ERR access denied"
