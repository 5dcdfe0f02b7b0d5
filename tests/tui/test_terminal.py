"""The real `mtq tui dashboard` in a real terminal, tmux, with real keys."""

import os
import select
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.house import MTQ, WAIT, House
from tests.server.pop import Client


class Terminal:
    """A program in a terminal of its own: keys go in, and what stands on the screen comes out."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._tmux = ["tmux", "-S", str(folder / "tmux"), "-f", os.devnull]
        self._environment = {**os.environ, "LC_ALL": "C.UTF-8", "TERM": "screen", **environment}
        # Whatever the program draws comes through here, too: then it is time to look at the screen.
        self._drawn = folder / "drawn"
        os.mkfifo(self._drawn)
        self._pipe = os.open(self._drawn, os.O_RDWR | os.O_NONBLOCK)

    @contextmanager
    def running(self, *command: str) -> Iterator["Terminal"]:
        """Run a program until the test is through."""
        self._do("new-session", "-d", "-x", "80", "-y", "24", "cat")      # so that nothing is drawn unseen
        try:
            self._do("set-option", "-g", "remain-on-exit", "on")
            self._do("pipe-pane", "-o", f"cat > {self._drawn}")
            self._do("respawn-pane", "-k", *command)
            yield self
        finally:
            self._do("kill-server")
            os.close(self._pipe)

    def press(self, *keys: str) -> None:
        """Press keys, by tmux's names."""
        self._do("send-keys", *keys)

    def type(self, text: str) -> None:
        """Type a text."""
        self._do("send-keys", "-l", text)

    def screen(self) -> str:
        """What stands on the screen."""
        return self._do("capture-pane", "-p")

    def sees(self, *texts: str) -> str:
        """Wait until all these texts are on the screen, and give the screen."""
        deadline = time.monotonic() + WAIT
        while not all(text in (screen := self.screen()) for text in texts):
            assert time.monotonic() < deadline, f"it did not come to that:\n{screen}"
            self._draws()
        return screen

    def ended(self) -> str:
        """Wait until the program has ended, and give its exit code."""
        deadline = time.monotonic() + WAIT
        while not (dead := self._do("display-message", "-p", "#{?pane_dead,#{pane_dead_status},}").strip()):
            assert time.monotonic() < deadline, self.screen()
            self._draws()                # to tmux a pane is dead when all that it drew is out of the pipe
        return dead

    def _draws(self) -> None:
        """Wait until something was drawn: not for long, for what tmux says itself does not come through the pipe."""
        ready, _, _ = select.select([self._pipe], [], [], 0.2)
        if ready:
            os.read(self._pipe, 1 << 16)

    def _do(self, *arguments: str) -> str:
        done = subprocess.run(
            [*self._tmux, *arguments], env=self._environment, capture_output=True, text=True, timeout=WAIT
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.mark.parametrize("environment", [{}, {"NO_COLOR": "1"}], ids=["16 colours", "no colour"])
def test_an_administrator_in_a_hurry(served: House, tmp_path: Path, environment: dict[str, str]) -> None:
    with Client(served.pop3, source="127.0.0.66") as client:
        client.login("wilma")
        terminal = Terminal(tmp_path, environment)
        with terminal.running(MTQ, "--config", str(served.file), "tui", "dashboard"):
            terminal.sees("connected", "pop3", "1/25")
            terminal.press("4")
            terminal.sees("[4 Locks]", "wilma", "127.0.0.66")
            terminal.press("r")
            terminal.sees("Release the mailbox of wilma?")
            terminal.press("y")
            terminal.sees("no mailbox is locked", "is free")
            terminal.press("5", "a")
            terminal.sees("Add a range")
            terminal.type("192.0.2.0/24")
            terminal.press("Enter")
            terminal.sees("192.0.2.0/24      pop3   yes")      # in the table, not only in the dialog
            terminal.press(":")
            terminal.sees("Type any mtq command")
            terminal.type("firewall test 192.0.2.7 --service pop3")
            terminal.press("Enter")
            terminal.sees("192.0.2.7 is let in by service pop3")
            terminal.press("Escape")
            terminal.sees("[5 Firewall]", "a Add")
            terminal.press("q")
            assert terminal.ended() == "0"
        client.rest()


def test_what_was_on_the_screen_before_is_there_again_afterwards(served: House, tmp_path: Path) -> None:
    terminal = Terminal(tmp_path, {})
    command = f"echo before; {MTQ} --config {served.file} tui dashboard; echo after, exit $?; cat"
    with terminal.running("sh", "-c", command):
        terminal.sees("connected")
        assert "before" not in terminal.screen()
        terminal.press("q")
        assert terminal.sees("after, exit 0").startswith("before\nafter, exit 0")
