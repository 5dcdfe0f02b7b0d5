"""A table of rows that come anew every second: only what is seen is drawn, and the cursor stays on its row."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from .columns import GAP, Column, Placed, Tone, matching, ordered, placed
from .topics import Row

SAMPLE = 300
"""Rows that are looked at for the width of the columns, besides those that are seen."""


class Table(ScrollView, can_focus=True):
    """See the module's first lines. `key` is what makes a row the same row when it comes again."""

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
        """Put the cursor on the row with this key."""
        self._current = key
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
        had = self.row is not None
        self._rows = ordered(matching(self._all, self.columns, self._wanted), self._order, self._reverse)
        at = next((at for at, row in enumerate(self._rows) if self._key(row) == self._current), None)
        self._at = max(0, min(self._at, len(self._rows) - 1)) if at is None else at
        self._current = None if self.row is None else self._key(self.row)
        self._fit()
        self._scroll_to_cursor()
        self.refresh()
        if had is not (self.row is not None):
            self.post_message(self.Changed())

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
        self.refresh()

    # Drawing

    def render_line(self, y: int) -> Strip:
        """One line as it is seen."""
        width = self.size.width
        if self._header and y == 0:
            return self._line([self._title(place) for place in self._placed], self._style("header"), width)
        at = y - self._header + self.scroll_offset.y
        if at >= len(self._rows):
            return self._nothing(y, width)
        row = self._rows[at]
        style = self._style("cursor") if at == self._at and self.has_focus else self._style(self._tone(row).value)
        return self._line([place.column.of(row) for place in self._placed], style, width)

    def _nothing(self, y: int, width: int) -> Strip:
        if y == self._header and not self._rows:
            text = self.empty if not self._all else "nothing here has these words in it"
            return self._cut(text, self._style("quiet"), width)
        return Strip.blank(width, self.rich_style)

    def _line(self, cells: Sequence[str], style: Style, width: int) -> Strip:
        texts = [_cell(text, place) for text, place in zip(cells, self._placed, strict=True)]
        return self._cut((" " * GAP).join(texts), style, width)

    def _cut(self, text: str, style: Style, width: int) -> Strip:
        return Strip([Segment(set_cell_size(text, width), style)], width)

    def _title(self, place: Placed) -> str:
        if place.column is not self._order:
            return place.column.title
        return f"{place.column.title}{'↓' if self._reverse else '↑'}"

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"table--{name}")

    # Keys and mouse

    def action_move(self, by: int) -> None:
        """Move the cursor."""
        if not self._rows:
            return
        self._at = max(0, min(self._at + by, len(self._rows) - 1))
        self._current = self._key(self._rows[self._at])
        self._scroll_to_cursor()
        self.refresh()
        self.post_message(self.Changed())

    def action_page(self, direction: int) -> None:
        """Move the cursor by what is seen at once."""
        self.action_move(direction * max(1, self.size.height - self._header - 1))

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

    def _scroll_to_cursor(self) -> None:
        seen = max(1, self.size.height - self._header)
        top = self.scroll_offset.y
        if self._at < top or self._at >= top + seen:
            to = self._at if self._at < top else self._at - seen + 1
            self.scroll_to(y=to, animate=False, force=True, immediate=True)


def _cell(text: str, place: Placed) -> str:
    width = place.width
    if place.column.keeps_end:
        return text[-width:].rjust(width)
    if cell_len(text) > width:
        text = set_cell_size(text, width - 1) + "…"
    return " " * (width - cell_len(text)) + text if place.column.right else set_cell_size(text, width)
