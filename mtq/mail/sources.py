"""Where mail is imported from: an mbox, or the inbox of another Maildir.

A message from a Maildir has a name, flags and a time to keep. One from an mbox gets the time of its `From ` line,
else that of the one before, and is new. Sub-folders of a Maildir are left alone: each can be imported by itself.
"""

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO, Protocol

from mtq.errors import MtqError
from mtq.mail import maildir, mbox
from mtq.mail.maildir import Folder

_PIECE = 1 << 18
_LATEST = 9_999_999_999
"""Seconds since 1970 that still have ten digits, as in every other name: names are sorted as text."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message of a source.

    `digest`: SHA-256 of its content; `received`: seconds since 1970; `name`: its base name, empty if it has none;
    `info`: what follows the name in cur, None for a new message; `weight`: its share of the source's `total`.
    """

    digest: bytes
    received: int
    name: bytes
    info: bytes | None
    weight: int
    content: Callable[[], Iterator[bytes]]


class Source(Protocol):
    """Where messages come from. `left_out` are sub-folders."""

    kind: str
    total: int
    left_out: list[bytes]

    def letters(self) -> Iterator[Letter]:
        """The messages, in order. One must be done with before the next is asked for. Raises OSError."""


def at(path: bytes) -> Source:
    """The mail that a path leads to. Raises OSError, and MtqError for what is neither mbox nor Maildir."""
    mode = os.stat(path).st_mode
    if stat.S_ISDIR(mode):
        if any(os.path.isdir(os.path.join(path, name)) for name in maildir.SUBFOLDERS):
            return Maildir(path)
        raise _neither(path, "a folder with neither new nor cur in it")
    if not stat.S_ISREG(mode):
        raise _neither(path, "something that is no file and no folder")
    with open(path, "rb") as file:
        if mbox.begins(file.read(mbox.LINE)):
            return Mbox(path)
    raise _neither(path, "a file that does not begin with a line `From …`")


class Mbox:
    """See mail/mbox.py for what is a message in it."""

    def __init__(self, path: bytes) -> None:
        self._path = path
        self.kind = "mbox"
        self.total = os.stat(path).st_size
        self.left_out: list[bytes] = []

    def letters(self) -> Iterator[Letter]:
        """The messages in the order of the file."""
        with open(self._path, "rb") as file, open(self._path, "rb") as again:
            received, before = int(os.fstat(file.fileno()).st_mtime), 0
            for span in mbox.spans(file):
                received = received if span.received is None else _in_ten_digits(span.received)
                yield Letter(span.digest, received, b"", None, span.end - before, partial(mbox.content, again, span))
                before = span.end


class Maildir:
    """The inbox of a Maildir, as it is when it is opened."""

    def __init__(self, path: bytes) -> None:
        self._folder = Folder(b"", path)
        self._there = maildir.paths(self._folder, path)
        self.kind = "Maildir"
        self.total = len(self._there)
        self.left_out = [folder.name for folder in maildir.folders(path)[1:]]

    def letters(self) -> Iterator[Letter]:
        """The messages by name, which is by age. One that goes meanwhile is not among them."""
        for base, path in sorted(self._there.items()):
            now = path if self._is_there(path) else maildir.locate(self._folder, base)
            if now is None:
                continue
            with open(os.path.join(self._folder.path, now), "rb") as file:
                digest = hashlib.file_digest(file, "sha256").digest()
                received = _in_ten_digits(int(os.fstat(file.fileno()).st_mtime))
                info = now[len(b"cur/" + base) :] if now.startswith(b"cur/") else None
                yield Letter(digest, received, base, info, 1, partial(_pieces, file))

    def _is_there(self, path: bytes) -> bool:
        return os.path.lexists(os.path.join(self._folder.path, path))


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while piece := file.read(_PIECE):
        yield piece


def _in_ten_digits(seconds: int) -> int:
    return min(max(seconds, 0), _LATEST)


def _neither(path: bytes, found: str) -> MtqError:
    return MtqError(f"{os.fsdecode(path)}: neither an mbox nor a Maildir but {found}")
