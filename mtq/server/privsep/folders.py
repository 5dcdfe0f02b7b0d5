"""What root makes for the worker before there is one, in places where the worker can make nothing itself."""

import os
import stat
from collections.abc import Callable, Collection
from pathlib import Path

from mtq.server.privsep.account import Account


def control_folder(socket: Path, account: Account) -> None:
    """Make the control socket's folder: 0700, the worker's. Raises OSError.

    One that is there stays as it is, unless root made it for this very socket when there was no server.user yet.
    """
    folder = socket.parent
    if make(folder):
        hand_over(folder, account)
    else:
        hand_over(folder, account, lambda names: any(names) and all(name.startswith(socket.stem) for name in names))


def make(folder: Path) -> bool:
    """Make a folder, 0700, root's own until it is handed over. False: there is one. Raises OSError."""
    try:
        folder.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        return False
    return True


def hand_over(
    folder: Path, account: Account, meant: Callable[[Collection[str]], bool] = lambda names: True
) -> None:
    """Give the worker a folder of root's in which nobody else can write, and what is in it. Raises OSError.

    Any other folder stays as it is; so does one whose names are not those that are meant.
    """
    try:
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return
    try:
        found, names = os.fstat(fd), os.listdir(fd)
        if found.st_uid != 0 or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH) or not meant(names):
            return
        for name in names:
            os.chown(name, account.uid, account.gid, dir_fd=fd, follow_symlinks=False)
        os.fchown(fd, account.uid, account.gid)
    finally:
        os.close(fd)
