"""A target tested from the dashboard, by the code of `mtq proxy test`."""

import asyncio
from pathlib import Path

from mtq.commands.probe import by_hand
from mtq.tui.app import Dashboard
from tests.house import House, free_port
from tests.tui.sitting import sitting


def somebody_sees(folder: Path, target: str, *seen: str) -> None:
    """Type a target; what comes of it has these texts."""
    house = House(folder)
    house.file.write_text(house.file.read_text() + "[services.pop3.proxy]\nenabled = true\n")

    async def main() -> None:
        dashboard = Dashboard(house.config.server.control_socket, house.file, probe=by_hand(house.file))
        async with sitting(dashboard, 120, 40) as somebody:
            await somebody.press("6", "t")
            await somebody.sees("Call a remote server")
            await somebody.type(target)
            await somebody.press("enter")
            await somebody.sees(*seen)

    asyncio.run(main())


def test_the_steps_and_the_verdict_are_shown(tmp_path: Path) -> None:
    target = f"127.0.0.1:{free_port()}"
    somebody_sees(tmp_path, target, "pop3: its proxy is on", "connection refused", "verdict", "-ERR [AUTH]")


def test_what_is_no_server_is_said(tmp_path: Path) -> None:
    somebody_sees(tmp_path, "a..b", "is no server")
