"""The ranges of a service compiled, and the decision over an address with its reason.

A client is let in if some inclusive range covers it and no exclusive one does; order does not matter.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import merge

from mtq.access.mode import Mode as Mode
from mtq.access.ranges import IPv4, IPv6, Range

PORTION = 2048
"""Numbers sorted in one go. While that lasts, about half a millisecond, no other thread of Python runs."""

_INDEX_BITS = 32
_INDEX = (1 << _INDEX_BITS) - 1


@dataclass(frozen=True, slots=True)
class Decision:
    """Yes or no, the range that decided (None: no range did) and the reason in words."""

    allowed: bool
    range: str | None
    reason: str


Addresses = Mapping[str, Sequence[IPv4 | IPv6]]
"""What host names stand for at the moment. A name that is not there has not resolved: it is not in force."""


@dataclass(frozen=True, slots=True)
class _Cover:
    """Spans of one family, sorted by where they start. Each reaches further than all before it."""

    lows: list[int] = field(default_factory=list)
    highs: list[int] = field(default_factory=list)
    owners: "array[int]" = field(default_factory=lambda: array("L"))

    def owner(self, address: int) -> int | None:
        """A range that covers this address: of those that start at or before it, the last reaches furthest."""
        at = bisect_right(self.lows, address) - 1
        return self.owners[at] if at >= 0 and address <= self.highs[at] else None


@dataclass(frozen=True, slots=True)
class _Spans:
    """Spans of one family in any order, kept as plain numbers: the garbage collection passes those by."""

    starts: list[int] = field(default_factory=list)     # the first address and below it, in one number, the index
    ends: list[int] = field(default_factory=list)
    owners: "array[int]" = field(default_factory=lambda: array("L"))

    def add(self, low: int, high: int, owner: int) -> None:
        """Take the addresses from `low` to `high`, which this range covers."""
        self.starts.append(low << _INDEX_BITS | len(self.ends))
        self.ends.append(high)
        self.owners.append(owner)

    def cover(self) -> _Cover:
        """Sort them, and leave out what lies within others."""
        cover = _Cover()
        reached = -1
        for start in _in_order(self.starts):
            index = start & _INDEX
            if self.ends[index] > reached:
                reached = self.ends[index]
                cover.lows.append(start >> _INDEX_BITS)
                cover.highs.append(reached)
                cover.owners.append(self.owners[index])
        return cover


class Rules:
    """Compiled once, then asked for every connection: a check is two binary searches."""

    def __init__(
        self, mode: Mode, ranges: Iterable[Range], names: Addresses | None = None, lan: Iterable[Range] = ()
    ) -> None:
        own = list(ranges)
        self._mode = mode
        self._lan_from = len(own)
        self._ranges = [*own, *lan] if mode is Mode.FIREWALL_AND_LAN else own
        spans = {(version, exclude): _Spans() for version in (4, 6) for exclude in (False, True)}
        for index, range in enumerate(self._ranges):
            if range.host is None:
                spans[range.version, range.exclude].add(range.low, range.high, index)
                continue
            for address in (names or {}).get(range.host, ()):
                spans[address.version, range.exclude].add(int(address), int(address), index)
        self._covers = {key: found.cover() for key, found in spans.items()}

    def decide(self, address: IPv4 | IPv6) -> Decision:
        """Whether a client with this address is let in, and why."""
        if self._mode is Mode.ANY:
            return Decision(True, None, 'access is "any"')
        number = int(address)
        excluding = self._covers[address.version, True].owner(number)
        if excluding is not None:
            return Decision(False, self._ranges[excluding].text, f"excluded by {self._named(excluding)}")
        including = self._covers[address.version, False].owner(number)
        if including is not None:
            return Decision(True, self._ranges[including].text, f"covered by {self._named(including)}")
        return Decision(False, None, "no range covers it" if self._ranges else "no range is in force")

    def _named(self, index: int) -> str:
        text = self._ranges[index].text
        return text if index < self._lan_from else f"{text}, a range of the LAN"


def _in_order(numbers: list[int]) -> Iterator[int]:
    portions = [sorted(numbers[at : at + PORTION]) for at in range(0, len(numbers), PORTION)]
    return merge(*portions)
