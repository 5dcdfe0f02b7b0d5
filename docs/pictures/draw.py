"""The pictures of the dashboard, drawn at the demonstration: `make pictures`.

    python docs/pictures/draw.py

Somebody sits at the dashboard and does what the README tells of. Meanwhile clients come and go, so that there is
something to see in the graphs.
"""

import asyncio
import os
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
MTQ = str(Path(sys.executable).with_name("mtq"))
SIZE = (100, 30)
SECONDS = 25
"""How long clients come and go before the first picture."""

WAIT = 30.0
"""Seconds after which something that should be on the screen will not be."""


@contextmanager
def demonstration() -> Iterator[Path]:
    """The demonstration; its configuration."""
    command = [MTQ, "serve", "--demo"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as demo:      # noqa: S603 - fixed words
        try:
            assert demo.stderr is not None
            line = next(line for line in demo.stderr if "tui dashboard" in line)
            yield Path(shlex.split(line)[2])
        finally:
            demo.terminate()
            demo.communicate()


def visit(number: int) -> None:
    """One client that reads some mail; every fifth does not know its password."""
    user, password = [("fred", "flintstone"), ("wilma", "pebbles")][number % 2]
    with socket.create_connection(("127.0.0.1", 1110)) as sock:
        answers = sock.makefile("rb")
        answers.readline()
        commands = [f"USER {user}", f"PASS {password if number % 5 else 'guess'}"]
        for command in [*commands, *["RETR 1", "RETR 2"][: number % 3], "QUIT"]:
            sock.sendall(f"{command}\r\n".encode())
        answers.read()


async def draw(configuration: Path) -> None:
    """Sit at the dashboard."""
    from mtq.commands.place import Place
    from mtq.commands.subordinate import subordinate
    from mtq.config.read import load
    from mtq.tui.app import Dashboard

    run = subordinate(Place(configuration, named=True))
    dashboard = Dashboard(load(configuration).server.control_socket, configuration, run=run)

    def screen() -> str:
        strips = dashboard.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip) for strip in strips)

    async with dashboard.run_test(size=SIZE) as pilot:

        async def sees(text: str) -> None:
            async with asyncio.timeout(WAIT):
                while not re.search(text, screen()):      # noqa: ASYNC110 - a screen tells nobody that it has changed
                    await asyncio.sleep(0.1)
            await pilot.pause()

        def picture(name: str) -> None:
            dashboard.save_screenshot(f"{name}.svg", str(HERE))

        for number in range(4 * SECONDS):
            if number % 8 < 1 + number // 20:
                await asyncio.to_thread(visit, number)
            await asyncio.sleep(0.25)
        await sees("barney's mailbox is locked")
        picture("overview")
        await pilot.press("enter")
        await sees("barney")
        await pilot.press("r")
        await sees("Release the mailbox of barney")
        picture("locks")
        await pilot.press("n", "b")
        await sees("Shut .* out")
        await pilot.press("enter", "5")
        await sees(r"!127\.0\.0\.66")
        picture("firewall")
        await pilot.press("colon", *("space" if letter == " " else letter for letter in "user list"), "enter")
        await sees("│ wilma")
        picture("shell")


def main() -> None:
    """Draw all of them."""
    os.environ |= {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    os.environ.pop("NO_COLOR", None)
    with demonstration() as configuration:
        asyncio.run(draw(configuration))


if __name__ == "__main__":
    main()
