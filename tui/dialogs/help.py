"""Which keys do what, in the view that is shown and everywhere."""

from collections.abc import Iterable
from typing import ClassVar, NamedTuple

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static


class Key(NamedTuple):
    """A key and what it does. `available`: whether it can be done now."""

    key: str
    does: str
    available: bool = True


EVERYWHERE = (
    Key("1 to 7", "the views"),
    Key("up, down, PgUp, PgDn, Home, End", "move; the mouse does, too"),
    Key("Enter", "everything about the row"),
    Key("o, O", "order by the next column; the other way round; or click on a heading"),
    Key("/", "show only rows with these words in them; !word: without; Esc: all"),
    Key("Tab", "the next table of the view"),
    Key(":", "a command line for every mtq command"),
    Key("Ctrl+P", "the palette: everything by its name, themes too"),
    Key("q", "leave; the server goes on"),
)


class Help(ModalScreen[None]):
    """See the module's first lines."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,question_mark,q,enter", "dismiss", "Close")]

    def __init__(self, view: str, keys: Iterable[Key], remark: str) -> None:
        super().__init__()
        self._view = view
        self._keys = tuple(keys)
        self._remark = remark

    def compose(self) -> ComposeResult:
        """The keys of the view first."""
        with Vertical(classes="dialog wide"):
            with VerticalScroll():
                if self._keys:
                    yield Static(Text(self._view, style="bold"))
                    yield Static(_lines(self._keys))
                    yield Static("")
                yield Static(Text("Everywhere", style="bold"))
                yield Static(_lines(EVERYWHERE))
                if self._remark:
                    yield Static("\n" + self._remark, markup=False)
            yield Static("Esc closes", classes="quiet")


def _lines(keys: Iterable[Key]) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(max_width=20)
    for key in keys:
        grid.add_row(Text(key.key, "bold"), Text(key.does if key.available else f"{key.does} (not available now)"))
    return grid
