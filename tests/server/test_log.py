"""The log: what is written, what is kept of it, and who is told."""

import json
import os
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mtq.ledger import (
    Event,
    Ledger,
    LockReleased,
    LockTaken,
    LoginFailed,
    Remark,
    ServiceState,
    SessionClosed,
    SessionRecord,
    SessionRefused,
)
from mtq.server.log import RECENT, Line, Log
from mtq.server.restraint import MOST
from mtq.server.stream import Stream

AT = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


def kept(level: str = "debug") -> tuple[Ledger, Log]:
    """A ledger at noon, and its log."""
    ledger = Ledger(clock=lambda: AT)
    log = Log(level, as_json=False, stream=Stream(None, ledger))
    log.hear(ledger)
    return ledger, log


def written(*events: Event, level: str = "debug", as_json: bool = False) -> str:
    """What a log writes of these."""
    with tempfile.TemporaryFile() as file:
        log = Log(level, as_json, Stream(file.fileno(), Ledger()))
        for event in events:
            log(AT, event)
        file.seek(0)
        return file.read().decode()


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


def test_another_level_is_heeded_from_then_on() -> None:
    ledger, log = kept("info")
    for level in ("debug", "info"):
        ledger.open("pop3", "192.0.2.7")
        log.turn_to(level, as_json=False)
    ledger.open("pop3", "192.0.2.9")
    assert [line.text for line in log.recent] == ["session 2: from 192.0.2.7 on pop3: connected"]


def test_a_log_that_is_written_nowhere_is_still_kept_and_told() -> None:
    ledger, log = kept()
    told: list[Line] = []
    log.listen(told.append)
    ledger.enter(Remark("info", "here"))
    assert [line.text for line in log.recent] == [line.text for line in told] == ["here"]


SENTENCES: list[tuple[Event, str]] = [
    (SessionRefused("pop3", "192.0.2.7", "full"), "2026-03-01T12:00:00.000Z info    pop3: 192.0.2.7 refused: full\n"),
    (ServiceState("pop3", "failed", "why"), "2026-03-01T12:00:00.000Z error   service pop3: failed, why\n"),
]


@pytest.mark.parametrize(("event", "line"), SENTENCES)
def test_an_event_is_one_line(event: Event, line: str) -> None:
    assert written(event) == line


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
    lines = written(LockTaken(ledger.locks["1"]), LockReleased(ledger.locks["1"]), as_json=True).splitlines()
    taken, released = (json.loads(line) for line in lines)
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


# One line a session


def session() -> SessionRecord:
    """Fred's, who had five messages, fetched three and removed two of them."""
    record = SessionRecord("7", "pop3", "192.0.2.7", AT, user="fred", tls="TLSv1.3", messages=5)
    record.bytes_in, record.bytes_out, record.retrieved, record.deleted = 120, 34567, 3, 2
    return record


def test_the_line_of_a_session_says_what_an_administrator_needs() -> None:
    assert written(SessionClosed(session(), "quit", 1.25)) == (
        "2026-03-01T12:00:00.000Z info    session 7: from 192.0.2.7 on pop3, TLSv1.3, as fred: quit; "
        "3 messages sent, 2 of 5 removed, 34567 octets out, 120 in, 1.2 s\n"
    )


def test_the_line_of_a_client_that_did_not_log_in_speaks_of_no_messages() -> None:
    record = SessionRecord("7", "pop3", "192.0.2.7", AT, bytes_in=6, bytes_out=20)
    assert written(SessionClosed(record, "quit", 0)).endswith(
        "session 7: from 192.0.2.7 on pop3: quit; 20 octets out, 6 in, 0.0 s\n"
    )


def test_the_line_of_a_session_as_json() -> None:
    assert json.loads(written(SessionClosed(session(), "quit", 1.25), as_json=True)) == {
        "at": "2026-03-01T12:00:00.000Z",
        "level": "info",
        "event": "session.closed",
        "session": "7",
        "service": "pop3",
        "address": "192.0.2.7",
        "tls": "TLSv1.3",
        "user": "fred",
        "reason": "quit",
        "seconds": 1.25,
        "bytes_in": 120,
        "bytes_out": 34567,
        "messages": 5,
        "retrieved": 3,
        "deleted": 2,
    }


