"""The form for a range that is to be let in or shut out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Label, Select, Static

from mtq.access.entry import Entry
from mtq.config.range_lists import parsed, until
from mtq.errors import WrongUsage

LAN = "the local network (server.lan)"
ALL = "every service"
VERDICTS = (("let in", False), ("shut out", True))


@dataclass(frozen=True)
class Wish:
    """A range, and the services it is for; None stands for the LAN."""

    entry: Entry
    services: tuple[str | None, ...]


class RangeForm(ModalScreen[Wish | None]):
    """Asks for a range. What is wrong is said in the form, by the command line's own words."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Cancel")]

    def __init__(self, services: Sequence[str], service: str | None = None, address: str = "") -> None:
        """`service` is chosen at first, else all of them; with an `address`, that is to be shut out."""
        super().__init__()
        self._services = tuple(services)
        self._service = service
        self._address = address

    def compose(self) -> ComposeResult:
        """One line a question."""
        choices = [(ALL, ALL), *((f"service {name}", name) for name in self._services), (LAN, LAN)]
        title = f"Shut {self._address} out" if self._address else "Add a range"
        with Vertical(classes="dialog form"):
            yield Static(title, markup=False, classes="heading")
            with Horizontal():
                yield Label("Range")
                hint = "192.0.2.7, 192.0.2.0/24, 10.0.0.5-10.0.0.99, host name"
                yield Input(self._address, placeholder=hint, id="range", compact=True)
            with Horizontal():
                yield Label("Is to be")
                yield Select(VERDICTS, value=bool(self._address), allow_blank=False, id="exclude", compact=True)
            with Horizontal():
                yield Label("By")
                yield Select(choices, value=self._service or ALL, allow_blank=False, id="service", compact=True)
            with Horizontal():
                yield Label("For")
                yield Input(placeholder="for ever; or 30m, 24h, 7d", id="expires", compact=True)
            with Horizontal():
                yield Label("Comment")
                yield Input(placeholder="what it is for", id="comment", compact=True)
            yield Static("", id="wrong", markup=False)
            with Horizontal(classes="buttons"):
                yield Button("Add (Enter)", id="add", compact=True)
                yield Button("Cancel (Esc)", id="cancel", compact=True)

    def on_mount(self) -> None:
        """Where there is nothing to type any more, Enter adds."""
        self.query_one("#add" if self._address else "#range").focus()

    @on(Input.Submitted)
    @on(Button.Pressed, "#add")
    def _add(self) -> None:
        try:
            wish = self._wish()
        except WrongUsage as error:
            self.query_one("#wrong", Static).update(str(error))
        else:
            self.dismiss(wish)

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.dismiss(None)

    def _wish(self) -> Wish:
        values = {line.id: line.value.strip() for line in self.query(Input)}
        range = parsed(values["range"], self.query_one("#exclude", Select).value is True)
        entry = Entry(range, until(values["expires"] or None), values["comment"])
        return Wish(entry, self._chosen())

    def _chosen(self) -> tuple[str | None, ...]:
        chosen = self.query_one("#service", Select).value
        if chosen == LAN:
            return (None,)
        return self._services if chosen == ALL else (str(chosen),)
