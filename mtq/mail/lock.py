"""One session at a time in a mailbox.

The lock is the operating system's, on a file in the mailbox, so it goes when its holder does, killed or not.
Who holds it stands in the file; what stands there of a lock that nobody holds counts for nothing. The file stays:
to remove it would take it from under somebody who is about to lock it.
"""

import errno
import json
import os
import stat
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import datetime
from json.encoder import encode_basestring_ascii
from operator import attrgetter

from mtq import durable
from mtq.errors import SHORTAGES, Code, Refusal
from mtq.mail import oslock

NAME = b"mtq.lock"

_LONGEST = 4096
_LONGEST_FIELD = 320
_PIDS = 1 << 32


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock, as written into its file. Times are ISO 8601 in UTC."""

    user: str
    service: str
    session: str
    address: str
    since: str


_FIELDS = [field.name for field in fields(Holder)]
_values = attrgetter(*_FIELDS)
_FORM = "{" + ", ".join(f'"{name}": %s' for name in [*_FIELDS, "pid"]) + "}"      # json.dumps takes longer


@dataclass(frozen=True, slots=True)
class Held:
    """A lock that somebody holds; None for what its file does not tell."""

    holder: Holder | None
    pid: int | None


class Lock:
    """A lock that is held."""

    __slots__ = ("_fd", "_key", "_locks")

    def __init__(self, locks: "Locks", key: tuple[int, int], fd: int | None) -> None:
        self._locks = locks
        self._key = key
        self._fd = fd

    def release(self) -> None:
        """Give the mailbox free; waits for no disk. Releasing twice is no harm."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
        self._locks.forget(self._key, self)


class Locks:
    """The locks of this process. Where no lock file can be made, they alone serve."""

    def __init__(self) -> None:
        self._held: dict[tuple[int, int], Lock] = {}

    def take(self, mailbox: bytes, holder: Holder) -> Lock:
        """Lock a mailbox. Raises Refusal [IN-USE], and OSError if there is none, or no descriptor for its lock."""
        status = os.stat(mailbox)
        key = (status.st_dev, status.st_ino)
        lock = Lock(self, key, None)
        if self._held.setdefault(key, lock) is not lock:
            raise _in_use(mailbox, holder)
        try:
            lock._fd = _lock_file(mailbox, holder)
        except BaseException:
            self.forget(key, lock)
            raise
        return lock

    def forget(self, key: tuple[int, int], lock: Lock) -> None:
        """Strike a lock from the account."""
        if self._held.get(key) is lock:
            del self._held[key]


def held(mailbox: bytes) -> Held | None:
    """Who holds the lock of a mailbox, whichever process it is; None if nobody does.

    It only looks: neither who holds the lock nor who is about to take it notices. The file lies in the user's
    mailbox, so what it says may be untrue, and nothing that it says is an error. Raises OSError if it cannot be
    looked at.
    """
    try:
        fd = os.open(_path(mailbox), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ELOOP):
            return None
        raise
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode) or not oslock.is_taken(fd):
            return None
        return _parsed(os.pread(fd, _LONGEST, 0))
    finally:
        os.close(fd)


def _lock_file(mailbox: bytes, holder: Holder) -> int | None:
    """The descriptor that holds the lock; None where no file can be made. Raises Refusal, OSError."""
    try:
        fd = _opened(mailbox)
    except OSError as error:
        if error.errno in SHORTAGES:
            raise      # it is ours alone: another process might make the file and take the mailbox, too
        return None
    try:
        status = os.fstat(fd)
        taken = stat.S_ISREG(status.st_mode) and oslock.take(fd)
    except BlockingIOError:
        os.close(fd)
        raise _in_use(mailbox, holder) from None
    except OSError:
        taken = False
    if not taken:
        os.close(fd)
        return None
    _sign(fd, holder, status.st_size)
    return fd


def _opened(mailbox: bytes) -> int:
    path = _path(mailbox)
    how = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with suppress(FileNotFoundError):
        return os.open(path, how)
    fd = os.open(path, how | os.O_CREAT, 0o600)
    with suppress(OSError):
        durable.own_like(fd, mailbox)
    return fd


def _sign(fd: int, holder: Holder, before: int) -> None:
    """Write who holds the lock. On a full disk it holds all the same, and only the name is missing.

    What stood there, `before` octets, is written over and not cut off: ext4 goes to the disk for that.
    """
    text = (_FORM % (*map(encode_basestring_ascii, _values(holder)), os.getpid())).encode()
    try:
        if before > _LONGEST:
            os.ftruncate(fd, 0)
            before = 0
        os.pwrite(fd, text.ljust(before - 1) + b"\n", 0)
    except OSError:
        with suppress(OSError):
            os.ftruncate(fd, 0)      # better no name than another's


def _parsed(text: bytes) -> Held:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return Held(None, None)
    if not isinstance(told, dict):
        return Held(None, None)
    pid = told.get("pid")
    values = [told.get(name) for name in _FIELDS]
    plain = [value for value in values if isinstance(value, str) and _is_plain(value)]
    holder = Holder(*plain) if len(plain) == len(values) else None
    if holder is not None and not _is_time(holder.since):
        holder = None
    return Held(holder, pid if type(pid) is int and 0 < pid < _PIDS else None)


def _is_plain(text: str) -> bool:
    """Whether it may be shown to a person: no control characters, and not endless."""
    return len(text) <= _LONGEST_FIELD and text.isprintable()


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).utcoffset() is not None
    except ValueError:
        return False


def _path(mailbox: bytes) -> bytes:
    return mailbox + b"/" + NAME


def _in_use(mailbox: bytes, asking: Holder) -> Refusal:
    cause = f"{os.fsdecode(mailbox)} is locked; `mtq lock show {asking.user}` says by whom"
    return Refusal(Code.IN_USE, "another session has this mailbox open", cause)
