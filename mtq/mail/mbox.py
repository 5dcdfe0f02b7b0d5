"""Reading an mbox: where its messages begin and end, when each arrived, and what was written before the quoting.

A message begins after a line `From SENDER DATE`, and an empty line before the next one is not part of it. Where
the first such line has a date, each must have one, else an empty line before it: then a line of text is not taken
for one, should whoever wrote the file have forgotten to quote it. A Content-Length is not believed: programs that
edit messages forget it.

Lines `>From ` lose one `>` (the mboxrd rule), so that signed mail verifies again. Files of the older mboxo habit,
which quotes `From ` alone, come out right too, but for a text that had `>From ` itself. Nothing else is changed,
line ends neither. RFC 4155; http://qmail.org/qmail-manual-html/man5/mbox.html
"""

import hashlib
import re
from calendar import timegm
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

LINE = 1 << 16
"""Octets of a line that are looked at together: a longer one comes in pieces, and memory stays bounded."""

_START = b"From "
_BEGINNING = re.compile(rb"(?:\r?\n)*From |\Z")
_QUOTED = re.compile(rb">+From ")
_MONTHS = (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec")
_DATE = re.compile(
    rb" (%b) +([0-9]{1,2}) +([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))? +(?:([+-][0-9]{4}|[A-Z]{1,5}) +)?([0-9]{4})"
    rb"(?: +([+-][0-9]{4}))?(?=\s)" % b"|".join(_MONTHS)
)


@dataclass(frozen=True, slots=True)
class Span:
    """One message: its place in the file (octets), when it arrived (seconds since 1970), SHA-256 of its content."""

    start: int
    end: int
    received: int | None
    digest: bytes


def begins(head: bytes) -> bool:
    """Whether a file that starts like this is an mbox: with a line `From `, empty ones before it, or with nothing."""
    return _BEGINNING.match(head) is not None


def spans(file: BinaryIO) -> Iterator[Span]:
    """The messages of an mbox, in order."""
    message: _Message | None = None
    at, at_line, dated = 0, True, False
    while line := file.readline(LINE):
        starts = at_line and line.startswith(_START)
        if starts and message is None:
            dated = _DATE.search(line) is not None
        elif starts and message is not None:
            starts = _DATE.search(line) is not None if dated else message.ends_empty
        if starts:
            if message is not None:
                yield message.span()
            message = _Message(at + len(line), arrival(line))
        elif message is not None:
            message.add(line, at_line)
        at += len(line)
        at_line = line.endswith(b"\n")
    if message is not None:
        yield message.span()


def content(file: BinaryIO, span: Span) -> Iterator[bytes]:
    """A message as it was before it was put into the mbox, in pieces."""
    file.seek(span.start)
    left, at_line = span.end - span.start, True
    while left > 0 and (line := file.readline(min(LINE, left))):
        left -= len(line)
        yield _unquoted(line) if at_line else line
        at_line = line.endswith(b"\n")


def arrival(line: bytes) -> int | None:
    """The date of a `From ` line in seconds since 1970; one without an offset counts as UTC. None if it has none."""
    found = _DATE.search(line)
    if found is None or int(found[7]) < 1970:
        return None
    month, day, hour, minute, second, zone, year, zone_after = found.groups()
    moment = (int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second or 0))
    return timegm((*moment, 0, 0, 0)) - _offset(zone_after or zone or b"")


def _unquoted(line: bytes) -> bytes:
    return line[1:] if _QUOTED.match(line) else line


def _offset(zone: bytes) -> int:
    if zone[:1] not in (b"+", b"-"):
        return 0
    seconds = int(zone[1:3]) * 3600 + int(zone[3:]) * 60
    return seconds if zone.startswith(b"+") else -seconds


class _Message:
    """One that is being read. An empty line counts only when another line follows."""

    def __init__(self, start: int, received: int | None) -> None:
        self._start = self._end = start
        self._received = received
        self._hash = hashlib.sha256()
        self._empty = b""

    @property
    def ends_empty(self) -> bool:
        """Whether the last line so far is empty."""
        return bool(self._empty)

    def add(self, line: bytes, at_line: bool) -> None:
        """One more line, or a further piece of a long one."""
        if self._empty:
            self._take(self._empty, at_line=True)
            self._empty = b""
        if at_line and line in (b"\n", b"\r\n"):
            self._empty = line
        else:
            self._take(line, at_line)

    def span(self) -> Span:
        """What it is if it ends here."""
        return Span(self._start, self._end, self._received, self._hash.digest())

    def _take(self, line: bytes, at_line: bool) -> None:
        self._hash.update(_unquoted(line) if at_line else line)
        self._end += len(line)
