"""The Maildir++ quota file `maildirsize`: what comes and goes is appended to it, where there is one.

Courier's README.maildirquota: neither the folder Trash nor messages flagged as trashed count. A delivery agent that
finds the sums off counts the mailbox anew.
"""

import os
import re
from contextlib import suppress

_TRASH = b".Trash"
_TRASHED = re.compile(rb":2,[A-Z]*T")
_SIZE = re.compile(rb",S=([0-9]{1,15})(?=[,:]|\Z)")


def is_kept(mailbox: bytes) -> bool:
    """Whether there is an account of the mailbox's size."""
    return os.path.exists(_path(mailbox))


def octets(folder: bytes, path: bytes) -> int | None:
    """What a message of this folder counts; None if it does not. Raises OSError.

    A size in the name (`,S=`) is believed: whoever counts the mailbox anew goes by it.
    """
    name = os.path.basename(path)
    if folder == _TRASH or _TRASHED.search(name):
        return None
    size = _SIZE.search(name)
    return int(size[1]) if size else os.lstat(path).st_size


def enter(mailbox: bytes, octets: int, messages: int) -> None:
    """Enter a change. Without write access nothing is entered, and the next delivery agent counts anew."""
    with suppress(OSError):
        fd = os.open(_path(mailbox), os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            os.write(fd, b"%d %d\n" % (octets, messages))
        finally:
            os.close(fd)


def _path(mailbox: bytes) -> bytes:
    return os.path.join(mailbox, b"maildirsize")
