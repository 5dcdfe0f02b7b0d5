"""The desk of an administrator: one command line at a time, and what came of it."""

import fcntl
import json
import os
import pty
import subprocess
import termios
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tests.house import MTQ


@dataclass(frozen=True)
class Outcome:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:  # Any: what JSON holds has no narrower type
        """What stands on stdout, which is JSON and nothing else."""
        return json.loads(self.out)

    @property
    def said(self) -> str:
        """What a command has told that went well and has no data."""
        assert (self.code, self.out) == (0, ""), self
        return self.err.removesuffix("\n")

    @property
    def complaint(self) -> tuple[int, str]:
        """The exit code of a command that has failed, and its one line."""
        assert self.out == "", self
        assert self.err.startswith("mtq: "), self
        assert self.err.count("\n") == 1, self
        return self.code, self.err.removeprefix("mtq: ").removesuffix("\n")


class Run(Protocol):
    """Runs `mtq` in this process, on the house's configuration."""

    def __call__(self, *arguments: str, stdin: bytes = b"") -> Outcome:
        """Run one command line."""


def process(
    *arguments: str, stdin: bytes = b"", environment: Mapping[str, str] | None = None, through: Sequence[str] = ()
) -> Outcome:
    """Run the real `mtq` as a process of its own. `through` is a command that runs the command after it."""
    done = subprocess.run(
        [*through, MTQ, *arguments], input=stdin, capture_output=True, env={**os.environ, **(environment or {})}
    )
    return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())


def at_a_terminal(*arguments: str, typed: Sequence[str] = ()) -> Outcome:
    """Run the real `mtq` at a terminal, type a line whenever it asks (`: `), and say all that the terminal shows."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [MTQ, *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),    # passwords are asked on the terminal itself
        env={**os.environ, "TERM": "xterm", "COLUMNS": "80"},
    ) as mtq:
        os.close(theirs)
        lines = iter(typed)
        shown = b""
        while piece := _read(ours):
            shown += piece
            if shown.endswith(b": "):
                os.write(ours, next(lines).encode() + b"\n")
        os.close(ours)
    return Outcome(mtq.returncode, shown.decode(), "")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:     # the other side has gone
        return b""


def tree(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file and folder within a folder, with its mode and content: what must be the same if nothing changed."""
    return {
        str(path.relative_to(folder)): (path.lstat().st_mode, path.read_bytes() if path.is_file() else b"")
        for path in folder.rglob("*")
    }
