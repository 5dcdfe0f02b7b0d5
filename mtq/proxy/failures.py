"""The memory of refused APOP: for which users of which servers a password worked where APOP did not."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from mtq.access.servers import Server

PAIRS = 10_000
"""Pairs that are kept. Past that the one remembered first is forgotten, and APOP is tried there once more."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One pair."""

    server: Server
    """With the port that was connected to."""
    user: str
    since: datetime


class Failures:
    """One memory for a whole server."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._since: OrderedDict[tuple[Server, str], datetime] = OrderedDict()

    def remember(self, server: Server, user: str) -> None:
        """APOP was refused, and then the password worked."""
        self._since.setdefault((server, user), self._clock())
        if len(self._since) > PAIRS:
            self._since.popitem(last=False)

    def known(self, server: Server, user: str) -> bool:
        """Whether APOP need not be tried."""
        return (server, user) in self._since

    def all(self) -> list[Failure]:
        """All pairs, the latest first."""
        return [Failure(server, user, since) for (server, user), since in reversed(self._since.items())]

    def forget(self, server: Server | None = None, user: str | None = None) -> int:
        """Try APOP again, at this server (without a port: at each of its ports), for this user. Says for how many."""
        pairs = [pair for pair in self._since if is_meant(*pair, server, user)]
        for pair in pairs:
            del self._since[pair]
        return len(pairs)


def is_meant(known: Server, name: str, server: Server | None, user: str | None) -> bool:
    """Whether a remembered pair is one of this server (without a port: at any port) and user; None is any."""
    return (server is None or server in (known, Server(known.host))) and user in (None, name)
