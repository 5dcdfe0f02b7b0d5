"""Who may come in: the ranges of every service and of the LAN, and addresses that failed to log in."""

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Static

from mtq.config.range_lists import parsed
from mtq.errors import WrongUsage

from ..columns import Column, Tone
from ..desk import Need
from ..dialogs.address_test import AddressTest
from ..dialogs.ranges import RangeForm, Wish
from ..messages import Do
from ..table import Table
from ..topics import Row, Topic
from ..wording import duration, moment, shown
from .view import View


def tone(row: Row) -> Tone:
    """How much a range asks for attention."""
    return Tone.PLAIN if row.get("in_force") else Tone.QUIET


def identity(row: Row) -> object:
    """What makes a range the same range."""
    return row.get("range"), row.get("service")


def shut_out(view: View, row: Row) -> None:
    """Have a form filled in by which the address of a row is shut out of every service."""
    address = shown(row.get("address")).partition("/")[0]
    _ask(view, RangeForm(list(view.desk.picture.services), address=address))


def _ask(view: View, form: RangeForm) -> None:
    def asked(wish: Wish | None) -> None:
        if wish is not None:
            view.post_message(Do(view.desk.deeds.add_ranges([wish.entry], wish.services)))

    view.app.push_screen(form, asked)


class Firewall(View):
    """See the module's first lines."""

    NAME = "firewall"
    TOPICS = frozenset({Topic.RANGES, Topic.PENALTIES, Topic.SERVICES})
    NEEDS: ClassVar = {
        "add": Need.FILE,
        "remove": Need.FILE,
        "test": Need.LOOK,
        "lift": Need.SERVER,
        "block": Need.FILE,
    }
    ON_A_ROW: ClassVar = frozenset({"remove", "lift", "block"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "add", "Add"),
        Binding("d", "remove", "Remove"),
        Binding("delete", "remove", "Remove", show=False),
        Binding("t", "test", "Test", tooltip="Say whether an address would be let in, and why"),
        Binding("l", "lift", "Lift", tooltip="Let the address begin anew"),
        Binding("b", "block", "Block", tooltip="Shut the address out"),
    ]

    def content(self) -> Sequence[Widget]:
        """The ranges, and below them the addresses that failed."""
        ranges = [
            Column("range", "range", rank=10, least=16, most=48),
            Column("service", "of", text=_whose, rank=9),
            Column("in_force", "in force", rank=7),
            Column("until", "until", say=moment, rank=6, least=14),
            Column("comment", "comment", rank=5, most=200, least=8),
        ]
        penalties = [
            Column("address", "address", rank=10, least=16, most=48),
            Column("failures", "failures", right=True, rank=9),
            Column("delay", "delay", say=duration, right=True, rank=8),
            Column("until", "until", say=moment, rank=7, least=14),
        ]
        return [
            Table(ranges, identity, tone=tone, id="ranges", empty="no range is listed: a adds one"),
            Static("Failed logins, answered ever later", classes="heading"),
            Table(penalties, _penalty, id="penalties", empty="no login has failed lately"),
        ]

    def remark(self) -> str:
        """Why nothing here can be changed, if so."""
        return self.desk.refusal()

    def show(self) -> None:
        """Show what is known now."""
        self._ranges.show(self.desk.picture.ranges)
        self._penalties.show(self.desk.picture.penalties)
        self.entitle()

    def enter(self, key: object = None) -> None:
        """Be shown; a penalty stands in the table below."""
        penalty = isinstance(key, tuple) and key[:1] == ("penalty",)
        table = self._penalties if penalty else self._ranges
        self.screen.set_focus(table)
        self.show()
        if key is not None:
            table.go_to(key)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A range can be removed, a penalty lifted; the table with the focus says which of them is meant."""
        at_penalties = self.is_mounted and self._penalties.has_focus
        if action in ("lift", "block") and not at_penalties:
            return False
        if action == "remove" and at_penalties:
            return False
        return super().check_action(action, parameters)

    @property
    def _ranges(self) -> Table:
        return self.query_one("#ranges", Table)

    @property
    def _penalties(self) -> Table:
        return self.query_one("#penalties", Table)

    def action_add(self) -> None:
        """Have a range typed in."""
        _ask(self, RangeForm(list(self.desk.picture.services)))

    def action_remove(self) -> None:
        """Remove the range."""
        service = self.row.get("service")
        try:
            range = parsed(str(self.row.get("range")))
        except WrongUsage as error:
            self.notify(str(error), severity="error", markup=False)
            return
        self.post_message(Do(self.desk.deeds.remove_range(range, None if service is None else str(service))))

    def action_test(self) -> None:
        """Have an address typed in, and say whether it would be let in."""
        services = list(self.desk.picture.services)
        self.app.push_screen(AddressTest(lambda address: self.desk.deeds.check(address, services)))

    def action_lift(self) -> None:
        """Let the address begin anew."""
        self.post_message(Do(self.desk.deeds.lift(self.row)))

    def action_block(self) -> None:
        """Shut the address out."""
        shut_out(self, self.row)


def _whose(row: Row) -> str:
    service = row.get("service")
    return "LAN" if service is None else shown(service)


def _penalty(row: Row) -> object:
    return "penalty", row.get("address")
