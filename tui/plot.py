"""Graphs of plain characters, which work with any colours and with none. No I/O."""

from collections.abc import Sequence

EIGHTHS = " ▁▂▃▄▅▆▇█"
NOUGHT = "."
"""A moment that was seen, and nothing happened in it."""

FULL, EMPTY = "█", "░"


def bars(values: Sequence[float], width: int, height: int, top: float) -> list[str]:
    """The last values as bars, one a column, the newest at the right: lines from the top. `top` fills the height.

    What is over 0 is seen, be it ever so little.
    """
    if width <= 0 or height <= 0:
        return []
    shown = list(values)[-width:]
    levels = [_level(value, height, top) for value in shown]
    before = " " * (width - len(levels))
    lines = [[EIGHTHS[max(0, min(8, level - 8 * row))] for level in levels] for row in reversed(range(height))]
    lines[-1] = [NOUGHT if level == 0 else eighths for level, eighths in zip(levels, lines[-1], strict=True)]
    return [before + "".join(line) for line in lines]


def gauge(value: float, limit: float, width: int) -> str:
    """How much of a limit is reached."""
    filled = round(min(1.0, value / limit) * width) if limit > 0 else 0
    if value > 0:
        filled = max(1, filled)
    return FULL * filled + EMPTY * (width - filled)


def top_of(values: Sequence[float], least: float = 1.0) -> float:
    """A round number that no value exceeds: 1, 2 or 5 and noughts."""
    most = max(values, default=0.0)
    top = least
    while top < most:
        for factor in (2, 5, 10):
            if top * factor >= most:
                return top * factor
        top *= 10
    return top


def _level(value: float, height: int, top: float) -> int:
    if value <= 0 or top <= 0:
        return 0
    return max(1, round(min(1.0, value / top) * 8 * height))
