"""A command line of mtq, run for the dashboard in a process of its own: what it says is kept, it can be stopped.

Its stdout is a terminal, so that tables come as they do on one; there is none to ask questions on.
"""

import asyncio
import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from .place import Place

if TYPE_CHECKING:
    from mtq.tui.shell.command import Outcome, Run

PROGRAM = "from mtq.commands.main import run; run()"

MOST = 1 << 20
"""Octets of output that are kept; a command that says more is stopped."""


def subordinate(place: Place) -> "Run":
    """A way to run commands on the configuration that the dashboard was started with."""
    own = ["--config", str(place.file)] if place.named else []

    async def run(arguments: Sequence[str], columns: int, stdin: bytes) -> "Outcome":
        command = [sys.executable, "-c", PROGRAM, *own, *arguments]
        return await _run(command, columns, stdin)

    return run


async def _run(command: Sequence[str], columns: int, stdin: bytes) -> "Outcome":
    process, terminal = _started(command, columns)
    running = asyncio.get_running_loop().run_in_executor(None, _finished, process, terminal, stdin)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        process.kill()
        await running
        raise


def _finished(process: "subprocess.Popen[bytes]", terminal: int, stdin: bytes) -> "Outcome":
    """Give the process its input and wait for its end; what it said."""
    from mtq.tui.shell.command import Outcome

    out: list[str] = []
    reader = threading.Thread(target=lambda: out.append(_read(terminal, process)))
    reader.start()
    _, err = process.communicate(stdin)
    reader.join()
    return Outcome(process.returncode, out[0], _text(err))


def _started(command: Sequence[str], columns: int) -> "tuple[subprocess.Popen[bytes], int]":
    """The process, and our end of its terminal."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 1000, columns, 0, 0))
    try:
        process = subprocess.Popen(      # noqa: S603 - no shell: this very Python, and words that somebody typed
            command,
            stdin=subprocess.PIPE,
            stdout=theirs,
            stderr=subprocess.PIPE,
            start_new_session=True,     # no terminal to ask on: the dashboard has it
            env={**os.environ, "TERM": "xterm", "NO_COLOR": "1", "COLUMNS": str(columns)},
        )
    except BaseException:
        os.close(ours)
        raise
    finally:
        os.close(theirs)
    return process, ours


def _read(terminal: int, process: "subprocess.Popen[bytes]") -> str:
    found = bytearray()
    with suppress(OSError):     # EIO: the other side is closed
        while piece := os.read(terminal, 65536):
            found += piece
            if len(found) > MOST:
                process.kill()
                found += b"\n(there is more: what follows was left out)\n"
                break
    os.close(terminal)
    return _text(bytes(found))


def _text(said: bytes) -> str:
    return said.decode(errors="replace")
