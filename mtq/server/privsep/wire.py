"""What the worker and the root process say to each other, as octets. No I/O.

A message is its length in four octets and that many octets: fields, parted by NUL. Open files and sockets travel
beside an answer, as descriptors.
"""

import errno
import os
import struct
from dataclasses import dataclass
from pathlib import Path

from mtq.config.kinds import Listen
from mtq.errors import ConfigInvalid, MtqError, WrongUsage
from mtq.server.listeners import CannotListen

LIMIT = 65536
"""Octets of a message."""

TEXT_LIMIT = 8000
"""Characters of an error's text, and of a file's name in it; what is longer is cut off."""

_LENGTH = struct.Struct("!I")

_ERRORS: dict[str, type[MtqError]] = {
    "listen": CannotListen,
    "configuration": ConfigInvalid,
    "usage": WrongUsage,
    "mtq": MtqError,       # the last: every other is one, too
}


class Malformed(MtqError):
    """The other side sends what is no message."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """Asks for the configuration as it is now. It is the one in use from then on, if it is not only looked at."""

    to_look_at: bool = False


@dataclass(frozen=True, slots=True)
class Bind:
    """Asks for the sockets of a place to listen."""

    listen: Listen


@dataclass(frozen=True, slots=True)
class Read:
    """Asks for a file that the configuration names."""

    file: Path


@dataclass(frozen=True, slots=True)
class Given:
    """An answer: so many descriptors come with it."""

    descriptors: int


@dataclass(frozen=True, slots=True)
class Failed:
    """An answer: it failed. From the worker: this is why it ends."""

    kind: str
    number: int
    file: str
    text: str

    @classmethod
    def of(cls, error: MtqError | OSError) -> "Failed":
        """An error for the way."""
        if isinstance(error, MtqError):
            kind = next(kind for kind, known in _ERRORS.items() if isinstance(error, known))
            return cls(kind, 0, "", str(error)[:TEXT_LIMIT])
        file = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else ""
        number = error.errno or 0
        number = number if number in errno.errorcode else 0      # those of a resolver are negative
        return cls("system", number, file[:TEXT_LIMIT], (error.strerror or str(error))[:TEXT_LIMIT])

    @property
    def error(self) -> MtqError | OSError:
        """The error at the other end."""
        if self.kind == "system":
            return OSError(self.number, self.text, self.file or None)
        return _ERRORS[self.kind](self.text)


Request = Configuration | Bind | Read | Failed
Answer = Given | Failed


def encode(message: Request | Answer) -> bytes:
    """A message for the way. Raises Malformed if it is too long for it."""
    match message:
        case Configuration(to_look_at):
            fields = ["look" if to_look_at else "configuration"]
        case Bind(listen):
            fields = ["bind", str(listen.port), listen.address or ""]
        case Read(file):
            fields = ["read", str(file)]
        case Given(descriptors):
            fields = ["given", str(descriptors)]
        case Failed(kind, number, name, text):
            fields = ["failed", kind, str(number), name, text.replace("\0", " ")]
    body = b"\0".join(field.encode(errors="surrogateescape") for field in fields)
    if len(body) > LIMIT:
        raise Malformed(f"a message of {len(body)} octets")
    return _LENGTH.pack(len(body)) + body


def request(body: bytes) -> Request:
    """What the worker wants. Raises Malformed."""
    match _fields(body):
        case ["configuration"]:
            return Configuration()
        case ["look"]:
            return Configuration(to_look_at=True)
        case ["bind", port, address]:
            return Bind(Listen(_number(port), address or None))
        case ["read", file]:
            return Read(Path(file))
        case ["failed", kind, number, file, text] if kind in _ERRORS or kind == "system":
            return Failed(kind, _number(number), file, text)
    raise Malformed("the working process asks for what it cannot have")


def answer(body: bytes) -> Answer:
    """What the root process says. Raises Malformed."""
    match _fields(body):
        case ["given", descriptors]:
            return Given(_number(descriptors))
        case ["failed", kind, number, file, text] if kind in _ERRORS or kind == "system":
            return Failed(kind, _number(number), file, text)
    raise Malformed("the root process answers what is no answer")


def _fields(body: bytes) -> list[str]:
    return body.decode(errors="surrogateescape").split("\0")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5):
        raise Malformed(f"{text[:20]!r} is no number that a message has")
    return int(text)


class Messages:
    """Octets as they come, and the messages in them."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def feed(self, data: bytes) -> None:
        """Take what has come."""
        self._waiting += data

    def next(self) -> bytes | None:
        """The next message, if it is there whole. Raises Malformed if it never could be."""
        if len(self._waiting) < _LENGTH.size:
            return None
        [length] = _LENGTH.unpack_from(self._waiting)
        if length > LIMIT:
            raise Malformed(f"a message of {length} octets")
        end = _LENGTH.size + length
        if len(self._waiting) < end:
            return None
        body = bytes(self._waiting[_LENGTH.size : end])
        del self._waiting[:end]
        return body
