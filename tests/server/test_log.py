"""The log: what is written, what is kept of it, and who is told."""

import io
import json
from datetime import UTC, datetime

import pytest

from mtq.ledger import Event, Ledger, LockReleased, LockTaken, Remark, ServiceState, SessionRefused
from mtq.server.log import RECENT, Line, Log

AT = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


def kept(level: str = "debug") -> tuple[Ledger, Log]:
    """A ledger at noon, and its log."""
    ledger = Ledger(clock=lambda: AT)
    log = Log(level, as_json=False, out=io.StringIO())
    ledger.listen(log)
    return ledger, log


def test_lines_are_kept_as_they_were_written_whatever_becomes_of_the_session() -> None:
    ledger, log = kept()
    record = ledger.open("pop3", "192.0.2.7")
    record.user, record.tls = "fred", "TLSv1.3"
    assert list(log.recent) == [Line(AT, "debug", "session 1: from 192.0.2.7 on pop3: connected")]


def test_only_so_many_lines_are_kept() -> None:
    ledger, log = kept()
    for number in range(RECENT + 1):
        ledger.enter(Remark("info", str(number)))
    assert len(log.recent) == RECENT
    assert log.recent[0].text == "1"


def test_what_is_below_the_level_is_not_kept_and_not_told() -> None:
    ledger, log = kept("warning")
    told: list[Line] = []
    log.listen(told.append)
    ledger.enter(Remark("info", "small"))
    ledger.enter(Remark("warning", "great"))
    assert told == list(log.recent) == [Line(AT, "warning", "great")]


def test_a_log_that_cannot_be_written_is_still_kept_and_told() -> None:
    ledger = Ledger(clock=lambda: AT)
    out = io.StringIO()
    out.close()
    log = Log("info", as_json=False, out=out)
    ledger.listen(log)
    ledger.enter(Remark("info", "here"))
    assert [line.text for line in log.recent] == ["here"]


SENTENCES: list[tuple[Event, str]] = [
    (SessionRefused("pop3", "192.0.2.7", "full"), "2026-03-01T12:00:00.000Z info    pop3: 192.0.2.7 refused: full\n"),
    (ServiceState("pop3", "failed", "why"), "2026-03-01T12:00:00.000Z error   service pop3: failed, why\n"),
]


@pytest.mark.parametrize(("event", "written"), SENTENCES)
def test_an_event_is_one_line(event: Event, written: str) -> None:
    out = io.StringIO()
    Log("info", as_json=False, out=out)(AT, event)
    assert out.getvalue() == written


def test_a_mailbox_that_is_locked_and_freed() -> None:
    ledger, log = kept()
    record = ledger.open("pop3", "192.0.2.7")
    record.user = "fred"
    ledger.lock(record, "/mail/fred\n")
    ledger.close(record, "quit")
    assert [line.text for line in log.recent][1:3] == [
        "session 1: /mail/fred\\n locked",
        "session 1: /mail/fred\\n free again",
    ]


def test_a_lock_as_json() -> None:
    ledger = Ledger(clock=lambda: AT)
    record = ledger.open("pop3", "192.0.2.7")
    record.user = "fred"
    ledger.lock(record, "/mail/fred")
    out = io.StringIO()
    for event in (LockTaken(ledger.locks["1"]), LockReleased(ledger.locks["1"])):
        Log("debug", as_json=True, out=out)(AT, event)
    taken, released = (json.loads(line) for line in out.getvalue().splitlines())
    assert taken == {
        "at": "2026-03-01T12:00:00.000Z",
        "level": "debug",
        "event": "lock.taken",
        "mailbox": "/mail/fred",
        "user": "fred",
        "service": "pop3",
        "session": "1",
        "address": "192.0.2.7",
    }
    assert released == taken | {"event": "lock.released"}
