"""What stands round the views: where one is, how the server is, and which keys do what."""

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.app import App
from textual.binding import ActiveBinding
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from .messages import Go


class Heading(Widget):
    """The server's name at the left, how it stands at the right."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"heading--name", "heading--good", "heading--bad"}

    def __init__(self) -> None:
        super().__init__()
        self._server = "mtq"
        self._state = ""
        self._good = False

    def show(self, name: str, state: str, good: bool) -> None:
        """Show this from now on."""
        shown = name, state, good
        if shown != (self._server, self._state, self._good):
            self._server, self._state, self._good = shown
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """Its one line."""
        width = self.size.width
        room = max(0, width - cell_len(self._state) - 2)
        segments = [
            Segment(set_cell_size(f" {self._server}", room), self.get_component_rich_style("heading--name")),
            Segment(
                f" {self._state} ", self.get_component_rich_style("heading--good" if self._good else "heading--bad")
            ),
        ]
        return Strip(segments).adjust_cell_length(width, self.rich_style)


class Contents(Widget):
    """The views by number, the present one marked. A click goes there."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"contents--here", "contents--other"}

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__()
        self._names = tuple(names)
        self._here = self._names[0]

    def show(self, name: str) -> None:
        """Mark this one."""
        self._here = name
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Its one line."""
        here = self.get_component_rich_style("contents--here")
        other = self.get_component_rich_style("contents--other")
        segments = [
            Segment(label, here if name == self._here else other)
            for name, label in zip(self._names, self._labels(), strict=True)
        ]
        return Strip(segments).adjust_cell_length(self.size.width, self.rich_style)

    def on_click(self, event: events.Click) -> None:
        """Go to the view whose name was clicked."""
        left = 0
        for name, label in zip(self._names, self._labels(), strict=True):
            if left <= event.x < left + len(label):
                self.post_message(Go(name))
            left += len(label)

    def _labels(self) -> list[str]:
        return [
            f"[{number} {name.capitalize()}]" if name == self._here else f" {number} {name.capitalize()} "
            for number, name in enumerate(self._names, 1)
        ]


class Keys(Widget):
    """The keys that do something now, as many as there is room for; in brackets what is not available now."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"keys--key", "keys--text", "keys--unavailable"}

    def __init__(self) -> None:
        super().__init__()
        self._places: list[tuple[int, int, str]] = []       # from and to which cell, and the key

    def on_mount(self) -> None:
        """Follow what the keys do."""
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, screen: Screen[object]) -> None:
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Its one line."""
        width, left, segments = self.size.width, 0, []
        self._places = []
        for binding in sorted(self.screen.active_bindings.values(), key=self._rank):
            shown = binding.binding
            key = self.app.get_key_display(shown)
            needed = len(key) + len(shown.description) + 3
            if not shown.show or left + needed > width:
                continue
            segments += self._segments(key, shown.description, binding.enabled)
            if binding.enabled:
                self._places.append((left, left + needed, shown.key))
            left += needed
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def _rank(self, active: ActiveBinding) -> int:
        """What the view does comes first, then what can be done everywhere, then what can be done with any table."""
        if isinstance(active.node, App):
            return 1
        return 2 if active.binding.action in ("filter", "order") else 0

    def _segments(self, key: str, text: str, available: bool) -> list[Segment]:
        def style(name: str) -> Style:
            return self.get_component_rich_style(f"keys--{name}")

        if not available:
            return [Segment(f"({key} {text})", style("unavailable"))]
        return [Segment(f" {key}", style("key")), Segment(f" {text} ", style("text"))]

    def on_click(self, event: events.Click) -> None:
        """Do what the key does."""
        for left, right, key in self._places:
            if left <= event.x < right:
                self.app.simulate_key(key)
