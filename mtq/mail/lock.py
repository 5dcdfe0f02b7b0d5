"""One session at a time in a mailbox.

The lock is the operating system's, on a file in the mailbox, so it goes when its holder does, killed or not.
Who holds it stands in the file. The file stays: to remove it would take it from under somebody who waits.
"""

import fcntl
import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass

from mtq import durable
from mtq.errors import Code, Refusal

NAME = b"mtq.lock"


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock, as written into its file. Times are ISO 8601 in UTC."""

    user: str
    service: str
    session: str
    address: str
    since: str


class Lock:
    """A lock that is held."""

    __slots__ = ("_fd", "_key", "_locks")

    def __init__(self, locks: "Locks", key: tuple[int, int], fd: int | None) -> None:
        self._locks = locks
        self._key = key
        self._fd = fd

    def release(self) -> None:
        """Give the mailbox free. Releasing twice is no harm."""
        if self._fd is not None:
            with suppress(OSError):     # the name may stay readable; the lock itself goes with the descriptor
                os.ftruncate(self._fd, 0)
            os.close(self._fd)
            self._fd = None
        self._locks.forget(self._key, self)


class Locks:
    """The locks of this process. Where no lock file can be made, they alone serve."""

    def __init__(self) -> None:
        self._held: dict[tuple[int, int], Lock] = {}

    def take(self, mailbox: bytes, holder: Holder) -> Lock:
        """Lock a mailbox. Raises Refusal [IN-USE] if it is locked, OSError if there is no such mailbox."""
        status = os.stat(mailbox)
        key = (status.st_dev, status.st_ino)
        lock = Lock(self, key, None)
        if self._held.setdefault(key, lock) is not lock:
            raise _in_use(mailbox)
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


def _lock_file(mailbox: bytes, holder: Holder) -> int | None:
    """The descriptor that holds the lock; None where no file can be made."""
    path = mailbox + b"/" + NAME
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        raise _in_use(mailbox) from None
    except OSError:
        os.close(fd)
        return None
    with suppress(OSError):     # on a full disk the lock holds, only its holder's name is missing
        durable.own_like(fd, mailbox)
        os.ftruncate(fd, 0)
        durable.write_all(fd, json.dumps({**asdict(holder), "pid": os.getpid()}).encode() + b"\n")
    return fd


def _in_use(mailbox: bytes) -> Refusal:
    return Refusal(Code.IN_USE, "another session has this mailbox open", f"{os.fsdecode(mailbox)} is locked")
