"""The account of locks: it follows the sessions that hold them, whatever way these end."""

import pytest

from mtq.ledger import LockReleased, LockTaken
from tests.house import House, Running
from tests.server.pop import Client


def told(running: Running) -> list[tuple[str, str, str]]:
    """What was told of locks: the event, the mailbox, the user."""
    locks = [event for event in running.events if isinstance(event, LockTaken | LockReleased)]
    return [(event.name, event.lock.mailbox, event.lock.user) for event in locks]


@pytest.mark.parametrize("end", ["quit", "quit with removals", "hang up"])
def test_a_lock_is_taken_at_the_login_and_released_with_the_session(house: House, end: str) -> None:
    house.deliver("fred", b"one\n")
    with house.serving() as running, Client(house.pop3) as client:
        client.login()
        mailbox = str(house.mailbox("fred"))
        assert [lock.mailbox for lock in running.ledger.locks.values()] == [mailbox]
        if end == "quit with removals":
            client.ask(b"DELE 1")
        if end != "hang up":
            client.ask(b"QUIT")
        client.sock.close()
        running.closed()
        assert told(running) == [("lock.taken", mailbox, "fred"), ("lock.released", mailbox, "fred")]
        assert running.ledger.locks == {}


def test_where_mailboxes_are_not_locked_nothing_is_told(house: House) -> None:
    house = House(house.folder, settings="lock_mailboxes = false")
    house.deliver("fred", b"one\n")
    with house.serving() as running, Client(house.pop3) as client:
        client.login()
        client.ask(b"QUIT")
        running.closed()
        assert told(running) == []


def test_who_never_logs_in_locks_nothing(house: House) -> None:
    house.deliver("fred", b"one\n")
    with house.serving() as running, Client(house.pop3) as client:
        client.login("nobody")
        client.ask(b"QUIT")
        running.closed()
        assert told(running) == []
