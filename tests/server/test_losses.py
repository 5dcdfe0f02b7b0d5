"""What is lost on the way: clients that vanish at a bad moment, a log that cannot be written.

That the server has left no task running and no file open is checked for every test, when its house closes.
"""

import asyncio
import signal
from pathlib import Path

import pytest
import uvloop

from mtq.ledger import SessionClosed, SessionLogin
from tests.house import House, LoopFactory
from tests.server.pop import Client

LARGE = b"Subject: large\n\n" + (b"x" * 99 + b"\n") * 200_000


def test_a_client_that_vanishes_during_its_login_is_forgotten(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.user("fred", "secret", "ARGON2ID")
    house.deliver("fred", b"one\n")
    with house.serving() as running:
        for number in range(1, 4):
            client = Client(house.pop3)
            client.line()
            client.send(b"USER fred\r\nPASS secret\r\n")
            client.line()
            client.reset()
            running.closed(number)
        with Client(house.pop3) as client:
            assert client.login("nobody").startswith(b"-ERR [AUTH]")


@pytest.mark.parametrize("port", ["pop3", "pop3s"])
def test_a_client_that_vanishes_in_the_middle_of_a_message_leaves_no_file_open(house: House, port: str) -> None:
    house.deliver("fred", LARGE)
    with house.serving() as running:
        client = Client(house.pop3) if port == "pop3" else Client(house.pop3s, authority=house.authority)
        client.login()
        client.ask(b"RETR 1")
        client.reset()
        assert running.closed()[0].reason == "connection lost"


def test_a_client_that_shuts_its_side_behind_its_quit_has_its_removals_done_and_counted(house: House) -> None:
    house.deliver("fred", *[b"message\n"] * 200)
    with house.serving() as running:
        client = Client(house.pop3)
        client.login()
        client.send(b"".join(b"DELE %d\r\n" % number for number in range(1, 201)))
        for _ in range(200):
            client.line()
        client.send(b"QUIT\r\n")
        client.sock.shutdown(1)
        client.rest()
        client.reset()
        assert running.closed()[0].session.deleted == 200
        assert house.stored("fred") == []


def test_a_client_that_vanishes_within_its_handshake_is_forgotten(house: House) -> None:
    with house.serving() as running:
        client = Client(house.pop3s)
        client.send(b"\x16\x03\x01")
        client.reset()
        running.closed()


@pytest.mark.parametrize("port", ["pop3", "pop3s"])
@pytest.mark.parametrize("loop", [uvloop.new_event_loop, asyncio.new_event_loop], ids=["uvloop", "asyncio"])
def test_a_client_that_is_gone_when_its_login_is_read_is_forgotten(
    house: House, loop: LoopFactory, port: str
) -> None:
    with house.serving(loop) as running:
        client = Client(house.pop3) if port == "pop3" else Client(house.pop3s, authority=house.authority)
        client.line()
        with running.held_up():
            client.send(b"USER fred\r\nPASS secret\r\n")
            client.reset()
        assert running.closed()[0].reason == "connection lost"


def test_a_log_that_nobody_reads_any_more_stops_no_mail(house: House) -> None:
    house.deliver("fred", b"one\n")
    with house.process() as server:
        assert server.stderr is not None
        server.stderr.close()
        for _ in range(2):
            with Client(house.pop3) as client:
                client.login()
                client.ask(b"DELE 1")
                assert client.ask(b"QUIT") == b"+OK bye"


def test_sighup_ends_nothing(house: House) -> None:
    with house.process() as server, Client(house.pop3) as client:
        client.login()
        server.send_signal(signal.SIGHUP)
        assert client.ask(b"NOOP") == b"+OK"
        assert client.ask(b"QUIT") == b"+OK bye"
        assert server.poll() is None


def test_events_tell_a_login_before_its_end(house: House) -> None:
    with house.serving() as running, Client(house.pop3) as client:
        client.login()
        client.ask(b"QUIT")
        running.closed()
        kinds = [type(event) for event in running.events if isinstance(event, SessionLogin | SessionClosed)]
        assert kinds == [SessionLogin, SessionClosed]
