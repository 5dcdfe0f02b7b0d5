"""The demonstration: all that it suggests works as it stands, the second server included, and nothing of it stays."""

import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from mtq.commands.demo import second
from mtq.errors import MtqError
from tests.house import MTQ, WAIT
from tests.server.pop import Client

HINT = re.compile(r"^  (\S.*?)(?:   .*)?$", re.MULTILINE)
"""A command that is suggested, and what is said of it."""


def environment(folder: Path) -> dict[str, str]:
    """That of the tests, with another place for temporary files."""
    return {**os.environ, "TMPDIR": str(folder)}


class Demo:
    """A demonstration that runs, what it said, and the folder that it keeps everything in."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [MTQ, "serve", "--demo"], stderr=subprocess.PIPE, text=True, env=environment(folder)
        )
        assert self.process.stderr is not None
        self.said = ""
        for line in self.process.stderr:
            self.said += line
            if line == "Press Ctrl-C to end.\n":
                return
        raise AssertionError(self.said)

    @property
    def hints(self) -> list[str]:
        """The commands to try that end by themselves."""
        return [command for command in HINT.findall(self.said) if " tui " not in command]

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End it, and say its exit code."""
        self.process.send_signal(number)
        self.process.communicate(timeout=WAIT)
        return self.process.returncode


def said(command: str) -> str:
    """What a command line prints, which goes well."""
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", command], capture_output=True, text=True, timeout=WAIT)
    assert done.returncode == 0, (command, done.stderr)
    return done.stdout


# First, while no other has its ports


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_nothing_of_it_stays(tmp_path: Path, number: signal.Signals) -> None:
    demo = Demo(tmp_path)
    assert list(tmp_path.iterdir()) != []
    assert demo.end(number) == 0
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    """One for all tests that only look."""
    with tempfile.TemporaryDirectory() as folder:
        demo = Demo(Path(folder))
        try:
            yield demo
        finally:
            demo.end()


def test_every_command_that_it_suggests_goes_well(demo: Demo) -> None:
    outputs = {command: said(command) for command in demo.hints}
    assert len(outputs) >= 7
    assert all(outputs.values())


def test_a_mailbox_of_the_second_server_is_read_through_the_proxy(demo: Demo) -> None:
    [command] = [hint for hint in demo.hints if "pearl#localhost" in hint]
    assert command.startswith("curl ")
    assert "To: Pearl <pearl@bedrock.example>" in said(command)


def test_the_way_there_is_shown_step_by_step(demo: Demo) -> None:
    [command] = [hint for hint in demo.hints if "proxy test" in hint]
    steps = said(command).splitlines()
    assert all(step.startswith("ok ") for step in steps)
    assert {"stls", "certificate", "apop", "stat"} <= {step.split()[1] for step in steps}
    assert "a client gets: +OK 3 messages" in steps[-1]


def test_the_second_server_takes_no_password_in_the_clear(demo: Demo) -> None:
    found = re.search(r"second server, on port (\d+): pearl ", demo.said)
    assert found is not None
    with Client(int(found[1])) as client:
        assert b"ready" in client.line()
        assert client.ask(b"USER pearl").startswith(b"-ERR")


def test_a_second_demonstration_says_that_the_ports_are_taken(demo: Demo, tmp_path: Path) -> None:
    done = subprocess.run(
        [MTQ, "serve", "--demo"], capture_output=True, text=True, env=environment(tmp_path)
    )
    assert done.returncode == 1
    assert "127.0.0.1:1110" in done.stderr.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


def test_a_second_server_that_cannot_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second, "CONFIGURATION", second.CONFIGURATION.replace("127.0.0.1", "192.0.2.1"))
    with pytest.raises(MtqError, match="no service runs"), second.second(tmp_path / "second"):
        raise AssertionError("it has started")
