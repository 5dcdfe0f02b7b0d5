"""The header block of a message: when it has been read, and what of it is left out of what is sent.

A header block longer than LIMIT is passed as it is from there on. So is a field of which LIMIT leaves open where it
ends. What is left out depends on the message alone, and not on the pieces in which it was read.
"""

import re

from mtq.mail.message_id import cuts
from mtq.protocol.replies import WireCount

LIMIT = 1 << 18
"""Octets of a message that are looked at."""

_EMPTY_LINE = re.compile(rb"\n\r?\n")


def is_enough(begun: bytes) -> bool:
    """Whether these first octets of a message say what is left out, whatever comes behind them."""
    return len(begun) >= LIMIT or begun.startswith((b"\n", b"\r\n")) or _EMPTY_LINE.search(begun) is not None


def left_out(begun: bytes) -> list[tuple[int, int]]:
    """The parts of a message, as (start, end), that are not sent: its invalid Message-ID fields.

    `begun` is the whole message, or as much of it as is enough.
    """
    seen = begun[:LIMIT]
    goes_on = is_enough(begun)
    return [(start, end) for start, end in cuts(seen) if end < len(seen) or not goes_on]


def without(data: bytes, parts: list[tuple[int, int]]) -> bytes:
    """The beginning of a message without these parts."""
    kept = []
    at = 0
    for start, end in parts:
        kept.append(data[at:start])
        at = end
    return b"".join([*kept, data[at:]])


def wire_octets(data: bytes, parts: list[tuple[int, int]]) -> int:
    """How many octets fewer are sent for want of these parts. Each begins a line, and ends one or the message."""
    octets = 0
    for start, end in parts:
        count = WireCount()
        count.feed(data[start:end])
        octets += count.octets
    return octets
