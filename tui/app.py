"""The dashboard: the views, what feeds them and what carries out what they ask for, joined."""

import asyncio
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import App, ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import ContentSwitcher, Static

from mtq import durable
from mtq.errors import MtqError

from .deeds import Deed
from .desk import Desk
from .dialogs.confirm import Confirm
from .dialogs.help import Help, Key
from .dialogs.target_test import Probe
from .feed import Feed
from .frame import Contents, Heading, Keys
from .messages import Attached, Complained, Detached, Do, Go, Happened, Sampled
from .shell.command import Complete, Run, nothing_runs
from .shell.screen import Memory, Shell
from .themes import PLAIN, suited
from .topics import Topic
from .views.firewall import Firewall
from .views.locks import Locks
from .views.log import LogView
from .views.overview import Overview
from .views.proxy import Proxy
from .views.services import Services
from .views.sessions import Sessions
from .views.view import View
from .wording import harmless, shown

AT_MOST_EVERY = 0.2
"""Seconds from one drawing of a view to the next, however much happens."""


class Dashboard(App[None]):
    """Attached to the server on `socket`. `file`: the configuration; `run`, `complete`: for the command line."""

    TITLE = "mtq"
    CSS_PATH = "mtq.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("colon", "shell", "Command", key_display=":", tooltip="A command line for every mtq command"),
        Binding("question_mark", "help", "Help", key_display="?"),
        Binding("q", "quit", "Quit"),
        *(Binding(str(number), f"go({number})", show=False) for number in range(1, 8)),
    ]

    def __init__(
        self,
        socket: Path,
        file: Path,
        *,
        read_only: bool = False,
        run: Run = nothing_runs,
        complete: Complete = lambda _: (),
        probe: Probe | None = None,
    ) -> None:
        super().__init__()
        self.desk = Desk(socket, file, read_only)
        self._feed = Feed(socket, self.post_message)
        self._views: list[View] = [
            Overview(self.desk), Services(self.desk), Sessions(self.desk), Locks(self.desk), Firewall(self.desk),
            Proxy(self.desk, probe), LogView(self.desk),
        ]      # fmt: skip
        self._heading = Heading()
        self._contents = Contents([view.NAME for view in self._views])
        self._trouble = Static(id="trouble", markup=False)
        self._switcher = ContentSwitcher(*self._views, initial=self._views[0].NAME)
        self._run_command = run
        self._complete = complete
        self._memory = Memory()
        self._changed: frozenset[Topic] = frozenset()
        self._timer: Timer | None = None
        self.register_theme(PLAIN)
        self.theme = suited(self.no_color, self.console.color_system)

    def compose(self) -> ComposeResult:
        """What the screen is made of, from the top."""
        yield self._heading
        yield self._contents
        yield self._trouble
        yield self._switcher
        yield Keys()

    def on_mount(self) -> None:
        """Look for the server."""
        self.run_worker(self._feed.run(), name="feed")
        self._enter(self._views[0])
        self._show()

    @property
    def view(self) -> View:
        """The view that is shown."""
        return next(view for view in self._views if self._switcher.current == view.NAME)

    # What comes from the feed

    @on(Attached)
    def _attached(self, message: Attached) -> None:
        self._take(self.desk.picture.attach(message.status))
        self._look_at_rights()

    @on(Detached)
    def _detached(self, message: Detached) -> None:
        self._take(self.desk.picture.detach(message.reason))

    @on(Happened)
    def _happened(self, message: Happened) -> None:
        self._take(self.desk.picture.apply(message.events))

    @on(Sampled)
    def _sampled(self, message: Sampled) -> None:
        self._take(self.desk.picture.take(message.topic, message.data))
        if message.topic is Topic.STATUS:
            self._look_at_rights()

    @work(exclusive=True, group="rights")
    async def _look_at_rights(self) -> None:
        """See whether the configuration may be written. Its file may be on a slow disk."""
        may = await asyncio.to_thread(durable.may_replace, self.desk.configuration())
        if may is not self.desk.may_write:
            self.desk.may_write = may
            self.refresh_bindings()
            self._take(frozenset(Topic))

    @on(Complained)
    def _complained(self, message: Complained) -> None:
        self.notify(harmless(message.reason), severity="error", markup=False)

    def _take(self, changed: frozenset[Topic]) -> None:
        """Draw soon what has changed, and not too often."""
        self._changed |= changed
        if self._timer is None:
            self._show()
            self._timer = self.set_timer(AT_MOST_EVERY, self._show_the_rest)

    def _show_the_rest(self) -> None:
        self._timer = None
        if self._changed:
            self._take(frozenset())

    def _show(self) -> None:
        if not self._heading.is_attached:
            return      # the dashboard is being left
        changed, self._changed = self._changed, frozenset()
        self._show_state()
        if changed & self.view.TOPICS:
            self.view.show()

    def _show_state(self) -> None:
        picture = self.desk.picture
        name = f"{shown(picture.status.get('hostname'))}  mtq {shown(picture.status.get('version'))}"
        state = "connected" if picture.attached else "NOT CONNECTED"
        mode = "  read-only" if self.desk.read_only else ""
        self._heading.show((name if picture.status else "mtq") + mode, state, picture.attached)
        if self._trouble.display is picture.attached:
            self._trouble.display = not picture.attached
            self.refresh_bindings()
        if picture.trouble is not None:
            since = ". What is shown is how it was" if picture.status else ""
            self._trouble.update(f"{harmless(picture.trouble)}{since}.")

    # What the views ask for

    @on(Do)
    @work
    async def _do(self, message: Do) -> None:
        deed = message.deed
        if not deed.question or await self.push_screen_wait(Confirm(deed.question)):
            await self._carry_out(deed)

    async def _carry_out(self, deed: Deed) -> None:
        try:
            said = await deed.work()
        except MtqError as error:
            self.notify(harmless_lines(str(error)), severity="error", timeout=15, markup=False)
        else:
            self.notify(harmless_lines(said), markup=False)
        self._feed.look()

    @on(Go)
    def _go(self, message: Go) -> None:
        self._enter(next(view for view in self._views if message.view == view.NAME), message.key)

    def action_go(self, number: int) -> None:
        """Show a view."""
        self._enter(self._views[number - 1])

    def _enter(self, view: View, key: object = None) -> None:
        self._switcher.current = view.NAME
        self._contents.show(view.NAME)
        self._feed.want(view.TOPICS)
        view.enter(key)
        self.refresh_bindings()

    # Everywhere

    def action_shell(self) -> None:
        """Open the command line."""
        self.push_screen(
            Shell(self._run_command, self._complete, self._memory, self.desk.read_only), lambda _: self._feed.look()
        )

    def action_help(self) -> None:
        """Say which keys do what."""
        keys = [
            Key(self.get_key_display(active.binding), active.tooltip or active.binding.description, active.enabled)
            for active in self.screen.active_bindings.values()
            if active.node is self.view and active.binding.show
        ]
        self.push_screen(Help(self.view.NAME.capitalize(), keys, self.desk.refusal()))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """What the palette offers: the views, what can be done in the present one, and the rest."""
        for number, view in enumerate(self._views, 1):
            yield SystemCommand(view.NAME.capitalize(), f"Show the view (key {number})", partial(self._enter, view))
        for active in screen.active_bindings.values():
            if active.node is self.view and active.binding.show and active.enabled:
                name, about = active.binding.description, active.tooltip or active.binding.description
                yield SystemCommand(name, about, partial(self.simulate_key, active.binding.key))
        yield SystemCommand("Command line", "Every mtq command (key :)", self.action_shell)
        yield SystemCommand("Keys", "Which keys do what (key ?)", self.action_help)
        yield SystemCommand("Theme", "Other colours, or none", self.action_change_theme)
        yield SystemCommand("Quit", "Leave; the server goes on", self.action_quit)


def harmless_lines(text: str) -> str:
    """Several lines, none of which harms a terminal."""
    return "\n".join(map(harmless, text.splitlines()))
