"""The comparison as a picture: what mtq needs as a share of what the best other server needs.

    python benchmarks/plot.py [SVG]

Drawn from the run that is kept in results.json. A bar is the median of the rounds, the thin line on it the least and
the largest, the mark across it the share that is aimed at. Left of 1, mtq needs less.
"""

import sys
from html import escape
from pathlib import Path
from statistics import median

from results import Result, Run, read

PICTURE = Path(__file__).parent.parent / "docs" / "pictures" / "benchmark.svg"
LEFT, WIDTH, ROW, TOP, MOST = 300, 420, 22, 66, 2.0
"""Pixels left of the bars and across them, a row's height and where the first is; the share at the right end."""

BLUE, ORANGE, GREY, INK = "#3b7dd8", "#d98032", "#999999", "#333333"


def x(share: float) -> float:
    """Where a share lies."""
    return LEFT + min(share, MOST) / MOST * WIDTH


def text(at: float, y: float, what: str, anchor: str = "start", colour: str = INK) -> str:
    """A line of text."""
    return f'<text x="{at:.0f}" y="{y:.0f}" text-anchor="{anchor}" fill="{colour}">{escape(what)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, colour: str, width: float = 1) -> str:
    """A straight line."""
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width}"/>'
    )


def row(result: Result, best: str, y: float) -> list[str]:
    """One piece of work: a bar."""
    shares = result.shares(best)
    share = median(shares)
    middle = y + ROW / 2 - 3
    parts = [
        text(LEFT - 8, middle + 4, result.work, "end"),
        f'<rect x="{LEFT}" y="{y}" width="{x(share) - LEFT:.1f}" height="{ROW - 6}" '
        f'fill="{BLUE if share <= 1 else ORANGE}"/>',
        line(x(min(shares)), middle, x(max(shares)), middle, INK),
        text(LEFT + WIDTH + 10, middle + 4, f"{share:.2f} of {best}"),
    ]
    try:
        target = float(result.target)
    except ValueError:
        return parts
    return [*parts, line(x(target), y - 2, x(target), y + ROW - 4, INK, 2)]


def draw(run: Run) -> str:
    """The picture."""
    rows = [(result, best) for result in run.results if (best := result.best) is not None]
    height = TOP + ROW * len(rows) + 10
    versions = ", ".join(f"{name} {version}" for name, version in run.versions.items())
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 170}" height="{height}" '
        'font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
        text(10, 20, "What mtq needs, as a share of what the best other server needs (CPU, or memory)"),
        text(10, 38, f"{run.date}, {run.rounds} rounds, {run.machine}; {versions}", colour=GREY),
    ]
    for share in (0.0, 0.5, 1.0, 1.5, 2.0):
        parts.append(text(x(share), TOP - 8, f"{share:g}", "middle", GREY))
        parts.append(line(x(share), TOP - 4, x(share), height - 8, INK if share == 1 else "#dddddd"))
    for number, (result, best) in enumerate(rows):
        parts += row(result, best, TOP + ROW * number)
    return "\n".join([*parts, "</svg>", ""])


if __name__ == "__main__":
    Path(sys.argv[1] if len(sys.argv) > 1 else PICTURE).write_text(draw(read()))
