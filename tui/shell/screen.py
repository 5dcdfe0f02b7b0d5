"""The command line: every mtq command without the `mtq`, completed as it is typed, its output in place."""

import asyncio
import shlex
from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Label, Static
from textual.worker import Worker

from ..dialogs.confirm import Confirm
from ..dialogs.password import Password
from ..wording import harmless
from . import effects
from .command import Candidate, Complete, Run
from .line import History, completed, typed
from .transcript import Transcript

SHOWN = 6
"""Candidates that are shown at once."""

HINT = "Tab completes  Up, Down: typed before  PgUp, PgDn: output  Esc back"

WELCOME = """\
Type any mtq command without the mtq, such as
  status
  service list
  user add barney --password-stdin"""


class Memory:
    """What outlives the screen: the transcript and the history. Neither is written anywhere."""

    def __init__(self) -> None:
        self.transcript = Transcript()
        self.history = History()
        self.transcript.remark(WELCOME)


class Shell(ModalScreen[None]):
    """See the module's first lines."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", priority=True),
        Binding("ctrl+c", "interrupt", "Stop the command", priority=True),
        Binding("tab", "complete", "Complete", priority=True),
        Binding("up", "older", "Older", priority=True, show=False),
        Binding("down", "newer", "Newer", priority=True, show=False),
        Binding("pageup", "page(-1)", "Page up", priority=True, show=False),
        Binding("pagedown", "page(1)", "Page down", priority=True, show=False),
    ]

    def __init__(self, run: Run, complete: Complete, memory: Memory, read_only: bool) -> None:
        super().__init__()
        self._run = run
        self._complete = complete
        self._memory = memory
        self._read_only = read_only
        self._candidates: Sequence[Candidate] = ()
        self._at_work: Worker[None] | None = None

    def compose(self) -> ComposeResult:
        """The output, what could be typed next, and the line."""
        with Vertical(id="shell"):
            with VerticalScroll(id="output", can_focus=False):
                yield Static(id="transcript")
            yield Static(id="candidates")
            with Horizontal(id="prompt"):
                yield Label(":")
                yield Input(id="line", compact=True, select_on_focus=False)

    def on_mount(self) -> None:
        """Show what was said before."""
        self._show()
        self._line.focus()
        self._look_for_candidates("")

    @property
    def _line(self) -> Input:
        return self.query_one("#line", Input)

    # Completion

    @on(Input.Changed, "#line")
    def _changed(self, event: Input.Changed) -> None:
        self._look_for_candidates(event.value)

    @work(exclusive=True, group="candidates")
    async def _look_for_candidates(self, line: str) -> None:
        self._candidates = await asyncio.to_thread(self._fitting, line)
        self.query_one("#candidates", Static).update(_listed(self._candidates) if line else HINT)

    def _fitting(self, line: str) -> Sequence[Candidate]:
        words = typed(line).words
        return [candidate for candidate in self._complete(words) if candidate.word.startswith(words[-1])]

    @work(exclusive=True, group="completion")
    async def action_complete(self) -> None:
        """Complete the word that is being typed."""
        line = self._line
        line.value = completed(line.value, await asyncio.to_thread(self._fitting, line.value))
        line.cursor_position = len(line.value)

    # History

    def action_older(self) -> None:
        """The line that was typed before."""
        self._recall(self._memory.history.older(self._line.value))

    def action_newer(self) -> None:
        """The line that was typed after it."""
        self._recall(self._memory.history.newer(self._line.value))

    def _recall(self, line: str) -> None:
        self._line.value = line
        self._line.cursor_position = len(line)

    # Running

    @on(Input.Submitted, "#line")
    def _submitted(self, event: Input.Submitted) -> None:
        line = event.value.strip()
        if line and self._at_work is None:
            self._recall("")
            self._memory.history.enter(line)
            self._memory.transcript.typed(line)
            self._at_work = self._carry_out(line)

    @work
    async def _carry_out(self, line: str) -> None:
        transcript = self._memory.transcript
        try:
            arguments = shlex.split(line)
            if arguments[:1] == ["mtq"]:
                del arguments[0]
            refusal = self._refusal(arguments)
            if refusal:
                transcript.remark(refusal)
            elif not effects.harms(arguments) or await self.app.push_screen_wait(Confirm(f"mtq {line}: do it?")):
                await self._execute(arguments)
            else:
                transcript.remark("not done")
        except ValueError as error:
            transcript.remark(f"{error}".lower())
        finally:
            self._at_work = None
            self._show()

    def _refusal(self, arguments: Sequence[str]) -> str:
        if self._read_only and not effects.only_looks(arguments):
            return "this dashboard was started with --read-only: it changes nothing"
        return effects.unsuited(arguments)

    async def _execute(self, arguments: Sequence[str]) -> None:
        stdin = b""
        if "--password-stdin" in arguments:
            password = await self.app.push_screen_wait(Password())
            if password is None:
                self._memory.transcript.remark("not done")
                return
            stdin = password.encode() + b"\n"
        self._show("running; Ctrl+C stops it")
        outcome = await self._run(arguments, max(40, self.size.width - 4), stdin)
        self._memory.transcript.came(outcome)

    def action_interrupt(self) -> None:
        """Stop the command that runs."""
        if self._at_work is not None:
            self._at_work.cancel()
            self._memory.transcript.remark("stopped")

    def action_leave(self) -> None:
        """Go back to the view; a command that runs is stopped."""
        self.action_interrupt()
        self.dismiss(None)

    # Output

    def _show(self, state: str = "") -> None:
        if not self.is_attached:
            return      # who ran the command has left
        lines = [*self._memory.transcript.lines, *([Text(state, style="dim")] if state else [])]
        self.query_one("#transcript", Static).update(Text("\n").join(lines))
        self._output.scroll_end(animate=False)

    @property
    def _output(self) -> VerticalScroll:
        return self.query_one("#output", VerticalScroll)

    def action_page(self, direction: int) -> None:
        """Look through the output."""
        by = direction * max(1, self._output.size.height - 1)
        self._output.scroll_to(y=self._output.scroll_offset.y + by, animate=False)


def _listed(candidates: Sequence[Candidate]) -> Text:
    shown = candidates[:SHOWN]
    width = max((len(candidate.word) for candidate in shown), default=0)
    lines = [
        Text.assemble((harmless(candidate.word).ljust(width), "bold"), "  ", harmless(candidate.about))
        for candidate in shown
    ]
    if len(candidates) > SHOWN:
        lines.append(Text(f"and {len(candidates) - SHOWN} more"))
    return Text("\n").join(lines)
