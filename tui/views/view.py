"""What all views have in common: a title, a table that can be filtered, and actions that need a right and a row."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Input, Static

from ..desk import Desk, Need
from ..dialogs.details import Details
from ..table import Table
from ..topics import Row, Topic
from ..wording import shown


class View(Vertical):
    """See the module's first lines. `NEEDS`: what its actions need; those in `ON_A_ROW` act on the cursor's row."""

    NAME: ClassVar[str]
    TOPICS: ClassVar[frozenset[Topic]]
    NEEDS: ClassVar[Mapping[str, Need]] = {}
    ON_A_ROW: ClassVar[frozenset[str]] = frozenset()
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter", key_display="/", tooltip="Show only rows that have these words in them"),
        Binding("escape", "unfilter", "Show all rows again", show=False),
    ]

    def __init__(self, desk: Desk) -> None:
        super().__init__(id=self.NAME)
        self.desk = desk
        self._title = Text()

    def compose(self) -> ComposeResult:
        """The title, what the view shows, and the line to filter by."""
        yield Static(classes="title", markup=False)
        yield from self.content()
        yield Input(placeholder="words that a row has to have in it; !word: that it has not", classes="filter")

    def content(self) -> Sequence[Widget]:
        """What the view shows between title and filter."""
        raise NotImplementedError

    def show(self) -> None:
        """Show what is known now."""
        raise NotImplementedError

    @property
    def table(self) -> Table:
        """The table that is in use: the one with the focus, else the first."""
        return next((table for table in self.query(Table) if table.has_focus), self.query(Table).first())

    @property
    def main(self) -> Widget:
        """What keys go to."""
        return self.table

    @property
    def row(self) -> Row:
        """The row that the cursor is on; actions on a row are only called if there is one."""
        return self.table.row or {}

    def enter(self, key: object = None) -> None:
        """Be the view that is shown, with the cursor on this row."""
        if key is not None:
            self.table.go_to(key)
        self.screen.set_focus(self.main)        # at once: keys that were typed ahead are this view's
        self.show()

    def remark(self) -> str:
        """What else there is to say in the title."""
        return ""

    def entitle(self) -> None:
        """Write the title: the view's name, how many rows of how many, and the remark."""
        table = self.query(Table).first()
        seen, there = table.counts
        count = f"{there}" if seen == there else f"{seen} of {there}"
        parts = [count, table.sorting, self.remark()]
        wanted = self.query_one(".filter", Input).value
        if wanted:
            parts.append(f"with {shown(wanted)} in it")
        title = Text.assemble((self.NAME.capitalize(), "bold"), "  ", "  ".join(part for part in parts if part))
        self.put_title(title)

    def put_title(self, title: Text) -> None:
        """Write this title, if it is another one: the screen is laid out anew then."""
        if title != self._title:
            self._title = title
            self.query_one(".title", Static).update(title)

    # Actions

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether it can be done now: None, it is shown as not available; False, it is not shown."""
        need = self.NEEDS.get(action)
        allowed = True if need is None else self.desk.allows(need)
        if allowed and action in self.ON_A_ROW and self.is_mounted and self.table.row is None:
            return None
        return allowed

    @on(Table.Focused)
    def _focused(self) -> None:
        self.refresh_bindings()

    @on(Table.Changed)
    def _changed(self) -> None:
        self.refresh_bindings()
        self.entitle()

    @on(Table.Chosen)
    def _chosen(self, event: Table.Chosen) -> None:
        self.choose(event.table, event.row)

    def choose(self, table: Table, row: Row) -> None:
        """Show everything that is known of a row."""
        self.app.push_screen(Details(self.NAME.capitalize(), row))

    def action_filter(self) -> None:
        """Have words typed that rows have to have in them."""
        line = self.query_one(".filter", Input)
        line.display = True
        line.focus()

    def action_unfilter(self) -> None:
        """Show all rows again."""
        line = self.query_one(".filter", Input)
        line.value = ""
        line.display = False
        self.main.focus()

    def narrow(self, wanted: str) -> None:
        """Show only what has these words in it."""
        for table in self.query(Table):
            table.filter(wanted)

    @on(Input.Changed, ".filter")
    def _typed(self, event: Input.Changed) -> None:
        self.narrow(event.value)
        self.entitle()

    @on(Input.Submitted, ".filter")
    def _entered(self, event: Input.Submitted) -> None:
        event.input.display = bool(event.value)
        self.main.focus()
