"""Lines of a log: wrapped, bounded, drawn only where they are seen, followed or left where they are."""

from collections.abc import Iterable, Sequence
from typing import ClassVar

from rich.cells import cell_len, chop_cells, set_cell_size
from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from .columns import Tone, has_words
from .topics import Row
from .wording import shown, time_of_day

KEPT = 5000
"""Lines of the log that are kept; a tenth more are let come before the oldest are dropped."""

INDENT = 17
"""Cells that time and level take: what is wrapped goes on below the text."""

TONES = {"error": Tone.BAD, "warning": Tone.WARN, "debug": Tone.QUIET}


class LogPane(ScrollView, can_focus=True):
    """See the module's first lines."""

    DEFAULT_CSS = "LogPane { overflow-x: hidden; scrollbar-size-vertical: 1; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "scroll_lines(-1)", "Up", show=False),
        Binding("down", "scroll_lines(1)", "Down", show=False),
        Binding("pageup", "scroll_pages(-1)", "Page up", show=False),
        Binding("pagedown", "scroll_pages(1)", "Page down", show=False),
        Binding("home", "scroll_lines(-1000000000)", "First", show=False),
        Binding("end", "follow", "Last, and follow", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"log--{tone.value}" for tone in Tone} | {"log--found"}

    class Followed(Message):
        """It follows now, or it does no more."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.following = True
        self._rows: list[Row] = []
        self._wanted = ""
        self._lines: list[tuple[str, Tone]] = []
        self._heights: list[int] = []       # how many of them belong to each row

    def show(self, rows: Iterable[Row]) -> None:
        """Show these lines from now on, and no others."""
        self._rows = list(rows)
        self._wrap()

    def add(self, rows: Iterable[Row]) -> None:
        """Show these lines below the others."""
        new = list(rows)
        self._rows += new
        self._wrap_more(new)
        self._forget()
        self._settle()

    def filter(self, wanted: str) -> None:
        """Show only lines that have these words in them."""
        self._wanted = wanted
        self._wrap()

    def on_resize(self) -> None:
        """Wrap to another width."""
        self._wrap()

    def follow(self, wanted: bool) -> None:
        """Stay with the newest line, or where one is."""
        self.following = wanted
        if wanted:
            self._to(len(self._lines))
        self.post_message(self.Followed())

    # Drawing

    def _wrap(self) -> None:
        self._lines, self._heights = [], []
        self._wrap_more(self._rows)
        self._settle()

    def _wrap_more(self, rows: Iterable[Row]) -> None:
        width = self.scrollable_content_region.width
        for row in rows if width else ():
            lines = self._wrapped(row, width)
            self._lines += lines
            self._heights.append(len(lines))

    def _forget(self) -> None:
        """Drop the oldest rows; who looks at others goes on seeing them where they are."""
        if len(self._rows) <= KEPT * 1.1:
            return
        rows = len(self._rows) - KEPT
        lines = sum(self._heights[:rows])
        del self._rows[:rows], self._heights[:rows], self._lines[:lines]
        if not self.following:
            self._to(self.scroll_offset.y - lines)

    def _settle(self) -> None:
        self.virtual_size = Size(self.scrollable_content_region.width, len(self._lines))
        if self.following:
            self._to(len(self._lines))
        self.refresh()

    def _wrapped(self, row: Row, width: int) -> Sequence[tuple[str, Tone]]:
        level = shown(row.get("level"))
        text = shown(row.get("text"))
        if self._wanted and not has_words(f"{level} {text}", self._wanted):
            return ()
        tone = TONES.get(level, Tone.PLAIN)
        head = f"{time_of_day(row.get('at'))} {level:<7} "
        room = max(10, width - INDENT)
        pieces = enumerate(_folded(text, room))
        return [((" " * INDENT if number else head) + piece, tone) for number, piece in pieces]

    def render_line(self, y: int) -> Strip:
        """One line as it is seen."""
        width = self.size.width
        at = y + self.scroll_offset.y
        if at >= len(self._lines):
            return Strip.blank(width, self.rich_style)
        text, tone = self._lines[at]
        style = self.get_component_rich_style(f"log--{tone.value}")
        return Strip([Segment(set_cell_size(text, width), style)], width)

    def _to(self, y: int) -> None:
        self.scroll_to(y=y, animate=False, force=True, immediate=True)

    def on_mouse_scroll_up(self) -> None:
        """Who looks up does not follow any more."""
        if self.following:
            self.follow(False)

    # Keys

    def action_scroll_lines(self, by: int) -> None:
        """Look further up or down; who looks up does not follow any more."""
        self._to(self.scroll_offset.y + by)
        if by < 0 and self.following:
            self.follow(False)

    def action_scroll_pages(self, by: int) -> None:
        """Look a page further up or down."""
        self.action_scroll_lines(by * max(1, self.size.height - 1))

    def action_follow(self) -> None:
        """Stay with the newest line from now on."""
        self.follow(True)


def _folded(text: str, room: int) -> list[str]:
    """A text in pieces of at most so many cells, between words where that is possible."""
    pieces = []
    while cell_len(text) > room:
        piece = chop_cells(text, room)[0]
        at = piece.rfind(" ", 1)
        end = at if at > room // 2 else len(piece)
        pieces.append(text[:end])
        text = text[end:].lstrip(" ")
    return [*pieces, text]
