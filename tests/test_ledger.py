"""The account of the house: what it adds up to, and clocks that somebody sets."""

from datetime import UTC, datetime, timedelta

from mtq.ledger import CROWDED, Cause, Event, Ledger, LoginFailed, Remark, SessionClosed, SessionRefused, failed

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_clock_that_jumps_does_not_make_a_session_longer_or_shorter() -> None:
    now, ticks = [NOON], [100.0]
    ledger = Ledger(clock=lambda: now[0], ticks=lambda: ticks[0])
    ended: list[Event] = []
    ledger.listen(lambda _, event: ended.append(event))
    for jump in (timedelta(days=3650), -timedelta(days=3650)):
        record = ledger.open("pop3", "192.0.2.7")
        now[0] += jump
        ticks[0] += 2.5
        ledger.close(record, "quit")
    assert [event.seconds for event in ended if isinstance(event, SessionClosed)] == [2.5, 2.5]


def test_totals_are_by_service_and_have_open_sessions_in_them() -> None:
    ledger = Ledger()
    for service, octets in (("pop3", 10), ("pop3s", 20)):
        record = ledger.open(service, "192.0.2.7")
        record.bytes_in = octets
        ledger.close(record, "quit")
    ledger.open("pop3", "192.0.2.7").bytes_in = 5
    totals = ledger.totals()
    assert [totals[service]["bytes_in"] for service in ("pop3", "pop3s")] == [15, 20]
    assert totals["pop3"]["session.opened"] == 2
    assert ledger.totals() == totals


def test_why_clients_and_logins_were_refused_is_counted_besides() -> None:
    ledger = Ledger()
    record = ledger.open("pop3", "192.0.2.7")
    for cause in (Cause.CREDENTIALS, Cause.CREDENTIALS, Cause.REPEATED):
        ledger.enter(LoginFailed(record, "fred", "wrong password", cause))
    for crowded in (True, False, False):
        ledger.enter(SessionRefused("pop3", "192.0.2.7", "why", crowded))
    counted = ledger.totals()["pop3"]
    assert (counted["login.failed"], counted[failed(Cause.CREDENTIALS)], counted[failed(Cause.REPEATED)]) == (3, 2, 1)
    assert (counted["session.refused"], counted[CROWDED]) == (3, 1)


def test_what_is_about_no_service_is_counted_for_none() -> None:
    ledger = Ledger()
    ledger.enter(Remark("info", "ready"))
    assert ledger.totals() == {"": {"log": 1}}
