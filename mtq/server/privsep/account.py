"""The user of this system as whom the server works."""

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import mtq
from mtq.config.model import Config
from mtq.errors import MtqError


@dataclass(frozen=True, slots=True)
class Account:
    """A user of this system."""

    name: str
    uid: int
    gid: int
    groups: tuple[int, ...]
    home: str


def find(name: str) -> Account:
    """Look a user up. Raises MtqError if there is none of this name."""
    try:
        user = pwd.getpwnam(name)
    except KeyError:
        raise MtqError(
            f"server.user: there is no user {name} on this system; `mtq init --create-user` makes one"
        ) from None
    groups = os.getgrouplist(name, user.pw_gid)
    return Account(name, user.pw_uid, user.pw_gid, tuple(groups), user.pw_dir)


def worker_of(config: Config) -> Account | None:
    """As whom the server works, if not as whoever starts it. Raises MtqError if there is no such user."""
    if config.server.user is None or os.geteuid() != 0:
        return None
    account = find(config.server.user)
    return account if account.uid != 0 else None


def become(account: Account) -> None:
    """Go on as this user for good. Raises MtqError."""
    try:
        os.setgroups(account.groups)
        os.setgid(account.gid)
        os.setuid(account.uid)
    except OSError as error:
        raise MtqError(
            f"cannot work as {account.name}: {(error.strerror or str(error)).lower()} "
            "(it takes the capabilities CAP_SETUID and CAP_SETGID)"
        ) from None
    if _can_go_back():
        raise MtqError(f"cannot work as {account.name}: this system lets a process become root again")
    os.environ.update(HOME=account.home, USER=account.name, LOGNAME=account.name)


def _can_go_back() -> bool:
    try:
        os.setuid(0)
    except PermissionError:
        return False
    return True


def can_work_in(folder: Path | str, account: Account) -> bool:
    """Whether this user can make files in the folder. To be asked as root."""
    with acting_as(account):
        return os.access(folder, os.R_OK | os.W_OK | os.X_OK, effective_ids=True)


def unreadable_program(account: Account) -> list[str]:
    """What of the program this user cannot read, and so not load later. To be asked as root."""
    with acting_as(account):
        return [part for part in (mtq.__file__, os.__file__) if not os.access(part, os.R_OK, effective_ids=True)]


@contextmanager
def acting_as(account: Account) -> Iterator[None]:
    """For a while, do what this user may do and no more: in a folder that the user can change, root goes astray.

    For a process of one thread, and for what is loaded already: the user may be unable to read the program.
    """
    if account.uid == os.getuid():
        yield
        return
    groups, gid, uid = os.getgroups(), os.getegid(), os.geteuid()
    os.setgroups(account.groups)
    os.setegid(account.gid)
    os.seteuid(account.uid)
    try:
        yield
    finally:
        os.seteuid(uid)
        os.setegid(gid)
        os.setgroups(groups)
