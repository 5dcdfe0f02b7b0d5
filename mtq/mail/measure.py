"""How large a message is on the wire, found out by reading its file."""

import os
from dataclasses import dataclass

from mtq.mail import head
from mtq.mail.message import PIECE
from mtq.protocol.replies import WireCount

FIRST = 1 << 14
"""Octets read at first: most messages have no more, and none has to wait for a large buffer."""

END = 512
"""The same where the end is expected: the kernel gave less than was asked for."""


@dataclass(frozen=True, slots=True)
class Measure:
    """The octets of a message sent whole, and how many of them a service that removes invalid Message-IDs leaves out.

    `left_out` is None where it was not looked for.
    """

    octets: int
    left_out: int | None


def whole(path: bytes, look: bool) -> Measure:
    """Read a message to its end; `look`: also for what is left out. Raises OSError."""
    count = WireCount()
    begun: bytes | None = b"" if look else None
    cut: int | None = None
    fd = _open(path)
    try:
        room = FIRST
        piece = os.read(fd, room)
        while piece:
            count.feed(piece)
            if begun is not None:
                begun += piece
                if head.is_enough(begun):
                    cut = _left_out(begun)
                    begun = None
            room = PIECE if len(piece) == room else END
            piece = os.read(fd, room)
    finally:
        os.close(fd)
    if begun is not None:
        cut = _left_out(begun)
    return Measure(count.octets, cut)


def left_out(path: bytes) -> int:
    """Read the header block of a message, for the octets that are left out. Raises OSError."""
    begun = b""
    fd = _open(path)
    try:
        while piece := os.read(fd, FIRST):
            begun += piece
            if head.is_enough(begun):
                break
    finally:
        os.close(fd)
    return _left_out(begun)


def _left_out(begun: bytes) -> int:
    return head.wire_octets(begun, head.left_out(begun))


def _open(path: bytes) -> int:
    return os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
