"""A table of rows that come anew every second: only what is seen is drawn, and the cursor stays on its row."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from .columns import GAP, Column, Placed, Tone, matching, ordered, placed
from .topics import Row

SAMPLE = 300
"""Rows that are looked at for the width of the columns, besides those that are seen."""


class Table(ScrollView, can_focus=True):
    """See the module's first lines. `key` is what makes a row the same row when it comes again."""

    DEFAULT_CSS = "Table { overflow-x: hidden; scrollbar-size-vertical: 1; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Up", show=False),
        Binding("down", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home", "move(-1000000000)", "First", show=False),
        Binding("end", "move(1000000000)", "Last", show=False),
        Binding("enter", "choose", "Details", show=False),
        Binding("o", "order", "Order", tooltip="Put in order by the next column"),
        Binding("O", "turn", "Order the other way", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "table--header", "table--cursor", "table--plain", "table--quiet", "table--warn", "table--bad",
    }      # fmt: skip

    class Chosen(Message):
        """Enter or a double click on a row."""

        def __init__(self, table: "Table", row: Row) -> None:
            self.table = table
            self.row = row
            super().__init__()

    class Changed(Message):
        """The cursor is on another row, or on none where there was one; or the order is another."""

    class Focused(Message):
        """It has got the focus."""

    def __init__(
        self,
        columns: Sequence[Column],
        key: Callable[[Row], object],
        *,
        tone: Callable[[Row], Tone] = lambda _: Tone.PLAIN,
        order: str | None = None,
        reverse: bool = False,
        header: bool = True,
        empty: str = "",
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self.columns = tuple(columns)
        self.empty = empty
        self._key = key
        self._tone = tone
        self._order = next((column for column in columns if column.key == order), None)
        self._reverse = reverse
        self._header = int(header)
        self._all: Sequence[Row] = ()
        self._wanted = ""
        self._rows: Sequence[Row] = ()
        self._placed: Sequence[Placed] = ()
        self._at = 0
        self._current: object = None
        self._wished: object = None       # the row to go to as soon as it is there
        self._drawn: dict[int, tuple[str, str]] = {}

    # What is in it

    def show(self, rows: Sequence[Row]) -> None:
        """Show these rows from now on."""
        self._all = rows
        self._arrange()

    def filter(self, wanted: str) -> None:
        """Show only rows that have these words in them."""
        self._wanted = wanted
        self._arrange()

    def go_to(self, key: object) -> None:
        """Put the cursor on the row with this key, as soon as it is there."""
        self._wished = key
        self._arrange()

    @property
    def row(self) -> Row | None:
        """The row that the cursor is on."""
        return self._rows[self._at] if self._rows else None

    @property
    def counts(self) -> tuple[int, int]:
        """How many rows are shown, and how many there are."""
        return len(self._rows), len(self._all)

    @property
    def sorting(self) -> str:
        """By which column the rows are in order, in words."""
        return "" if self._order is None else f"by {self._order.title}{', descending' if self._reverse else ''}"

    def _arrange(self) -> None:
        had, in_sight = self.row is not None, self._in_sight
        self._rows = ordered(matching(self._all, self.columns, self._wanted), self._order, self._reverse)
        self._find_cursor()
        self._fit()
        if in_sight:
            self._scroll_to_cursor()
        self._redraw()
        if had is not (self.row is not None):
            self.post_message(self.Changed())

    def _find_cursor(self) -> None:
        """Where the row of the cursor is now; if it has gone, the cursor stays at its height.

        A cursor that nobody has moved is on the first row, whichever that is.
        """
        keys = [self._key(row) for row in self._rows]
        if self._wished is not None and self._wished in keys:
            self._current, self._wished = self._wished, None
        if self._current in keys:
            self._at = keys.index(self._current)
        self._at = max(0, min(self._at, len(keys) - 1))
        if self._current is not None:
            self._current = keys[self._at] if keys else None

    def _fit(self) -> None:
        top = self.scroll_offset.y
        looked_at = [*self._rows[:SAMPLE], *self._rows[top : top + self.size.height]]
        contents = [max((cell_len(column.of(row)) for row in looked_at), default=0) for column in self.columns]
        room = self.scrollable_content_region.width
        self._placed = placed(self.columns, contents, room) if room else ()
        self.virtual_size = Size(room, len(self._rows) + self._header)

    def on_focus(self) -> None:
        """Which keys do what may depend on it."""
        self.post_message(self.Focused())

    def on_resize(self) -> None:
        """Fit the columns into another width."""
        self._fit()
        self._scroll_to_cursor()
        self._redraw()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """What comes into sight may need other columns."""
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self._fit()

    # Drawing

    def render_line(self, y: int) -> Strip:
        """One line as it is seen."""
        self._drawn[y] = text, style = self._line(y)
        return Strip([Segment(text, self.get_component_rich_style(f"table--{style}"))], self.size.width)

    def _line(self, y: int) -> tuple[str, str]:
        """What stands in a line, and in which style."""
        at = y - self._header + self.scroll_offset.y
        if self._header and y == 0:
            text, style = self._cells([self._title(place) for place in self._placed]), "header"
        elif at < len(self._rows):
            row = self._rows[at]
            text = self._cells([place.column.of(row) for place in self._placed])
            style = "cursor" if at == self._at and self.has_focus else self._tone(row).value
        else:
            text, style = self._nothing if y == self._header else "", "quiet"
        return set_cell_size(text, self.size.width), style

    @property
    def _nothing(self) -> str:
        if self._rows:
            return ""
        return "nothing here has these words in it" if self._all else self.empty

    def _cells(self, texts: Sequence[str]) -> str:
        return (" " * GAP).join(_cell(text, place) for text, place in zip(texts, self._placed, strict=True))

    def _redraw(self) -> None:
        """Draw the lines that are not as they were: what goes to the terminal may go a long way."""
        changed = [y for y in range(self.size.height) if self._line(y) != self._drawn.get(y)]
        if changed:
            self.refresh(*(Region(0, y, self.size.width, 1) for y in changed))

    def _title(self, place: Placed) -> str:
        if place.column is not self._order:
            return place.column.title
        return f"{place.column.title}{'↓' if self._reverse else '↑'}"

    # Keys and mouse

    def action_move(self, by: int) -> None:
        """Move the cursor."""
        if not self._rows:
            return
        self._at = max(0, min(self._at + by, len(self._rows) - 1))
        self._current, self._wished = self._key(self._rows[self._at]), None
        self._scroll_to_cursor()
        self._redraw()
        self.post_message(self.Changed())

    def action_page(self, direction: int) -> None:
        """Move the cursor by what is seen at once."""
        self.action_move(direction * max(1, self._seen - 1))

    def action_choose(self) -> None:
        """Choose the row."""
        if self.row is not None:
            self.post_message(self.Chosen(self, self.row))

    def action_order(self) -> None:
        """Put the rows in order by the next column that is shown."""
        shown = [place.column for place in self._placed]
        at = shown.index(self._order) if self._order in shown else -1
        if shown:
            self._sort(shown[(at + 1) % len(shown)], reverse=False)

    def action_turn(self) -> None:
        """Turn the order round."""
        self._sort(self._order, not self._reverse)

    def _sort(self, column: Column | None, reverse: bool) -> None:
        self._order, self._reverse = column, reverse
        self._arrange()
        self.post_message(self.Changed())

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on a row; a heading puts the rows in order; a second click chooses."""
        if self._header and event.y == 0:
            self._click_header(event.x)
            return
        at = event.y - self._header + self.scroll_offset.y
        if at < len(self._rows):
            self.action_move(at - self._at)
            if event.chain == 2:
                self.action_choose()

    def _click_header(self, x: int) -> None:
        left = 0
        for place in self._placed:
            if left <= x < left + place.width + GAP:
                same = place.column is self._order
                self._sort(place.column, same and not self._reverse)
                return
            left += place.width + GAP

    @property
    def _in_sight(self) -> bool:
        """Whether the cursor is; who has turned the mouse's wheel looks at something else."""
        return 0 <= self._at - self.scroll_offset.y < self._seen

    @property
    def _seen(self) -> int:
        """How many rows are seen at once."""
        return max(1, self.size.height - self._header)

    def _scroll_to_cursor(self) -> None:
        if not self._in_sight:
            to = self._at if self._at < self.scroll_offset.y else self._at - self._seen + 1
            self.scroll_to(y=to, animate=False, force=True, immediate=True)


def _cell(text: str, place: Placed) -> str:
    width = place.width
    if place.column.keeps_end:
        return text[-width:].rjust(width)
    if cell_len(text) > width:
        text = set_cell_size(text, width - 1) + "…"
    return " " * (width - cell_len(text)) + text if place.column.right else set_cell_size(text, width)
