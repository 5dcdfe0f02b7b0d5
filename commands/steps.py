"""The steps of a call to a remote server, shown as they come: with marks on a terminal, as plain lines elsewhere."""

import sys
from collections.abc import Callable, Iterator
from typing import Any

from mtq.proxy.steps import Step

from .console import say

NAME, TIME = 12, 9
"""Columns for the name of a step and for its time."""


def shower() -> Callable[[Step], None]:
    """What shows a step."""
    return _terminal() if sys.stdout.isatty() else _plainly


def row(step: Step) -> dict[str, object]:
    """A step for a program."""
    return {
        "name": step.name,
        "ok": step.ok,
        "seconds": round(step.seconds, 3),
        "text": step.text,
        "facts": dict(step.facts),
    }


def _plainly(step: Step) -> None:
    mark = "ok" if step.ok else "FAILED"
    first, *more = _lines(step)
    say(f"{mark:<6}  {step.name:<{NAME}}  {_time(step):>{TIME}}  {first}".rstrip())
    for line in more:
        say(" " * (6 + 2 + NAME + 2 + TIME + 2) + line)


def _terminal() -> Callable[[Step], None]:
    from rich.console import Console
    from rich.table import Column, Table
    from rich.text import Text

    console = Console()
    utf8 = console.encoding.startswith("utf")

    def show(step: Step) -> None:
        mark = ("✓" if utf8 else "+") if step.ok else ("✗" if utf8 else "-")
        style = "green" if step.ok else "bold red"
        grid = Table.grid(
            Column(width=1, style=style),
            Column(width=NAME),
            Column(width=TIME, justify="right", style="dim"),
            Column(overflow="fold", style="" if step.ok else style),
            padding=(0, 1),
        )
        cells = (mark, step.name, _time(step), "\n".join(_lines(step)))
        grid.add_row(*(Text(cell) for cell in cells))
        console.print(grid)

    return show


def _time(step: Step) -> str:
    return f"{step.seconds:.3f} s" if step.seconds else ""


def _lines(step: Step) -> list[str]:
    return [step.text, *_issuers(step.facts.get("chain"))]


def _issuers(chain: Any) -> Iterator[str]:      # Any: a fact, which may be whatever JSON holds
    """The certificates above the server's own, which the text tells of."""
    if not isinstance(chain, list):
        return
    for above in chain[1:]:
        yield f"sent with it: {above['subject']}, by {above['issuer']}, until {above['not_after'][:10]}"
