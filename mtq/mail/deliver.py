"""Putting a message into a Maildir: written in tmp, synced, then moved into new under its final name."""

import os
import time
from collections.abc import Iterator
from itertools import count

from mtq import durable
from mtq.mail import quota
from mtq.mail.maildir import SUBFOLDERS
from mtq.protocol.replies import WireText

_sequence = count()


def deliver(mailbox: bytes, pieces: Iterator[bytes]) -> bytes:
    """Deliver one message and say its path. Raises OSError; then there is nothing of it in new.

    An mbox separator (`From …`) before the message, as Exim's pipe writes it, is not part of the message.
    """
    make(mailbox)
    name = _unique_name()
    draft = os.path.join(mailbox, b"tmp", name)
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        try:
            durable.own_like(fd, os.path.join(mailbox, b"new"))
            size, octets = _write(fd, _without_separator(pieces))
            os.fsync(fd)
        finally:
            os.close(fd)
        final = os.path.join(mailbox, b"new", b"%b,S=%d,W=%d" % (name, size, octets))
        os.rename(draft, final)
    except BaseException:
        os.unlink(draft)
        raise
    try:
        durable.sync_folder(os.path.dirname(final))
    except OSError:
        os.unlink(final)      # the MTA will try again, and the message is not to come twice
        raise
    quota.enter(mailbox, size, 1)
    return final


def make(mailbox: bytes) -> None:
    """Make the folders of a Maildir where they are not there. Each takes after the folder it lies in."""
    for name in (b"tmp", *SUBFOLDERS):
        _make_folder(os.path.join(mailbox, name))


def _make_folder(path: bytes) -> None:
    if os.path.isdir(path):
        return
    _make_folder(os.path.dirname(path))
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        return      # another delivery was quicker
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        durable.own_like(fd, os.path.dirname(path))
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
