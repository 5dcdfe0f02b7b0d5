"""How many connections the process has descriptors for, whatever its services would allow.

A session needs its socket, the lock of its mailbox and the message that is being sent. So no more are let in than can
have all three, and the listeners are never the ones that take the last descriptor from those that are in.
"""

import resource

EACH = 3
"""Descriptors of one session."""

KEPT = 128
"""Descriptors for everything else: listeners, log, folders and indexes being read, the control socket's clients."""


SURE = 32
"""Connections after which the system is asked again."""


class Room:
    """Counts the connections of all services, until each is closed: a session that is decided has its socket yet."""

    def __init__(self) -> None:
        self._count = 0
        self._sure = 0      # so many were allowed the last time that it mattered

    @property
    def most(self) -> int | None:
        """Connections at a time; None if the system sets no limit. Asked anew: it can be changed from outside."""
        limit = _limit()
        return None if limit is None else max(1, (limit - KEPT) // EACH)

    @property
    def full(self) -> bool:
        """Whether one more would be too many."""
        if self._count < self._sure:
            return False
        most = self.most
        self._sure = self._count + SURE if most is None else min(self._count + SURE, most)
        return self._count >= self._sure

    def enter(self) -> None:
        """One more is in."""
        self._count += 1

    def leave(self) -> None:
        """One has gone."""
        self._count -= 1

    def shortage(self, wanted: int) -> str | None:
        """What an administrator should know if so many connections are allowed and not all can be had."""
        most = self.most
        if most is None or wanted <= most:
            return None
        return (
            f"this process may have {_limit()} files open, enough for {most} connections, and the services let in "
            f"{wanted}: raise the limit (LimitNOFILE= in a systemd unit, ulimit -n in a shell)"
        )


def widen() -> None:
    """Have as many descriptors as the system lets this process have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _limit() -> int | None:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if soft == resource.RLIM_INFINITY else soft
