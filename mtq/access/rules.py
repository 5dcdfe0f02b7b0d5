"""The ranges of a service compiled, and the decision over an address with its reason.

A client is let in if some inclusive range covers it and no exclusive one does; order does not matter.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from mtq.access.ranges import IPv4, IPv6, Range, Span


class Mode(Enum):
    """Whom a service lets in."""

    ANY = "any"
    FIREWALL = "firewall"
    FIREWALL_AND_LAN = "firewall+lan"


@dataclass(frozen=True, slots=True)
class Decision:
    """Yes or no, the range that decided (None: no range did) and the reason in words."""

    allowed: bool
    range: str | None
    reason: str


Addresses = Mapping[str, Sequence[IPv4 | IPv6]]
"""What host names stand for at the moment. A name that is not there has not resolved: it is not in force."""


@dataclass(slots=True)
class _Cover:
    """Spans of one family as disjoint, sorted segments, each with the index of a range that covers it."""

    lows: list[int] = field(default_factory=list)
    highs: list[int] = field(default_factory=list)
    owners: "array[int]" = field(default_factory=lambda: array("l"))

    def add(self, spans: list[tuple[int, int, int]]) -> None:
        """Take (low, high, owner) triples. Where two overlap the one that starts first keeps the overlap."""
        covered = -1
        for low, high, owner in sorted(spans):
            if high <= covered:
                continue
            self.lows.append(max(low, covered + 1))
            self.highs.append(high)
            self.owners.append(owner)
            covered = high

    def owner(self, address: int) -> int | None:
        """The range that covers this address."""
        at = bisect_right(self.lows, address) - 1
        return self.owners[at] if at >= 0 and address <= self.highs[at] else None


class Rules:
    """Compiled once, then asked for every connection: a check is two binary searches."""

    def __init__(self, mode: Mode, ranges: Iterable[Range], names: Addresses | None = None) -> None:
        self._mode = mode
        self._ranges = tuple(ranges)
        self._covers = {(v, exclude): _Cover() for v in (4, 6) for exclude in (False, True)}
        spans: dict[tuple[int, bool], list[tuple[int, int, int]]] = {key: [] for key in self._covers}
        for index, range in enumerate(self._ranges):
            for span in _spans(range, names or {}):
                spans[span.version, range.exclude].append((span.low, span.high, index))
        for key, cover in self._covers.items():
            cover.add(spans[key])

    def decide(self, address: IPv4 | IPv6) -> Decision:
        """Whether a client with this address is let in, and why."""
        if self._mode is Mode.ANY:
            return Decision(True, None, 'access is "any"')
        number = int(address)
        excluding = self._covers[address.version, True].owner(number)
        if excluding is not None:
            text = self._ranges[excluding].text
            return Decision(False, text, f"excluded by {text}")
        including = self._covers[address.version, False].owner(number)
        if including is not None:
            text = self._ranges[including].text
            return Decision(True, text, f"covered by {text}")
        return Decision(False, None, "no range covers it" if self._ranges else "the list is empty")


def _spans(range: Range, names: Addresses) -> list[Span]:
    if range.span is not None:
        return [range.span]
    assert range.host is not None
    return [Span(a.version, int(a), int(a)) for a in names.get(range.host, ())]
