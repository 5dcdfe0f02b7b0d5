"""Whom a service lets in as time goes by: ranges that expire, and host names whose addresses change.

Told the time and the addresses; reads no clock and asks nobody.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mtq.access.entry import Entry as Entry
from mtq.access.ranges import IPv4, IPv6, Range
from mtq.access.rules import Addresses, Decision, Mode, Rules

LOOK = 60.0
"""Seconds between two looks at the time, at most: so long a clock that was set may go unnoticed."""


@dataclass(frozen=True, slots=True)
class Row:
    """A range as it is listed. `range` is as written, `!` included; `service` is None for the LAN."""

    range: str
    service: str | None
    exclude: bool
    until: datetime | None
    comment: str | None
    in_force: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """How a policy stood at a moment."""

    rules: Rules
    expired: int
    names: Addresses

    def decide(self, address: IPv4 | IPv6) -> Decision:
        """Whether a client with this address is let in, and why."""
        return self.rules.decide(address)


CLOSED = Standing(Rules(Mode.FIREWALL, ()), -1, {})
"""Nobody is let in: how a service stands before its ranges are compiled."""


class Policy:
    """What the configuration says: a service's own entries, the ranges of its file, and the entries of the LAN.

    Takes its time with a long file, as `standing` and `rows` do: each may be called in any thread.
    """

    def __init__(
        self, mode: Mode, own: Sequence[Entry], file: Sequence[Range] = (), lan: Sequence[Entry] = ()
    ) -> None:
        self._mode = mode
        self._own = tuple(own)
        self._file = tuple(file)
        self._lan = tuple(lan) if mode is Mode.FIREWALL_AND_LAN else ()
        entries = (*self._own, *self._lan)
        ranges = (*(entry.range for entry in entries), *self._file)
        self.hosts = frozenset(range.host for range in ranges if range.host is not None)
        """The names whose addresses `standing` needs."""
        self._ends = sorted(entry.until for entry in entries if entry.until is not None)

    def look_again(self, now: datetime) -> float | None:
        """Seconds after which the time has to be looked at again, because an entry expires. None: never."""
        if not self._ends:
            return None
        expired = self._expired(now)
        if expired == len(self._ends):
            return LOOK
        return min(LOOK, (self._ends[expired] - now).total_seconds())

    def standing(self, now: datetime, names: Addresses) -> Standing:
        """Compile what is in force."""
        own = (entry.range for entry in self._own if entry.counts(now))
        lan = (entry.range for entry in self._lan if entry.counts(now))
        return Standing(Rules(self._mode, (*own, *self._file), names, lan), self._expired(now), names)

    def holds(self, standing: Standing, now: datetime, names: Addresses) -> bool:
        """Whether compiling anew would change nothing."""
        return standing.expired == self._expired(now) and standing.names == names

    def rows(self, service: str | None, now: datetime, names: Addresses) -> list[Row]:
        """All of them, the LAN's last where they count, and whether each is in force."""
        rows = [_row(entry, service, now, names) for entry in self._own]
        rows += [_row(Entry(range), service, now, names) for range in self._file]
        rows += [_row(entry, None, now, names) for entry in self._lan]
        return rows

    def _expired(self, now: datetime) -> int:
        """How many entries have."""
        return bisect_right(self._ends, now)


def _row(entry: Entry, service: str | None, now: datetime, names: Addresses) -> Row:
    range = entry.range
    in_force = entry.counts(now) and (range.host is None or range.host in names)
    return Row(range.text, service, range.exclude, entry.until, entry.comment or None, in_force)
