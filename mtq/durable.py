"""Files that are replaced whole or not at all, and what mtq makes in somebody else's folder."""

import fcntl
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

Path = str | bytes | os.PathLike[str]


def replace(path: Path, data: bytes, mode: int = 0o600, sync: bool = True, through_links: bool = True) -> None:
    """Put `data` in place of the file, in one step; owner and mode stay.

    A file that was not there gets `mode` and the owner of its folder. Raises OSError; the old file then stands.
    `sync` makes it outlive a power cut: a cache does without. `through_links`: what a symbolic link points to is
    replaced; else the link itself, for a folder in which somebody else may have laid it.
    """
    target = os.path.realpath(os.fsencode(path)) if through_links else os.fsencode(path)
    draft = _draft(target, data, mode, sync)
    try:
        os.rename(draft, target)
    except BaseException:
        os.unlink(draft)
        raise
    if sync:
        sync_folder(os.path.dirname(target))


@dataclass(frozen=True, slots=True)
class Replacement:
    """A file that is to have this content; `mode` is for one that is not there yet."""

    path: Path
    data: bytes
    mode: int = 0o600


def replace_together(files: Sequence[Replacement]) -> None:
    """Put files that belong together in place: none is touched before each is written whole and synced.

    As `replace`, but never through a symbolic link. Raises OSError. Only what goes wrong amid the renames, which
    come last and in the order given, a process killed there above all, leaves new files beside old ones.
    """
    drafts: list[tuple[bytes, bytes]] = []
    folders = set()
    try:
        for file in files:
            target = os.path.abspath(os.fsencode(file.path))
            folders.add(os.path.dirname(target))
            drafts.append((_draft(target, file.data, file.mode, sync=True), target))
        while drafts:
            os.rename(*drafts[0])
            drafts.pop(0)
    except BaseException:
        for draft, _ in drafts:
            os.unlink(draft)
        raise
    for folder in folders:
        sync_folder(folder)


def _draft(target: bytes, data: bytes, mode: int, sync: bool) -> bytes:
    """Write what is to take the target's place, beside it; or leave nothing."""
    draft = b"%b.%d.tmp" % (target, os.getpid())
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        try:
            _take_after(fd, target, os.path.dirname(target), mode)
            write_all(fd, data)
            if sync:
                os.fsync(fd)
        finally:
            os.close(fd)
    except BaseException:
        os.unlink(draft)
        raise
    return draft


def write_all(fd: int, data: bytes) -> None:
    """Write everything: a full disk may take only part of it before it says so."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def read(path: Path) -> bytes:
    """What stands in a file of a folder in which somebody else may have laid something else in its place.

    No symbolic link is followed and no pipe waited for. Raises OSError.
    """
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        return b"".join(iter(lambda: os.read(fd, 1 << 20), b""))
    finally:
        os.close(fd)


def sync_folder(folder: Path) -> None:
    """Make a new name in the folder outlive a power cut."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def own_like(fd: int, folder: Path) -> None:
    """Give a new file or folder the owner, the group and the access of the folder it lies in, whoever makes it."""
    wanted, have = os.stat(folder), os.fstat(fd)
    if (have.st_uid, have.st_gid) != (wanted.st_uid, wanted.st_gid):
        owner = wanted.st_uid if os.geteuid() == 0 else -1
        with suppress(PermissionError):      # a group that the maker is not in
            os.fchown(fd, owner, wanted.st_gid)
    bits = 0o2777 if os.path.isdir(fd) else 0o666      # set-group-ID is how a folder hands its group on
    os.fchmod(fd, wanted.st_mode & bits)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Keep other mtq processes from changing this file meanwhile. Waits for them.

    The lock is on a file beside it, which stays: to remove it would take it from under who waits for it.
    """
    lock = os.path.realpath(os.fsencode(path)) + b".lock"
    fd = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def _take_after(fd: int, target: bytes, folder: bytes, mode: int) -> None:
    like, own = os.stat(folder), os.fstat(fd)
    must = os.geteuid() == 0
    with suppress(FileNotFoundError):
        there = os.lstat(target)
        if not stat.S_ISLNK(there.st_mode):
            like, mode, must = there, there.st_mode & 0o777, True
    if must and (own.st_uid, own.st_gid) != (like.st_uid, like.st_gid):
        os.fchown(fd, like.st_uid, like.st_gid)     # who cannot keep the owner does not replace the file
    os.fchmod(fd, mode)


def may_replace(path: Path) -> bool:
    """Whether this user may change the file with `writing` and `replace`. It is looked at, not tried."""
    target = os.path.realpath(os.fsencode(path))
    try:
        status = os.stat(target)
    except OSError:
        return False
    lock = target + b".lock"
    folder = os.access(os.path.dirname(target), os.W_OK | os.X_OK, effective_ids=True)
    free = not os.path.lexists(lock) or os.access(lock, os.R_OK | os.W_OK, effective_ids=True)
    groups = {os.getegid(), *os.getgroups()}
    own = os.geteuid() == 0 or (status.st_uid == os.geteuid() and status.st_gid in groups)
    return folder and free and own
