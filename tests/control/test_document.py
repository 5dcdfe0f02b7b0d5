"""docs/control-protocol.md: what it says of methods and events is so, and its examples are what a server answers."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mtq.access.ranges import IPv4, IPv6
from mtq.config.model import Service
from mtq.control import rows
from mtq.control.caller import FAULTS, MOST
from mtq.control.methods import SIGNATURES, EventName, Handler
from mtq.control.rows import Row
from mtq.control.wire import REQUEST_LIMIT, VERSION, Code
from mtq.errors import MtqError
from mtq.ledger import Ledger, SessionLogin
from mtq.server.log import RECENT
from tests.control.station import Station

TEXT = (Path(__file__).parents[2] / "docs" / "control-protocol.md").read_text()
EXAMPLES = re.findall(r"^([→←]) (.*)$", TEXT, re.MULTILINE)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def table(heading: str) -> dict[str, list[str]]:
    """The rows of the table under a heading: the names in their first cells, and the other cells."""
    section = TEXT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    found = re.findall(r"^\| `?([-\w.]+)`? \| (.*?) ?\|(?:(.*)\|)?$", section, re.MULTILINE)
    return {name: rest for name, *rest in found if name not in ("method", "event", "code")}


def test_the_methods_are_those_that_there_are() -> None:
    documented = {method: cells[0].split() for method, cells in table("Methods").items()}
    assert documented == {
        method: [f"`{name}`" if parameter.required else f"`[{name}]`" for name, parameter in parameters.items()]
        for method, parameters in SIGNATURES.items()
    }


def test_the_events_are_those_that_there_are() -> None:
    assert list(table("Events")) == [name.value for name in EventName]


def test_the_errors_are_those_that_there_are() -> None:
    assert sorted(map(int, table("Errors"))) == sorted(Code)


def test_the_limits_are_those_that_there_are() -> None:
    assert (REQUEST_LIMIT, RECENT, MOST, FAULTS, VERSION) == (65536, 1000, 64, 20, 1)
    for text in ("at most 65536 octets", "at most 1000", "64 clients", "Twenty lines", "version 1."):
        assert text in TEXT


@pytest.fixture
def station(path: Path) -> Iterator[Station]:
    """A station at noon, with fred's session, as in the examples."""
    ledger = Ledger(clock=lambda: NOON, ticks=lambda: 0.0)

    def services() -> list[Row]:
        return [rows.service("pop3", Service(), "running", None, 1)]

    def status() -> Row:
        place = {"hostname": "mail.example.com", "config": "/etc/mtq/mtq.toml"}
        return rows.status(ledger, services(), pid=4711, since=NOON, **place)

    def sessions() -> Row:
        return {"sessions": [rows.session(record, 1.5) for record in ledger.sessions.values()]}

    def kick(id: str | None, user: str | None, address: IPv4 | IPv6 | None) -> Row:
        raise MtqError(f"there is no session {id}")

    handlers: dict[str, Handler] = {"server.status": status, "session.list": sessions, "session.kick": kick}
    station = Station(path, handlers, ledger=ledger)
    record = ledger.open("pop3", "192.0.2.7")
    record.user, record.state, record.tls = "fred", "transaction", "TLSv1.3"
    record.bytes_in, record.bytes_out, record.messages, record.retrieved = 64, 18230, 2, 2
    ledger.lock(record, "/mail/fred")
    ledger.enter(SessionLogin(record, "password", 2))
    with station.serving():
        yield station


def test_the_examples_are_what_a_server_answers(station: Station) -> None:
    with station.raw() as client:
        for arrow, line in EXAMPLES:
            if arrow == "→":
                client.send(line.encode() + b"\n")
                continue
            if '"event":"log"' in line:
                station.do(lambda: station.ledger.close(station.ledger.sessions["1"], "quit"))
            assert client.line() == line.encode()
