"""What subscribers are told, and what becomes of those who do not listen."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mtq.config.model import Service
from mtq.control import rows
from mtq.control.caller import MOST, UNSENT_EVENTS
from mtq.ledger import LoginFailed, Remark, ServiceState, SessionLogin, SessionRecord, SessionRefused
from tests.control.raw import Raw, request
from tests.control.station import Station
from tests.house import LoopFactory

ROW = {
    "id": "1",
    "service": "pop3",
    "user": None,
    "address": "192.0.2.7",
    "state": "greeting",
    "tls": None,
    "since": "2026-03-01T12:00:00.000Z",
    "idle_seconds": 1.5,
    "bytes_in": 0,
    "bytes_out": 0,
    "target": None,
}
LOGGED_IN = ROW | {"user": "fred", "state": "transaction"}
LOCK = {
    "mailbox": "/mail/fred",
    "user": "fred",
    "service": "pop3",
    "session": "1",
    "address": "192.0.2.7",
    "since": "2026-03-01T12:00:00.000Z",
    "idle_seconds": None,
    "releases_in": None,
}


@pytest.fixture
def station(station: Station) -> Station:
    """A station at which it is always noon."""
    station.ledger.clock = lambda: datetime(2026, 3, 1, 12, tzinfo=UTC)
    station.ledger.ticks = lambda: 0.0
    return station


def open_session(station: Station) -> SessionRecord:
    """Somebody connects."""
    return station.do(lambda: station.ledger.open("pop3", "192.0.2.7"))


def subscribe(client: Raw, *names: str) -> None:
    """Subscribe to these events, or to all."""
    assert "result" in client.ask("events.subscribe", **({"events": names} if names else {}))


def event(client: Raw) -> dict[str, object]:
    """The next event."""
    notification = client.answer()
    assert notification["jsonrpc"] == "2.0"
    assert notification["method"] == "event"
    assert "id" not in notification
    params: dict[str, object] = notification["params"]
    assert params.pop("at") == "2026-03-01T12:00:00.000Z"
    return params


def test_a_session_from_its_beginning_to_its_end(station: Station, loop: LoopFactory) -> None:
    with station.serving(loop), station.raw() as client:
        subscribe(client)
        record = open_session(station)
        assert event(client) == {"event": "session.opened", **ROW}

        def log_in() -> None:
            record.user, record.state = "fred", "transaction"
            station.ledger.lock(record, "/mail/fred")
            station.ledger.enter(SessionLogin(record, "password", 3))

        station.do(log_in)
        assert event(client) == {"event": "lock.taken", **LOCK}
        assert event(client) == {"event": "session.login", **LOGGED_IN, "mechanism": "password", "messages": 3}
        station.do(lambda: station.ledger.close(record, "quit"))
        assert event(client) == {"event": "lock.released", **LOCK}
        log = event(client)
        assert (log["event"], log["level"]) == ("log", "info")
        assert str(log["text"]).startswith("session 1: from 192.0.2.7 on pop3, as fred: quit; ")
        assert event(client) == {"event": "session.closed", **LOGGED_IN, "reason": "quit", "seconds": 0}


def test_a_client_that_is_not_let_in(station: Station) -> None:
    with station.serving(), station.raw() as client:
        subscribe(client, "session.refused")
        station.enter(SessionRefused("pop3", "192.0.2.7", "the list is empty"))
        assert event(client) == {
            "event": "session.refused",
            **rows.refused("pop3", "192.0.2.7"),
            "reason": "the list is empty",
        }


def test_a_service_that_changes_its_state(station: Station) -> None:
    with station.serving(), station.raw() as client:
        subscribe(client, "service.state")
        station.enter(ServiceState("pop3", "failed", "port 110: taken"))
        assert event(client) == {
            "event": "service.state",
            "service": "pop3",
            "state": "failed",
            "detail": "port 110: taken",
        }


def test_a_failed_login_is_a_line_of_the_log_only(station: Station) -> None:
    with station.serving(), station.raw() as client:
        subscribe(client)
        record = open_session(station)
        station.enter(LoginFailed(record, "fred\n", "wrong password"))
        assert event(client)["event"] == "session.opened"
        assert event(client) == {
            "event": "log",
            "level": "warning",
            "text": "session 1: from 192.0.2.7 on pop3: login failed for fred\\n: wrong password",
        }


def test_the_log_is_told_as_it_is_written(path: Path) -> None:
    station = Station(path, level="warning")
    with station.serving(), station.raw() as client:
        subscribe(client, "log")
        station.enter(*(Remark(level, level) for level in ("info", "warning", "error")))
        assert [client.answer()["params"]["text"] for _ in range(2)] == ["warning", "error"]


def test_nobody_is_told_what_he_has_not_asked_for(station: Station) -> None:
    with station.serving(), station.raw() as client, station.raw() as silent:
        assert client.ask("events.subscribe", events=["log", "service.state"])["result"] == {
            "events": ["log", "service.state"]
        }
        open_session(station)
        station.enter(Remark("info", "here"))
        assert event(client) == {"event": "log", "level": "info", "text": "here"}
        assert silent.ask("server.status")["result"]


def test_a_second_subscription_takes_the_place_of_the_first(station: Station) -> None:
    with station.serving(), station.raw() as client:
        subscribe(client)
        subscribe(client, "log")
        open_session(station)
        station.enter(Remark("info", "here"))
        assert event(client)["event"] == "log"


def test_a_subscription_ends_when_the_client_closes_its_side(station: Station, loop: LoopFactory) -> None:
    with station.serving(loop), station.raw() as client:
        subscribe(client)
        client.hang_up_sending()
        assert client.rest() == []
        assert station.do(lambda: station.events.is_ticking) is False


def test_metrics_come_by_themselves_while_somebody_listens(
    station: Station, loop: LoopFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mtq.control.events.EVERY", 0.01)
    station.services.append(rows.service("pop3", Service(), "running", None, 1))
    with station.serving(loop), station.raw() as client:
        subscribe(client, "metrics")
        record = open_session(station)
        while event(client)["sessions"] == 0:
            pass
        record.bytes_out = 4711
        while (told := event(client))["totals"] != rows.totals(station.ledger):
            pass
        assert told == {"event": "metrics", **rows.metrics(station.ledger, station.services)}
        subscribe_to_something_else = request("events.subscribe", id=2, events=["log"])
        client.send(subscribe_to_something_else)
        while client.answer().get("id") != 2:
            pass
        assert station.do(lambda: station.events.is_ticking) is False


def test_an_event_is_encoded_once_for_all_and_not_at_all_for_nobody(path: Path) -> None:
    asked: list[str] = []

    def idle(record: SessionRecord) -> float:
        asked.append(record.id)
        return 0.0

    with Station(path, idle=idle).serving() as station:
        open_session(station)
        assert asked == []
        clients = [station.raw() for _ in range(10)]
        for client in clients:
            subscribe(client, "session.opened")
        open_session(station)
        assert [client.answer()["params"]["id"] for client in clients] == ["2"] * 10
        assert asked == ["2"]
        for client in clients:
            client.sock.close()


def test_an_event_that_cannot_be_told_harms_no_session(path: Path) -> None:
    def idle(record: SessionRecord) -> float:
        raise KeyError(record.id)

    with Station(path, idle=idle, clumsy=True).serving() as station, station.raw() as client:
        subscribe(client)
        open_session(station)
        assert client.answer()["params"]["text"] == "internal error in the event session.opened: KeyError('1')"


def test_who_never_reads_is_cut_and_the_others_are_told_everything(station: Station, loop: LoopFactory) -> None:
    with station.serving(loop), station.raw() as deaf, station.raw() as client:
        subscribe(deaf)
        subscribe(client, "log")
        for hundred in range(200):
            texts = [f"{hundred} {number}" for number in range(100)]
            station.enter(*(Remark("info", text) for text in texts))
            assert [event(client)["text"] for _ in texts] == texts
        told = deaf.rest_octets()
        assert len(told) < 2 * UNSENT_EVENTS
        assert all(json.loads(line)["params"]["event"] == "log" for line in told.splitlines()[:-1])


def test_a_hundred_thousand_events_at_once_are_not_kept_for_who_never_reads(
    station: Station, loop: LoopFactory
) -> None:
    with station.serving(loop), station.raw() as deaf, station.raw() as client:
        subscribe(deaf)
        station.enter(*[Remark("info", "x" * 50)] * 100_000)
        assert len(deaf.rest_octets()) < 2 * UNSENT_EVENTS
        assert client.ask("server.status")["result"]


def test_who_reads_slowly_but_reads_is_not_cut(station: Station, loop: LoopFactory) -> None:
    with station.serving(loop), station.raw() as slow:
        subscribe(slow, "log")
        for _ in range(5):
            station.enter(*[Remark("info", "x" * 1000)] * 800)
            assert {event(slow)["text"] for _ in range(800)} == {"x" * 1000}


def test_a_long_answer_that_is_not_read_yet_does_not_count_as_events(station: Station, loop: LoopFactory) -> None:
    with station.serving(loop), station.raw() as slow, station.raw() as other:
        station.enter(*[Remark("info", "x" * 2000)] * 1000)
        subscribe(slow, "log")
        slow.send(request("log.tail", id=2))
        slow.wait_for_octets()
        station.enter(Remark("info", "here"))
        assert other.ask("server.status")["result"]
        assert len(slow.answer()["result"]["lines"]) == 1000
        assert event(slow)["text"] == "here"


def test_who_vanishes_is_told_nothing_more(station: Station, loop: LoopFactory) -> None:
    with station.serving(loop), station.raw() as other:
        subscribe(other, "log")
        for _ in range(MOST):      # as many as there are places: if one of them stayed, the last would not get in
            with station.raw() as client:
                subscribe(client)
                station.enter(Remark("info", "here"))
            assert event(other)["text"] == "here"
        while station.do(lambda: station.events.is_ticking):
            pass      # the last of them is noticed soon
