"""A password for a command that reads one from its standard input."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static


class Password(ModalScreen[str | None]):
    """Asks for it without showing it; None: there is to be none."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Cancel")]

    def compose(self) -> ComposeResult:
        """One line that is not shown."""
        with Vertical(classes="dialog"):
            yield Static("Password (Enter goes on, Esc does not)", classes="heading")
            yield Input(password=True, compact=True)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value)
