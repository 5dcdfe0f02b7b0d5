"""Whether an address would be let in, by which service, and why."""

from collections.abc import Awaitable, Callable, Mapping
from typing import ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from mtq.errors import MtqError

from ..wording import shown

Check = Callable[[str], Awaitable[Mapping[str, Mapping[str, object]]]]
"""Gives the decision of every service. Raises MtqError."""


class AddressTest(ModalScreen[None]):
    """Asks for addresses, one after the other."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Close")]

    def __init__(self, check: Check, address: str = "") -> None:
        super().__init__()
        self._check = check
        self._address = address

    def compose(self) -> ComposeResult:
        """A line to type in, and the decisions under it."""
        with Vertical(classes="dialog wide"):
            yield Static("Would this address be let in?", classes="heading")
            yield Input(self._address, placeholder="192.0.2.7 or 2001:db8::7", compact=True)
            yield Static("", id="decisions")
            yield Static("Enter tests, Esc closes", classes="quiet")

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        if event.value.strip():
            self._test(event.value.strip())

    @work(exclusive=True)
    async def _test(self, address: str) -> None:
        try:
            decisions = await self._check(address)
        except MtqError as error:
            told = Text(str(error))
        else:
            told = Text("\n").join(_sentence(name, row) for name, row in decisions.items())
        self.query_one("#decisions", Static).update(told)


def _sentence(service: str, row: Mapping[str, object]) -> Text:
    verdict = "let in" if row.get("allowed") else "shut out"
    return Text.assemble(f"{service}: ", (verdict, "bold"), f", {shown(row.get('reason'))}")
