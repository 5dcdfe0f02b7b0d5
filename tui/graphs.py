"""A graph with its title, as a widget."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from .plot import bars, top_of

Series = Callable[[int], Sequence[float]]
"""Gives the values of so many columns, the newest last."""


class Graph(Widget):
    """Bars over time. `say` makes the title's numbers."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"graph--title", "graph--bars"}

    def __init__(self, title: str, say: Callable[[float], str], id: str | None = None) -> None:
        super().__init__(id=id)
        self._title = title
        self._say = say
        self._lines: list[str] = []
        self._head = title
        self._series: Series = lambda _: ()

    def show(self, series: Series) -> None:
        """Show these values from now on."""
        self._series = series
        self._draw()

    def on_resize(self) -> None:
        """Show as many columns as there is room for."""
        self._draw()

    def _draw(self) -> None:
        width, height = self.size
        values = self._series(width)
        top = top_of(values)
        before = self._head, self._lines
        self._lines = bars(values, width, height - 1, top)
        now, most = (values[-1], max(values)) if values else (0.0, 0.0)
        self._head = f"{self._title} {self._say(now)}"
        peak = f"most {self._say(most)}"
        if len(self._head) + len(peak) + 2 <= width:
            self._head += peak.rjust(width - len(self._head))
        if (self._head, self._lines) != before:
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line."""
        width = self.size.width
        if y == 0:
            return self._strip(self._head[:width], self.get_component_rich_style("graph--title"))
        if y <= len(self._lines):
            return self._strip(self._lines[y - 1], self.get_component_rich_style("graph--bars"))
        return Strip.blank(width, self.rich_style)

    def _strip(self, text: str, style: Style) -> Strip:
        return Strip([Segment(text.ljust(self.size.width), style)], self.size.width)