# What comes from outside


HOSTILE = [
    "fred\nsession 1: from 192.0.2.9 on pop3: login failed for wilma: wrong password",
    "\r\x1b[2K\x1b[31mred",
    "\u202egnp.exe",
    "\ud800",
    "%s%n{0}",
    "x" * 5000,
]


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize("user", HOSTILE)
def test_a_hostile_name_stays_in_its_place_on_one_line(user: str, as_json: bool) -> None:
    record = SessionRecord("7", "pop3", "192.0.2.7", AT)
    line = written(LoginFailed(record, user, "no such user"), as_json=as_json)
    assert line.endswith("\n")
    assert line[:-1].isprintable()
    assert len(line) < 700
    before = '"address": "192.0.2.7"' if as_json else "from 192.0.2.7 on pop3: login failed for "
    assert before in line
    assert "wilma" not in user or line.index(before) < line.index("wilma")


def test_a_remark_is_one_line_whatever_a_file_is_called() -> None:
    assert written(Remark("error", "/mail/fred/cur/a\nb\x1b: gone")).endswith("/mail/fred/cur/a\\nb\\x1b: gone\n")


# A flood


def crowd(log: Log, number: int, at: datetime) -> None:
    for _ in range(number):
        log(at, SessionRefused("pop3", "192.0.2.7", "access denied"))


def test_a_flood_of_clients_is_so_many_lines_a_second_and_how_many_more_there_were() -> None:
    _, log = kept()
    crowd(log, MOST + 50, AT)
    crowd(log, 1, AT + timedelta(seconds=1))
    assert len(log.recent) == MOST + 2
    assert log.recent[MOST].text == "50 more lines of clients that did not log in were left out"


def test_a_flood_of_clients_leaves_the_lines_of_those_that_log_in_and_of_guesses() -> None:
    _, log = kept()
    crowd(log, MOST + 1, AT)
    log(AT, SessionClosed(session(), "quit", 1))
    log(AT, LoginFailed(SessionRecord("8", "pop3", "192.0.2.7", AT), "fred", "wrong password"))
    assert [line.text[:9] for line in log.recent][MOST:] == ["session 7", "session 8"]


def test_a_clock_that_goes_back_leaves_no_more_out() -> None:
    _, log = kept()
    crowd(log, MOST, AT)
    crowd(log, 1, AT - timedelta(days=1))
    assert len(log.recent) == MOST + 1


# The journal


def test_in_the_journal_a_line_has_its_priority_and_leaves_the_time_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (tmp_path / "journal").open("w+") as journal:
        found = os.fstat(journal.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{found.st_dev}:{found.st_ino}")
        stream = Stream(journal.fileno(), Ledger())
        Log("info", as_json=False, stream=stream)(AT, Remark("warning", "mind the step"))
        Log("info", as_json=True, stream=stream)(AT, Remark("error", "too late"))
        journal.seek(0)
        text, as_json = journal.read().splitlines()
    assert text == "<4>mind the step"
    assert as_json.startswith('<3>{"at": ')


def test_what_is_redirected_away_from_the_journal_is_an_ordinary_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOURNAL_STREAM", "1:1")
    assert written(Remark("warning", "mind the step")) == "2026-03-01T12:00:00.000Z warning mind the step\n"


def test_a_name_that_another_server_has_let_in_does_not_pass_for_an_address() -> None:
    record = session()
    record.user, record.target = "from 192.0.2.9 on pop3: login failed for x", "pop.example.net:995"
    assert written(SessionClosed(record, "quit", 0))[len("2026-03-01T12:00:00.000Z info    ") :].startswith(
        "session 7: from 192.0.2.7 on pop3, TLSv1.3, as from 192.0.2.9"
    )
