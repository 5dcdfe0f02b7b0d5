"""Putting a message into a Maildir: written in tmp, synced, then moved to where it is seen, under its final name.

Whoever is killed, at whatever point, leaves the message whole or not at all, and at worst a file in tmp, which a
later delivery clears away. https://cr.yp.to/proto/maildir.html
"""

import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count

from mtq import durable
from mtq.errors import MtqError
from mtq.mail import quota
from mtq.mail.maildir import SUBFOLDERS, leads_out
from mtq.protocol.replies import WireText

STALE = 36 * 3600
"""Seconds after which a file in tmp is one that a broken-off delivery has left (the Maildir specification)."""

_sequence = count()


@dataclass(frozen=True, slots=True)
class Draft:
    """A message that is written and synced, but in tmp, where nobody looks. `octets`: its size on the wire."""

    name: bytes
    size: int
    octets: int


def deliver(mailbox: bytes, pieces: Iterator[bytes]) -> bytes:
    """Deliver one message and say its path. Raises OSError or MtqError; then there is nothing of it in new.

    An mbox separator (`From …`) before the message, as Exim's pipe writes it, is not part of the message.
    """
    make(mailbox)
    draft = write(mailbox, _without_separator(pieces))
    final = place(mailbox, draft, b"new/%b,S=%d,W=%d" % (draft.name, draft.size, draft.octets))
    try:
        durable.sync_folder(os.path.dirname(final))
    except OSError:
        os.unlink(final)      # the MTA will try again, and the message is not to come twice
        raise
    quota.enter(mailbox, draft.size, 1)
    _clear(os.path.join(mailbox, b"tmp"))
    return final


def write(mailbox: bytes, pieces: Iterator[bytes], received: int | None = None) -> Draft:
    """Write a message into tmp under a name that no other has. Raises OSError; then nothing is left of it.

    `received`: when it arrived (seconds since 1970), which becomes the file's time; None: now.
    """
    name = _unique_name()
    path = os.path.join(mailbox, b"tmp", name)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        try:
            durable.own_like(fd, os.path.join(mailbox, b"new"))
            size, octets = _write(fd, pieces)
            if received is not None:
                os.utime(fd, (time.time(), received))       # the time of access tells a fresh file in tmp
            os.fsync(fd)
        finally:
            os.close(fd)
    except BaseException:
        os.unlink(path)
        raise
    return Draft(name, size, octets)


def place(mailbox: bytes, draft: Draft, where: bytes) -> bytes:
    """Move a message to where it is seen, such as `new/NAME`, and say its path. Raises OSError; then it has gone."""
    path, final = os.path.join(mailbox, b"tmp", draft.name), os.path.join(mailbox, where)
    try:
        os.rename(path, final)
    except BaseException:
        with suppress(FileNotFoundError):       # interrupted just after the move
            os.unlink(path)
        raise
    return final


def make(mailbox: bytes) -> None:
    """Make the folders of a Maildir where they are not there. Each takes after the folder it lies in.

    Raises OSError, and MtqError for one that is a link out of the mailbox: what is in there is not served.
    """
    for name in (b"tmp", *SUBFOLDERS):
        path = os.path.join(mailbox, name)
        _make_folder(path)
        if leads_out(path, mailbox):
            raise MtqError(f"{os.fsdecode(path)}: a link that leads out of the mailbox; nothing is delivered there")


def _make_folder(path: bytes) -> None:
    """Make a folder and what it lies in. It is there with its owner and mode, or not at all, whoever is killed."""
    if os.path.isdir(path):
        return
    parent = os.path.dirname(path)
    _make_folder(parent)
    fd = os.open(parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(OSError):     # NFS cannot; else only one at a time makes something here
            fcntl.flock(fd, fcntl.LOCK_EX)
        if not os.path.lexists(path):
            _put_folder(path, parent)
            os.fsync(fd)
    finally:
        os.close(fd)


def _put_folder(path: bytes, parent: bytes) -> None:
    draft = b"%b.%d.tmp" % (path, os.getpid())
    with suppress(FileExistsError):     # left by one that was killed
        os.mkdir(draft, 0o700)
    try:
        fd = os.open(draft, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            durable.own_like(fd, parent)
        finally:
            os.close(fd)
        os.rename(draft, path)
    except OSError:
        os.rmdir(draft)
        raise


def _clear(tmp: bytes) -> None:
    """Remove what deliveries that broke off long ago have left. What cannot be removed stays."""
    long_ago = time.time() - STALE
    with suppress(OSError):
        fd = os.open(tmp, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            for name in os.listdir(fd):
                status = os.stat(name, dir_fd=fd, follow_symlinks=False)
                if stat.S_ISREG(status.st_mode) and max(status.st_atime, status.st_mtime) < long_ago:
                    os.unlink(name, dir_fd=fd)
        finally:
            os.close(fd)


def _unique_name() -> bytes:
    """seconds.MmicrosecondsPprocessQsequence.host (https://cr.yp.to/proto/maildir.html)."""
    now = time.time_ns()
    host = os.uname().nodename.replace("/", "\\057").replace(":", "\\072").replace(",", "\\054")
    second, micro = now // 10**9, now // 1000 % 10**6
    unique = f"{second}.M{micro:06}P{os.getpid()}Q{next(_sequence)}R{os.urandom(4).hex()}.{host}"
    return os.fsencode(unique)


def _write(fd: int, pieces: Iterator[bytes]) -> tuple[int, int]:
    size, text = 0, WireText()
    for piece in pieces:
        durable.write_all(fd, piece)
        size += len(piece)
        text.feed(piece)
    text.finish()
    return size, text.octets


def _without_separator(pieces: Iterator[bytes]) -> Iterator[bytes]:
    head = b""
    for piece in pieces:
        head += piece
        if len(head) >= 5:
            break
    if not head.startswith(b"From "):
        yield head
    else:
        while b"\n" not in head and (piece := next(pieces, b"")):
            head = piece
        yield head.partition(b"\n")[2]
    yield from pieces
