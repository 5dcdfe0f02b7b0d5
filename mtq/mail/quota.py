"""The Maildir++ quota file `maildirsize`: what comes and goes is appended to it, where there is one.

Courier's README.maildirquota: a delivery agent that finds the sums off counts the mailbox anew.
"""

import os
from contextlib import suppress


def enter(mailbox: bytes, octets: int, messages: int) -> None:
    """Enter a change. Without write access nothing is entered, and the next delivery agent counts anew."""
    with suppress(OSError):
        path = os.path.join(mailbox, b"maildirsize")
        fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            os.write(fd, b"%d %d\n" % (octets, messages))
        finally:
            os.close(fd)
