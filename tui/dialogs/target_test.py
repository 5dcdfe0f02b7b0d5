"""A call to a remote server, watched step by step."""

from collections.abc import AsyncIterator, Callable
from typing import ClassVar, Protocol

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from mtq.errors import MtqError

from ..wording import shown


class Step(Protocol):
    """A step of the call, as it is done."""

    @property
    def name(self) -> str:
        """What was done."""

    @property
    def ok(self) -> bool:
        """Whether it went well."""

    @property
    def seconds(self) -> float:
        """How long it took."""

    @property
    def text(self) -> str:
        """What came of it."""


Probe = Callable[[str], AsyncIterator[Step]]
"""Calls a remote server, TARGET as in `mtq proxy test`, in this process. Raises MtqError."""


class TargetTest(ModalScreen[None]):
    """Asks for targets, one after the other."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Close")]

    def __init__(self, probe: Probe) -> None:
        super().__init__()
        self._probe = probe

    def compose(self) -> ComposeResult:
        """A line to type in, and the steps under it."""
        with Vertical(classes="dialog wide"):
            yield Static("Call a remote server as the proxy would", classes="heading")
            yield Input(placeholder="pop.isp.com or pop.isp.com:995", compact=True)
            with VerticalScroll():
                yield Static("", id="steps")
            yield Static("Enter calls, Esc closes", classes="quiet")

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        if event.value.strip():
            self._call(event.value.strip())

    @work(exclusive=True)
    async def _call(self, target: str) -> None:
        lines = [Text(f"calling {shown(target)}", style="dim")]
        self._show(lines)
        try:
            async for step in self._probe(target):
                lines.append(_line(step))
                self._show(lines)
        except MtqError as error:
            lines.append(Text(str(error)))
        self._show(lines)

    def _show(self, lines: list[Text]) -> None:
        self.query_one("#steps", Static).update(Text("\n").join(lines))


def _line(step: Step) -> Text:
    mark = "ok    " if step.ok else "FAILED"
    said = f" {shown(step.name)}: {shown(step.text)} ({step.seconds:.1f} s)"
    return Text.assemble((mark, "" if step.ok else "bold"), said)
