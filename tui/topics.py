"""The lists that the server can be asked for, and how often it is worth while."""

from collections.abc import Mapping
from enum import Enum
from math import inf

Row = Mapping[str, object]
"""A row as the server told it."""


class Topic(Enum):
    """What views show: the method that tells it, the key of its rows, and the seconds from one look to the next."""

    STATUS = "server.status", "", 10.0
    SERVICES = "service.list", "services", 5.0
    SESSIONS = "session.list", "sessions", 1.0
    LOCKS = "lock.list", "locks", 1.0
    RANGES = "firewall.list", "ranges", 30.0      # there may be a hundred thousand
    PENALTIES = "penalty.list", "penalties", 2.0
    FAILURES = "proxy.failures", "failures", 2.0
    PROXIES = "proxy.status", "proxies", 2.0
    LOG = "log.tail", "lines", inf                # events bring what follows
    METRICS = "", "", inf                         # events bring them all

    def __init__(self, method: str, key: str, pace: float) -> None:
        self.method = method
        self.key = key
        self.pace = pace

    @property
    def is_sampled(self) -> bool:
        """Whether it is asked for again and again."""
        return self.pace < inf
