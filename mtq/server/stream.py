"""Where the lines of the log go: a descriptor that may be full, or that nobody may read. It never holds up mail.

Lines of one turn of the event loop are written together. What finds no room waits, within bounds, and is tried again
again and again; what has no place to wait is lost, counted and told of. A line is written whole or not at all.

A pipe, a socket or a terminal may make a writer wait. The descriptor is the shell's, or systemd's, too, so it is not
for us to change how it behaves: we ask the kernel for room first, and write no more at once than it then has. Of a
terminal the kernel promises no room, so it is opened once more.
"""

import asyncio
import os
import select
import stat
from contextlib import suppress

from mtq.ledger import Ledger, Remark

WAITING = 1 << 16
"""Octets that wait for room at most."""

AGAIN = 1.0
"""Seconds from one attempt in vain to the next."""

SOON = 0.01
"""Seconds to the next after one that has found room for something: somebody reads, and slower than we write."""


class Stream:
    """See the module's first lines. `descriptor` is None where there is none: then nothing is written."""

    def __init__(self, descriptor: int | None, ledger: Ledger) -> None:
        self._own = _opened_again(descriptor)
        self._descriptor = descriptor = descriptor if self._own is None else self._own
        self._ledger = ledger
        self._at_once = _most_at_once(descriptor)
        self._room = select.poll()
        if descriptor is not None:
            self._room.register(descriptor, select.POLLOUT)
        self._waiting = bytearray()
        self._due: asyncio.Handle | None = None
        self._tried = False       # the last time, in vain
        self._before = 0          # lines that were lost in earlier troubles
        self.lost = 0
        """Lines that were lost."""

        self.trouble: str | None = None
        """Why lines cannot be written at the moment."""

    def fileno(self) -> int:
        """The descriptor. Raises OSError if there is none."""
        if self._descriptor is None:
            raise OSError("there is no log")
        return self._descriptor

    def close(self) -> None:
        """Write what there is room for. No more lines come."""
        self.flush()
        if self._own is not None:
            os.close(self._own)
            self._own = self._descriptor = None

    def write(self, line: str) -> None:
        """Write a line, with its end, soon: at the end of this turn of the event loop, or at once where none runs."""
        if self._descriptor is None:
            return
        data = line.encode("utf-8", "backslashreplace")
        if len(self._waiting) + len(data) > WAITING and not self._make_room(len(data)):
            self.lost += 1
            return
        self._waiting += data
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.flush()
            return
        if self._due is None:
            self._due = loop.call_soon(self.flush)

    def flush(self) -> None:
        """Write what waits, as far as there is room for it."""
        if self._due is not None:
            self._due.cancel()
            self._due = None
        had = len(self._waiting)
        reason = self._write()
        in_vain = len(self._waiting) == had
        if not self._waiting:
            self._tried = False
            self._recover()
            return
        with suppress(RuntimeError):      # where no loop runs, the next line tries again
            self._due = asyncio.get_running_loop().call_later(AGAIN if in_vain else SOON, self.flush)
        if self._tried and in_vain:
            self._tell(reason)
        self._tried = in_vain

    def _make_room(self, octets: int) -> bool:
        """Too much waits already: for so many more there is room only if it can be written now."""
        if self.trouble is None:
            reason = self._write()
            if len(self._waiting) + octets > WAITING:
                self._tell(reason)
        return len(self._waiting) + octets <= WAITING

    def _write(self) -> str:
        """Write, and say why not everything could be."""
        try:
            while self._waiting and self._descriptor is not None:
                if self._at_once is not None and not self._room.poll(0):
                    break
                written = os.write(self._descriptor, self._waiting[: self._at_once])
                del self._waiting[:written]
        except BlockingIOError:
            pass      # somebody else has made it one that does not block
        except OSError as error:
            return (error.strerror or str(error)).lower()
        return "nobody reads it"

    def _tell(self, reason: str) -> None:
        if self.trouble is None:
            self.trouble = reason
            self._ledger.enter(Remark("error", f"the log cannot be written: {reason}; mail goes on"))

    def _recover(self) -> None:
        if self.trouble is not None:
            self.trouble = None
            lost, self._before = self.lost - self._before, self.lost
            self._ledger.enter(Remark("warning", f"the log can be written again; lines that were lost: {lost}"))


def _opened_again(descriptor: int | None) -> int | None:
    """A terminal so that it does not block, for us alone; None for what is none, or another user's."""
    if descriptor is None or not os.isatty(descriptor):
        return None
    with suppress(OSError):
        how = os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
        return os.open(f"/proc/self/fd/{descriptor}", how)
    return None


def _most_at_once(descriptor: int | None) -> int | None:
    """Octets that are written at once where a writer may have to wait, and be it for ever; None: a file on a disk."""
    try:
        regular = descriptor is not None and stat.S_ISREG(os.fstat(descriptor).st_mode)
    except OSError:
        return None      # writing says what is wrong with it
    return None if regular else select.PIPE_BUF      # pipe(7): where poll says there is room, there is so much
