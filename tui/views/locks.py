"""Who has which mailbox to itself."""

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from ..attention import SILENT
from ..columns import Column, Tone
from ..desk import Need
from ..messages import Do
from ..picture import number
from ..table import Table
from ..topics import Row, Topic
from ..wording import duration, moment
from .firewall import shut_out
from .view import View


def tone(row: Row) -> Tone:
    """How much a lock asks for attention."""
    return Tone.WARN if number(row, "idle_seconds") >= SILENT else Tone.PLAIN


class Locks(View):
    """See the module's first lines."""

    NAME = "locks"
    TOPICS = frozenset({Topic.LOCKS})
    NEEDS: ClassVar = {"release": Need.SERVER, "block": Need.FILE}
    ON_A_ROW: ClassVar = frozenset(NEEDS)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "release", "Release", tooltip="End the session that holds the mailbox"),
        Binding("b", "block", "Block", tooltip="Shut the address out"),
    ]

    def content(self) -> Sequence[Widget]:
        """The table."""
        columns = [
            Column("user", "user", rank=10, least=6),
            Column("address", "held from", rank=10, least=15, most=39),
            Column("service", "service", rank=6),
            Column("session", "session", right=True, rank=5),
            Column("since", "since", say=moment, rank=7, least=14),
            Column("idle_seconds", "idle", say=duration, right=True, rank=9, least=6),
            Column("releases_in", "goes in", say=duration, right=True, rank=8, least=6),
            Column("mailbox", "mailbox", rank=4, least=8, most=200),
        ]
        return [
            Table(
                columns,
                lambda row: row.get("session"),
                tone=tone,
                order="idle_seconds",
                reverse=True,
                empty="no mailbox is locked",
            )
        ]

    def show(self) -> None:
        """Show what is known now."""
        self.table.show(list(self.desk.picture.locks.values()))
        self.entitle()

    def action_release(self) -> None:
        """End the session that holds it."""
        self.post_message(Do(self.desk.deeds.release(self.row)))

    def action_block(self) -> None:
        """Shut its address out."""
        shut_out(self, self.row)
