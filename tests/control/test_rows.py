"""Rows: the keys that programs rely on, and values as JSON has them."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

from mtq import __version__
from mtq.config.kinds import Listen
from mtq.config.model import Service
from mtq.control import rows
from mtq.control.wire import VERSION
from mtq.ledger import Ledger, SessionRefused
from mtq.server.log import Line

AT = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)


def ledger_with_a_session() -> Ledger:
    """A ledger in which fred reads his mail."""
    ledger = Ledger(clock=lambda: AT)
    record = ledger.open("pop3", "192.0.2.7")
    record.user, record.state = "fred", "transaction"
    record.bytes_in, record.bytes_out, record.retrieved = 10, 2000, 1
    ledger.lock(record, "/mail/fred")
    return ledger


def test_a_session() -> None:
    record = ledger_with_a_session().sessions["1"]
    assert rows.session(record, 3.14159) == {
        "id": "1",
        "service": "pop3",
        "user": "fred",
        "address": "192.0.2.7",
        "state": "transaction",
        "tls": None,
        "since": "2026-03-01T12:00:00.250Z",
        "idle_seconds": 3.142,
        "bytes_in": 10,
        "bytes_out": 2000,
        "target": None,
    }


def test_a_refused_client_has_the_keys_of_a_session() -> None:
    record = ledger_with_a_session().sessions["1"]
    assert rows.refused("pop3", "192.0.2.7").keys() == rows.session(record, None).keys()


def test_a_lock() -> None:
    record = ledger_with_a_session().locks["1"]
    assert rows.lock(record, 3, 57) == {
        "mailbox": "/mail/fred",
        "user": "fred",
        "service": "pop3",
        "session": "1",
        "address": "192.0.2.7",
        "since": "2026-03-01T12:00:00.250Z",
        "idle_seconds": 3,
        "releases_in": 57,
    }


def test_a_service() -> None:
    settings = replace(Service(), listen=(Listen(110), Listen(1110, "::1")))
    assert rows.service("pop3", settings, "failed", "port 110: something else listens there", 0) == {
        "name": "pop3",
        "state": "failed",
        "enabled": True,
        "listen": ["110", "[::1]:1110"],
        "tls": "starttls",
        "access": "firewall+lan",
        "connections": 0,
        "max_connections": 25,
        "error": "port 110: something else listens there",
    }


def test_a_penalty() -> None:
    assert rows.penalty("192.0.2.7", 4, 15, AT) == {
        "address": "192.0.2.7",
        "failures": 4,
        "delay": 15,
        "until": "2026-03-01T12:00:00.250Z",
    }


def test_a_time_is_told_in_utc() -> None:
    there = AT.astimezone(timezone(timedelta(hours=-5)))
    assert rows.moment(there) == "2026-03-01T12:00:00.250Z"


def test_a_clock_that_was_set_back_makes_no_negative_duration() -> None:
    assert rows.seconds(-3.0) == 0


def test_the_tail_of_the_log_has_the_oldest_line_first() -> None:
    lines = [Line(AT, "info", str(number)) for number in range(5)]
    assert [line["text"] for line in told(rows.tail(lines, 2))] == ["3", "4"]
    assert [line["text"] for line in told(rows.tail(lines, 9))] == ["0", "1", "2", "3", "4"]
    assert rows.line(lines[0]) == {"at": "2026-03-01T12:00:00.250Z", "level": "info", "text": "0"}


def told(tail: rows.Row) -> list[dict[str, object]]:
    """The lines of a tail."""
    lines = tail["lines"]
    assert isinstance(lines, list)
    return lines


def test_totals_count_open_sessions_and_ended_ones() -> None:
    ledger = ledger_with_a_session()
    ledger.close(ledger.sessions["1"], "quit")
    ledger.enter(SessionRefused("pop3", "192.0.2.7", "full"))
    ledger.open("pop3", "192.0.2.7").bytes_out = 5
    assert rows.totals(ledger) == {
        "sessions": 2,
        "logins": 0,
        "failed_logins": 0,
        "refused": 1,
        "retrieved": 1,
        "deleted": 0,
        "bytes_in": 10,
        "bytes_out": 2005,
    }


def test_metrics_tell_connections_and_their_limits() -> None:
    service = rows.service("pop3", Service(), "running", None, 1)
    told = rows.metrics(ledger_with_a_session(), [service])
    assert told["services"] == [{"name": "pop3", "state": "running", "connections": 1, "max_connections": 25}]
    assert (told["sessions"], told["locks"]) == (1, 1)


def test_the_status_of_a_server() -> None:
    status = rows.status(
        ledger_with_a_session(), [], pid=7, since=AT, hostname="mail.example.com", config="/etc/mtq/mtq.toml"
    )
    assert json.loads(json.dumps(status)) == {
        "version": __version__,
        "protocol": VERSION,
        "pid": 7,
        "since": "2026-03-01T12:00:00.250Z",
        "hostname": "mail.example.com",
        "config": "/etc/mtq/mtq.toml",
        "services": [],
        "sessions": 1,
        "locks": 1,
        "totals": rows.totals(ledger_with_a_session()),
        "warnings": [],
    }
