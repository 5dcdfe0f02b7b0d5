"""Locks of mailboxes: across services, servers and their deaths; and the account that is kept of them."""

import os
import shutil
import signal
from pathlib import Path

import pytest

from mtq.ledger import LockReleased, LockTaken
from mtq.mail.lock import held
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


# Between sessions


def connected(house: House, service: str) -> Client:
    """A client of one of the services."""
    return Client(house.pop3) if service == "pop3" else Client(house.pop3s, authority=house.authority)


@pytest.mark.parametrize("first", ["pop3", "pop3s"])
def test_a_second_session_is_refused_on_whatever_service(house: House, first: str) -> None:
    house.deliver("fred", b"one\n")
    with house.serving(), connected(house, first) as holder:
        holder.login()
        for service in ("pop3", "pop3s"):
            with connected(house, service) as client:
                assert client.login() == b"-ERR [IN-USE] another session has this mailbox open"
                assert client.ask(b"QUIT") == b"+OK bye"
        assert holder.ask(b"RETR 1").startswith(b"+OK")


def test_who_was_refused_may_try_again_on_the_same_connection(house: House) -> None:
    house.deliver("fred", b"one\n")
    with house.serving(), Client(house.pop3) as holder, Client(house.pop3) as client:
        holder.login()
        client.login()
        holder.ask(b"QUIT")
        client.ask(b"USER fred")
        assert client.ask(b"PASS secret") == b"+OK 1 messages (5 octets)"


def test_the_mailbox_itself_says_who_holds_it_and_from_where(house: House) -> None:
    house.deliver("fred", b"one\n")
    mailbox = os.fsencode(house.mailbox("fred"))
    with house.serving() as running, Client(house.pop3) as client:
        client.login()
        found = held(mailbox)
        assert found is not None
        assert found.holder is not None
        [lock] = running.ledger.locks.values()
        told = (found.holder.user, found.holder.service, found.holder.session, found.holder.address)
        assert told == (lock.user, lock.service, lock.session, lock.address)
        assert found.pid == os.getpid()
        client.ask(b"QUIT")
        assert held(mailbox) is None


# Between servers


def beside(house: House, folder: Path) -> House:
    """Another server with the same users and mailboxes."""
    mailboxes = house.mailbox("fred").parent
    other = House(folder, server=f'[mailboxes]\npath = "{mailboxes}/{{user}}"\n')
    shutil.copy(house.config.users.file, other.config.users.file)
    return other


@pytest.fixture
def other(house: House, tmp_path_factory: pytest.TempPathFactory) -> House:
    """See above."""
    return beside(house, tmp_path_factory.mktemp("other"))


def test_a_session_on_another_server_is_refused(house: House, other: House) -> None:
    house.deliver("fred", b"one\n")
    with house.process(), other.serving(), Client(house.pop3) as holder, Client(other.pop3) as client:
        holder.login()
        assert client.login().startswith(b"-ERR [IN-USE]")
        holder.ask(b"QUIT")
        client.ask(b"USER fred")
        assert client.ask(b"PASS secret").startswith(b"+OK 1 messages")


def test_a_killed_server_holds_no_mailbox_and_has_removed_nothing(house: House, other: House) -> None:
    house.deliver("fred", b"one\n", b"two\n")
    with house.process() as server, other.serving(), Client(house.pop3) as holder:
        holder.login()
        holder.ask(b"DELE 1")
        server.send_signal(signal.SIGKILL)
        server.wait()
        with Client(other.pop3) as client:
            assert client.login() == b"+OK 2 messages (10 octets)"


# When removals fail


def test_the_client_is_told_how_many_messages_stayed(house: House) -> None:
    house.lay("fred", **{str(number): b"message\n" for number in range(1, 6)})
    with house.serving(), Client(house.pop3) as client:
        client.login()
        for number in (2, 3):
            (house.mailbox("fred") / "cur" / f"{number}:2,").unlink()
            (house.mailbox("fred") / "cur" / f"{number}:2,").mkdir()
        for number in (1, 2, 3, 5):
            client.ask(b"DELE %d" % number)
        assert client.ask(b"QUIT") == b"-ERR [SYS/TEMP] 2 messages could not be removed"
    assert sorted(file.name for file in (house.mailbox("fred") / "cur").iterdir()) == ["2:2,", "3:2,", "4:2,"]
