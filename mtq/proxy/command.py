"""A command of the administrator's, run without a shell and within a time, and what is to be said if it fails."""

import os
import signal
import subprocess
import tempfile
from contextlib import suppress
from typing import IO

from mtq.protocol.client import words

OUTPUT = 400
"""Octets of its output that are told, the last ones."""

GRACE = 2.0
"""Seconds between asking it to end and killing it."""


class Command:
    """One run: `run` blocks, and meanwhile `end` may be called from another thread. No arguments: nothing to do."""

    def __init__(self, arguments: tuple[str, ...], seconds: float) -> None:
        self._arguments = arguments
        self._seconds = seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._unwanted = False

    def run(self) -> str | None:
        """Run it to its end, which is a kill if it takes too long. What failed, or None after exit code 0."""
        if not self._arguments:
            return None
        try:
            with tempfile.TemporaryFile() as output:      # no pipe: what it leaves running may keep that open
                failure = self._run(output)
                said = "" if failure is None else _last_words(output)
        except OSError as error:
            failure, said = (error.strerror or str(error)).lower(), ""
        if failure is None:
            return None
        return f"{' '.join(self._arguments)}: {failure}" + (f": {said}" if said else "")

    def end(self, number: signal.Signals) -> None:
        """Send a signal to it and to all that it has started."""
        self._unwanted = True
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    def _run(self, output: IO[bytes]) -> str | None:
        self._process = process = subprocess.Popen(  # noqa: S603 - the administrator's own command, and no shell
            self._arguments,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        if self._unwanted:
            self.end(signal.SIGKILL)
        try:
            code = process.wait(self._seconds)
        except subprocess.TimeoutExpired:
            self._end(process)
            return f"not done within {self._seconds:g} seconds"
        if code == 0:
            return None
        return f"exit code {code}" if code > 0 else f"ended by {signal.Signals(-code).name}"

    def _end(self, process: "subprocess.Popen[bytes]") -> None:
        self.end(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)
        self.end(signal.SIGKILL)
        process.wait()


def _last_words(output: IO[bytes]) -> str:
    output.seek(max(0, output.seek(0, os.SEEK_END) - OUTPUT))
    return words(b" ".join(output.read().split()))
