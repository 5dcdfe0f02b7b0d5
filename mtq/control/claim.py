"""The control socket's place on disk: its folder, the lock beside it, the socket bound and listening.

This is done early and, where there is a service user, as root; the socket is served later (`endpoint`), when the
process has become that user. Whoever calls meanwhile waits.
"""

import fcntl
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from mtq.control import address
from mtq.errors import MtqError

BACKLOG = 128
"""Clients that may wait to be accepted."""


@dataclass(frozen=True, slots=True)
class Owner:
    """The user whom root makes the socket for."""

    uid: int
    gid: int


class Claim:
    """A socket that nobody else has. It goes with its process, killed or not.

    A process that forks shares it with its child. Once either has given it free, the next server may have it.
    """

    def __init__(self, path: Path, lock: int, sock: socket.socket) -> None:
        self.path = path
        self.sock = sock
        self._lock: int | None = lock
        self._made = _identity(os.lstat(path))

    def refuse(self) -> None:
        """Whoever calls from now on is told that nobody listens: by a process that shares the socket, too."""
        with suppress(OSError):      # it is closed
            self.sock.shutdown(socket.SHUT_RDWR)

    def release(self) -> None:
        """Remove socket and lock, so that the next server may come. Releasing twice is no harm."""
        if self._lock is None:
            return
        self.refuse()
        self.sock.close()
        # A folder that is root's may not let the service user remove them: then root or the next server does.
        with suppress(OSError):
            if self._is_held(self._lock):
                self._remove_socket()
                os.unlink(_beside(self.path))      # while it is held: see _take_lock
        _unlock(self._lock)
        self._lock = None

    def _is_held(self, lock: int) -> bool:
        """Whether it is still ours: who shares it may have given it free, and the next server have it."""
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return _identity(os.stat(_beside(self.path))) == _identity(os.fstat(lock))

    def _remove_socket(self) -> None:
        with suppress(FileNotFoundError):
            if _identity(os.lstat(self.path)) == self._made:
                os.unlink(self.path)


def claim(path: Path, owner: Owner | None = None) -> Claim:
    """Take the lock, make the socket and listen. Raises MtqError, and then leaves everything as it was.

    `owner`: for a server that is root now and another user when it serves.
    """
    address.check(path)
    if os.geteuid() != 0 or (owner is not None and owner.uid == 0):
        owner = None      # made by whoever will serve
    try:
        maker = _folder(path.parent, owner)
        lock = _take_lock(path)
        try:
            _clear(path)
            sock = _bind(path, owner, maker)
        except BaseException:
            with suppress(OSError):
                os.unlink(_beside(path))
            _unlock(lock)
            raise
        return Claim(path, lock, sock)
    except OSError as error:
        where = path if error.filename is None else os.fsdecode(error.filename)
        raise MtqError(f"control socket {where}: {(error.strerror or str(error)).lower()}") from None


def _folder(folder: Path, owner: Owner | None) -> Owner | None:
    """Make the folder if it is not there; say as which user to make the socket in it (None: as we are)."""
    os.makedirs(folder.parent, exist_ok=True)
    with suppress(FileExistsError):
        os.mkdir(folder, 0o700)
        if owner is not None:
            os.chown(folder, owner.uid, owner.gid, follow_symlinks=False)
    if owner is None:
        return None
    status = os.stat(folder)
    if status.st_uid == owner.uid:
        return owner
    # From here on the socket is made by root and given away, which nobody else may interfere with.
    if status.st_uid != 0:
        raise MtqError(f"{folder}, the control socket's folder, has to belong to root or to server.user")
    if status.st_mode & 0o022 and not status.st_mode & stat.S_ISVTX:
        raise MtqError(f"{folder}, the control socket's folder, may be written by others; type `chmod go-w {folder}`")
    return None


def _take_lock(path: Path) -> int:
    """The descriptor that holds the lock.

    Its file is removed by who holds it. So whoever gets the lock has to see whether its file is still the one that
    others would find: if not, there was a holder, and it has gone.
    """
    name = _beside(path)
    while True:
        fd = os.open(name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with suppress(FileNotFoundError):
                if _identity(os.stat(name)) == _identity(os.fstat(fd)):
                    return fd
        except BlockingIOError:
            os.close(fd)
            raise _taken(path) from None
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)


def _unlock(lock: int) -> None:
    """Give the lock free, for all who share it."""
    fcntl.flock(lock, fcntl.LOCK_UN)
    os.close(lock)


def _clear(path: Path) -> None:
    """Remove the socket of a server that has died. Nothing else is ever removed."""
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise MtqError(f"{path} is there and is no socket; remove it, or set server.control_socket to another path")
    if _is_served(path):
        raise _taken(path)      # its lock file was removed by hand, or it is some other program's
    os.unlink(path)


def _is_served(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(os.fsencode(path))
        except ConnectionRefusedError:
            return False
        except BlockingIOError:
            pass      # so many wait for it that it takes no more
        return True


def _bind(path: Path, owner: Owner | None, maker: Owner | None) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if maker is None:
            with _only_for_its_owner():
                sock.bind(os.fsencode(path))
        else:
            with _only_for_its_owner(), _inside_as(path.parent, maker):
                sock.bind(os.fsencode(path.name))
        if owner is not None and maker is None:
            os.chown(path, owner.uid, owner.gid, follow_symlinks=False)
        sock.listen(BACKLOG)
    except BaseException:
        sock.close()
        raise
    sock.setblocking(False)
    return sock


@contextmanager
def _only_for_its_owner() -> Iterator[None]:
    """What is made meanwhile has mode 0600 from its first moment."""
    before = os.umask(0o177)
    try:
        yield
    finally:
        os.umask(before)


@contextmanager
def _inside_as(folder: Path, user: Owner) -> Iterator[None]:
    """Be this user in this folder meanwhile: root's own powers are not to be used where others can lay traps."""
    here, group = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC), os.getegid()
    try:
        os.chdir(folder)
        os.setegid(user.gid)
        os.seteuid(user.uid)
        yield
    finally:
        os.seteuid(0)
        os.setegid(group)
        os.fchdir(here)
        os.close(here)


def _beside(path: Path) -> bytes:
    return os.fsencode(path) + b".lock"


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _taken(path: Path) -> MtqError:
    return MtqError(f"a server is running already on {path}")
