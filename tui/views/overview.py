"""How things stand: every service against its limit, what should be looked at, and how it went."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Grid
from textual.widget import Widget
from textual.widgets import Static

from ..attention import concerns
from ..columns import Column, Tone
from ..desk import Desk
from ..graphs import Graph
from ..history import SPANS
from ..messages import Go
from ..picture import number
from ..plot import bars, gauge
from ..table import Table
from ..topics import Row, Topic
from ..wording import counted, octets, rate, shown
from .services import taken, tone
from .view import View

GAUGE = 20
"""Cells of a gauge."""

TRACE = 120
"""Columns of a service's small graph; what there is no room for is cut off at the left."""


class Overview(View):
    """See the module's first lines."""

    NAME = "overview"
    TOPICS = frozenset({Topic.STATUS, Topic.SERVICES, Topic.LOCKS, Topic.PENALTIES, Topic.METRICS})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "span", "Time span", tooltip="How many seconds a column of the graphs stands for"),
    ]

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._span = SPANS[0]

    def content(self) -> Sequence[Widget]:
        """Services, concerns, graphs."""
        services = [
            Column("name", "service", rank=10, most=16),
            Column("state", "state", rank=9),
            Column("connections", "connections", text=_gauge, rank=8, least=GAUGE, most=GAUGE),
            Column("max_connections", "now", text=taken, rank=9, least=7, right=True),
            Column("trace", "lately", rank=3, least=8, most=8, grows=True, keeps_end=True),
        ]
        about = [Column("text", "", rank=10, most=400, grows=True)]
        graphs = Grid(
            Graph("Sessions", rate, id="sessions-graph"),
            Graph("Octets out/s", octets, id="sent-graph"),
            Graph("Octets in/s", octets, id="received-graph"),
            Graph("Logins/s", rate, id="logins-graph"),
            Graph("Failed logins/s", rate, id="failed-graph"),
            Graph("Refused/s", rate, id="refused-graph"),
            id="graphs",
        )
        return [
            Table(services, lambda row: row.get("name"), tone=tone, id="gauges", empty="no service is configured"),
            Static("Worth a look (Enter goes there)", classes="heading"),
            Table(about, lambda row: (row.get("view"), row.get("key")), tone=_tone, header=False, id="concerns"),
            graphs,
        ]

    def enter(self, key: object = None) -> None:
        """Be shown, with the cursor on what should be looked at."""
        self.screen.set_focus(self.query_one("#concerns", Table))
        self.show()

    def show(self) -> None:
        """Show what is known now."""
        picture, history, span = self.desk.picture, self.desk.picture.history, self._span
        self.query_one("#gauges", Table).show([self._traced(row) for row in picture.services.values()])
        about = self.query_one("#concerns", Table)
        about.empty = "nothing: all is well" if picture.attached else "not known while the server is not there"
        about.show([vars(concern) for concern in concerns(picture)])
        self.query_one("#sessions-graph", Graph).show(lambda width: history.connections(None, width, span))
        for id, name in _RATES:
            self.query_one(id, Graph).show(partial(history.rates, name, span=span))
        self.entitle()

    def entitle(self) -> None:
        """Say how much there is of what."""
        status, picture = self.desk.picture.status, self.desk.picture
        sessions = sum(int(number(row, "connections")) for row in picture.services.values())
        known = f"{counted(sessions, 'session')}  {counted(len(picture.locks), 'lock')}" if status else ""
        self.put_title(Text.assemble(("Overview", "bold"), f"  {known}  a column of the graphs is {self._span} s"))

    def _traced(self, row: Row) -> Row:
        values = self.desk.picture.history.connections(shown(row.get("name")), TRACE, self._span)
        lines: Iterable[str] = bars(values, TRACE, 1, number(row, "max_connections"))
        return {**row, "trace": next(iter(lines))}

    def action_span(self) -> None:
        """Have a column of the graphs stand for more seconds, or for one again."""
        self._span = SPANS[(SPANS.index(self._span) + 1) % len(SPANS)]
        self.show()

    def choose(self, table: Table, row: Row) -> None:
        """Go where it can be looked at."""
        if table.id == "gauges":
            self.post_message(Go("services", row.get("name")))
        else:
            self.post_message(Go(str(row.get("view")), row.get("key")))


_RATES = (
    ("#sent-graph", "bytes_out"),
    ("#received-graph", "bytes_in"),
    ("#logins-graph", "logins"),
    ("#failed-graph", "failed_logins"),
    ("#refused-graph", "refused"),
)
"""The graphs of what happens a second, and the totals they are of."""


def _gauge(row: Row) -> str:
    return gauge(number(row, "connections"), number(row, "max_connections"), GAUGE)


def _tone(row: Row) -> Tone:
    found = row.get("tone")
    return found if isinstance(found, Tone) else Tone.PLAIN
