"""Who is connected."""

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from ..columns import Column
from ..desk import Need
from ..messages import Do
from ..table import Table
from ..topics import Topic
from ..wording import duration, moment, octets
from .firewall import shut_out
from .view import View


class Sessions(View):
    """See the module's first lines."""

    NAME = "sessions"
    TOPICS = frozenset({Topic.SESSIONS})
    NEEDS: ClassVar = {"kick": Need.SERVER, "block": Need.FILE}
    ON_A_ROW: ClassVar = frozenset(NEEDS)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("k", "kick", "Kick", tooltip="End the session"),
        Binding("b", "block", "Block", tooltip="Shut the address out"),
    ]

    def content(self) -> Sequence[Widget]:
        """The table."""
        columns = [
            Column("id", "id", right=True, rank=8),
            Column("user", "user", rank=10, least=6),
            Column("address", "address", rank=10, least=15, most=39),
            Column("service", "service", rank=7),
            Column("state", "state", rank=6, least=13, most=13),
            Column("tls", "TLS", rank=3, least=7),
            Column("since", "since", say=moment, rank=4, least=14),
            Column("idle_seconds", "idle", say=duration, right=True, rank=9, least=6),
            Column("bytes_in", "in", say=octets, right=True, rank=2, least=5),
            Column("bytes_out", "out", say=octets, right=True, rank=5, least=5),
            Column("target", "goes to", rank=4, optional=True),
        ]
        return [Table(columns, lambda row: row.get("id"), order="id", empty="no session is open")]

    def show(self) -> None:
        """Show what is known now."""
        self.table.show(list(self.desk.picture.sessions.values()))
        self.entitle()

    def action_kick(self) -> None:
        """End the session."""
        self.post_message(Do(self.desk.deeds.kick(self.row)))

    def action_block(self) -> None:
        """Shut its address out."""
        shut_out(self, self.row)
