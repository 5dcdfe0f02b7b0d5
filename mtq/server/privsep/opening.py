"""Opening, as root, a file that a configuration names: the very file that its administrator meant.

The worker owns the state folder and may own others. If root followed a symbolic link that lies there, whoever has
taken the worker over could have any file of the system. So from the first folder on that others than its owner, or
the worker, could change, no link is followed: the file lies there itself, under one name, or it is not opened.
"""

import errno
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from mtq.server.privsep.account import Account

LINKS = 40
"""Symbolic links that are followed on the way to one file; the kernel has the same limit."""

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


def open_as_root(file: Path, account: Account) -> int:
    """A descriptor to read the file. Raises OSError, also for what is not a regular file."""
    try:
        place = _walk(file, account)
        try:
            return _open(place)
        finally:
            os.close(place.folder)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(file)) from None


def exposed(file: Path, account: Account) -> bool:
    """Whether the worker, or others than the owner of a folder on the way, could change what the file is."""
    try:
        place = _walk(file, account)
    except OSError:
        return True
    os.close(place.folder)
    return place.exposed or bool(place.entry.st_mode & (stat.S_IWGRP | stat.S_IWOTH))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the way to a file has led: no symbolic link."""

    folder: int
    name: str
    entry: os.stat_result
    exposed: bool


def _walk(file: Path, account: Account) -> _Place:
    ahead = list(reversed(file.parts[1:]))
    folder = os.open("/", _FOLDER)
    exposed, links = False, 0
    try:
        while ahead:
            name = ahead.pop()
            entry = os.stat(name, dir_fd=folder, follow_symlinks=False)
            exposed = exposed or changeable(os.fstat(folder), entry, account)
            if stat.S_ISLNK(entry.st_mode):
                links += 1
                _may_follow(exposed, links)
                target = Path(os.readlink(name, dir_fd=folder))
                if target.is_absolute():
                    folder = _step(folder, "/")
                ahead += reversed(target.parts[1:] if target.is_absolute() else target.parts)
            elif ahead:
                folder = _step(folder, name)
            else:
                return _Place(folder, name, entry, exposed)
        raise IsADirectoryError(errno.EISDIR, "is a directory")
    except BaseException:
        os.close(folder)
        raise


def _step(folder: int, name: str) -> int:
    inner = os.open(name, _FOLDER, dir_fd=folder)
    os.close(folder)
    return inner


def changeable(folder: os.stat_result, entry: os.stat_result, account: Account) -> bool:
    """Whether the worker, or others than the folder's owner, could put something else in this entry's place.

    Any group counts: where there are access lists, the group's bits say what somebody named in them may do.
    """
    if account.uid in (folder.st_uid, entry.st_uid):
        return True
    if folder.st_mode & stat.S_ISVTX:
        return False
    return bool(folder.st_mode & (stat.S_IWGRP | stat.S_IWOTH))


def _may_follow(exposed: bool, links: int) -> None:
    if exposed:
        raise OSError(errno.ELOOP, "a symbolic link where others than root could have laid it is not followed")
    if links > LINKS:
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))


def _open(place: _Place) -> int:
    _check(place.entry, place.exposed)
    fd = os.open(place.name, _FILE, dir_fd=place.folder)
    try:
        _check(os.fstat(fd), place.exposed)
    except OSError:
        os.close(fd)
        raise
    return fd


def _check(found: os.stat_result, exposed: bool) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, "is a directory")
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "not a regular file")
    if exposed and found.st_nlink != 1:
        raise OSError(errno.EMLINK, "a file with further names where others than root could have laid it is not read")
