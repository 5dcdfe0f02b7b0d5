"""The proxy: how it stands, which servers may be used through it, and where APOP has failed."""

from collections.abc import Sequence
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Static

from mtq.config.model import Config
from mtq.config.read import load
from mtq.errors import MtqError

from ..columns import Column
from ..desk import Desk, Need
from ..dialogs.target_test import Probe, TargetTest
from ..messages import Do
from ..table import Table
from ..topics import Row, Topic
from ..wording import moment
from .view import View


class Proxy(View):
    """See the module's first lines. Without a `probe` no target can be tested from here."""

    NAME = "proxy"
    TOPICS = frozenset({Topic.PROXIES, Topic.FAILURES})
    NEEDS: ClassVar = {"forget": Need.SERVER}
    ON_A_ROW: ClassVar = frozenset({"forget"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "test", "Test target", tooltip="Call a remote server and watch the steps"),
        Binding("f", "forget", "Forget failure", tooltip="Try APOP there again"),
    ]

    def __init__(self, desk: Desk, probe: Probe | None = None) -> None:
        super().__init__(desk)
        self._probe = probe
        self._configured: Sequence[Row] = ()

    def content(self) -> Sequence[Widget]:
        """What may be called, how the proxy stands, and where APOP has failed."""
        services = [
            Column("service", "service", rank=10),
            Column("enabled", "proxy", rank=9, say=lambda on: "on" if on else "off"),
            Column("sessions", "sessions", right=True, rank=7),
            Column("link", "dial-up", rank=3, least=7),
            Column("delimiter", "delimiter", rank=4),
            Column("tls", "TLS", rank=5),
            Column("allow", "lets call", rank=8, most=200),
        ]
        failures = [
            Column("server", "server", rank=10, most=60),
            Column("user", "user", rank=9),
            Column("since", "since", say=moment, rank=8, least=14),
        ]
        return [
            Table(services, lambda row: row.get("service"), id="proxies", empty="no service is configured"),
            Static("Where APOP has failed and is not tried again", classes="heading"),
            Table(failures, lambda row: (row.get("server"), row.get("user")), id="failures", empty="nowhere"),
        ]

    def enter(self, key: object = None) -> None:
        """Be shown; the configuration is read again."""
        super().enter(key)
        self._read()

    def show(self) -> None:
        """Show what is known now."""
        picture = self.desk.picture
        self.query_one("#failures", Table).show(picture.failures)
        live = picture.proxies or {}
        found = [{**row, **live.get(str(row["service"]), {})} for row in self._configured]
        self.query_one("#proxies", Table).show(found)
        self.entitle()

    def remark(self) -> str:
        """Say so if the server knows nothing of it."""
        return "this server has no proxy" if self.desk.picture.proxies is None else ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without a probe there is no test; to forget needs the table of failures."""
        if action == "test" and self._probe is None:
            return False
        if action == "forget" and self.is_mounted and not self.query_one("#failures", Table).has_focus:
            return False
        return super().check_action(action, parameters)

    @work(thread=True, exclusive=True)
    def _read(self) -> None:
        try:
            config = load(self.desk.configuration())
        except MtqError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        found = [proxied(name, config) for name in config.services]
        self.app.call_from_thread(self._take, found)

    def _take(self, found: Sequence[Row]) -> None:
        self._configured = found
        self.show()

    def action_test(self) -> None:
        """Have a target typed in, call it, and show the steps."""
        if self._probe is not None:
            self.app.push_screen(TargetTest(self._probe))

    def action_forget(self) -> None:
        """Try APOP there again."""
        self.post_message(Do(self.desk.deeds.forget(self.row)))


def proxied(name: str, config: Config) -> Row:
    """What a service's proxy lets call."""
    proxy = config.services[name].proxy
    anyone = [] if proxy.only_allowed else ["any server"]
    return {
        "service": name,
        "enabled": proxy.enabled,
        "delimiter": proxy.delimiter,
        "tls": proxy.tls.value,
        "allow": [*proxy.allow, *anyone],
    }
