"""Everything that is known of a row."""

from collections.abc import Mapping
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from ..topics import Row
from ..wording import shown


class Details(ModalScreen[None]):
    """Shows the keys of a row with their values, whole."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter,q", "dismiss", "Close")]

    def __init__(self, title: str, row: Row) -> None:
        super().__init__()
        self._title = title
        self._row = row

    def compose(self) -> ComposeResult:
        """The rows of the table that the row is."""
        with Vertical(classes="dialog wide"):
            yield Static(Text(self._title, style="bold"))
            with VerticalScroll():
                yield Static(facts(self._row))
            yield Static("Esc closes", classes="quiet")


def facts(row: Mapping[str, object]) -> Text:
    """Keys and values, a line each."""
    width = max(map(len, row), default=0)
    lines = [
        Text.assemble((shown(key).replace("_", " ").ljust(width), "bold"), "  ", shown(value))
        for key, value in row.items()
    ]
    return Text("\n").join(lines)
