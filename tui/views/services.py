"""The services: what they do, and starting and stopping them."""

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from ..columns import Column, Tone
from ..desk import Need
from ..messages import Do
from ..picture import number
from ..table import Table
from ..topics import Row, Topic
from ..wording import shown
from .view import View


def taken(row: Row) -> str:
    """How many connections of how many."""
    return f"{number(row, 'connections'):.0f}/{number(row, 'max_connections'):.0f}"


def tone(row: Row) -> Tone:
    """How much a service asks for attention."""
    if row.get("state") == "failed":
        return Tone.BAD
    if row.get("state") != "running":
        return Tone.QUIET
    return Tone.WARN if number(row, "connections") >= number(row, "max_connections") > 0 else Tone.PLAIN


class Services(View):
    """See the module's first lines."""

    NAME = "services"
    TOPICS = frozenset({Topic.SERVICES})
    NEEDS: ClassVar = {
        "start": Need.SERVER,
        "stop": Need.SERVER,
        "restart": Need.SERVER,
        "enable": Need.FILE,
        "disable": Need.FILE,
    }
    ON_A_ROW: ClassVar = frozenset(NEEDS)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "start", "Start"),
        Binding("x", "stop", "Stop"),
        Binding("r", "restart", "Restart"),
        Binding("e", "enable", "Enable", tooltip="Have it start with the server"),
        Binding("d", "disable", "Disable", tooltip="Have it no longer start with the server"),
    ]

    def content(self) -> Sequence[Widget]:
        """The table."""
        columns = [
            Column("name", "service", rank=10),
            Column("state", "state", rank=9),
            Column("enabled", "enabled", rank=6),
            Column("connections", "now", text=taken, right=True, rank=9),
            Column("listen", "listens on", rank=8, least=20, most=40),
            Column("tls", "TLS", rank=7, least=8),
            Column("access", "lets in", rank=5, least=12),
            Column("error", "error", rank=9, most=200, least=20, optional=True),
        ]
        return [Table(columns, lambda row: row.get("name"), tone=tone, empty="no service is configured")]

    def remark(self) -> str:
        """Why nothing here can be changed, if so."""
        return self.desk.refusal()

    def show(self) -> None:
        """Show what is known now."""
        self.table.show(list(self.desk.picture.services.values()))
        self.entitle()
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What makes no sense for the service is shown as not available."""
        allowed = super().check_action(action, parameters)
        if not allowed or action not in self.NEEDS:
            return allowed
        running, enabled = self.row.get("state") == "running", bool(self.row.get("enabled"))
        sensible = {
            "start": not running, "stop": running, "restart": running, "enable": not enabled, "disable": enabled,
        }      # fmt: skip
        return True if sensible[action] else None

    def action_start(self) -> None:
        """Start it."""
        self.post_message(Do(self.desk.deeds.start(self._service())))

    def action_stop(self) -> None:
        """Stop it."""
        self.post_message(Do(self.desk.deeds.stop(self._service())))

    def action_restart(self) -> None:
        """Stop it and start it again."""
        self.post_message(Do(self.desk.deeds.restart(self._service())))

    def action_enable(self) -> None:
        """Have it start with the server."""
        self.post_message(Do(self.desk.deeds.enable(self._service(), True)))

    def action_disable(self) -> None:
        """Have it no longer start with the server."""
        self.post_message(Do(self.desk.deeds.enable(self._service(), False)))

    def _service(self) -> str:
        return shown(self.row.get("name"))
