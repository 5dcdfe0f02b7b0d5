"""How things went: one entry a second, and series of it for graphs. No clock: a `metrics` event is a second."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

KEPT = 3600
"""Seconds that are remembered."""

SPANS = (1, 5, 30)
"""Seconds that one column of a graph may stand for."""


@dataclass(frozen=True, slots=True)
class Second:
    """One second: what was counted in it, and how things stood at its end."""

    number: int
    counted: Mapping[str, float]
    connections: Mapping[str, int]


class History:
    """The seconds that were seen since the dashboard was started."""

    def __init__(self) -> None:
        self._seconds: deque[Second] = deque(maxlen=KEPT)
        self._totals: Mapping[str, float] = {}
        self._number = 0

    def begin_anew(self) -> None:
        """Another server counts from now on: what it has counted already did not happen in the next second."""
        self._totals = {}

    def enter(self, totals: Mapping[str, float], connections: Mapping[str, int]) -> None:
        """Enter a second. `totals` are the server's, which only grow."""
        before, self._totals = self._totals, dict(totals)
        counted = {name: max(0.0, value - before[name]) for name, value in totals.items() if name in before}
        self._number += 1
        self._seconds.append(Second(self._number, counted, dict(connections)))

    def __len__(self) -> int:
        return len(self._seconds)

    def rates(self, name: str, columns: int, span: int) -> list[float]:
        """How often a second it happened, for so many columns of `span` seconds, the newest last."""
        return self._series(columns, span, lambda second: second.counted.get(name, 0.0), _mean)

    def connections(self, service: str | None, columns: int, span: int) -> list[float]:
        """The most connections that a service, or all together, had in each column."""
        if service is None:
            return self._series(columns, span, lambda second: float(sum(second.connections.values())), max)
        return self._series(columns, span, lambda second: float(second.connections.get(service, 0)), max)

    def _series(
        self, columns: int, span: int, value: Callable[[Second], float], of: Callable[[Iterable[float]], float]
    ) -> list[float]:
        # Columns begin at whole multiples of the span: else a column would change its height as time passes.
        last = self._number // span
        found: dict[int, list[float]] = {}
        for second in self._recent((columns + 1) * span):
            found.setdefault(second.number // span, []).append(value(second))
        return [of(found[at]) for at in range(last - columns + 1, last + 1) if at in found]

    def _recent(self, number: int) -> Sequence[Second]:
        if number >= len(self._seconds):
            return self._seconds
        newest = []
        for second in reversed(self._seconds):
            newest.append(second)
            if len(newest) == number:
                break
        return newest[::-1]


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return sum(found) / len(found)
