"""A server on real sockets, in both event loops, under the guard against blocking calls."""

import asyncio
import os
import socket
import ssl
from pathlib import Path

import pytest
import uvloop

from mtq.ledger import Event, SessionClosed
from tests.house import House, LoopFactory
from tests.server.pop import Client

LETTER = b"From: wilma\nSubject: bread\n\nPlease bring bread.\n.\n..\nno newline at the end"
ON_THE_WIRE = LETTER.replace(b"\n", b"\r\n") + b"\r\n"


@pytest.fixture(params=[uvloop.new_event_loop, asyncio.new_event_loop], ids=["uvloop", "asyncio"])
def loop(request: pytest.FixtureRequest) -> LoopFactory:
    """The event loops that the server runs on."""
    factory: LoopFactory = request.param
    return factory


def test_a_message_arrives_as_it_was_delivered(house: House, loop: LoopFactory) -> None:
    house.deliver("fred", LETTER)
    with house.serving(loop), Client(house.pop3) as client:
        assert client.login() == b"+OK 1 messages (%d octets)" % len(ON_THE_WIRE)
        assert client.ask(b"RETR 1") == b"+OK %d octets" % len(ON_THE_WIRE)
        assert client.body() == ON_THE_WIRE


def test_a_message_arrives_inside_tls(house: House, loop: LoopFactory) -> None:
    house.deliver("fred", LETTER)
    with house.serving(loop), Client(house.pop3s, authority=house.authority) as client:
        client.login()
        client.ask(b"RETR 1")
        assert client.body() == ON_THE_WIRE
        assert client.ask(b"QUIT").startswith(b"+OK")
        assert client.rest() == b""


def test_a_message_arrives_after_stls(house: House, loop: LoopFactory) -> None:
    house.deliver("fred", LETTER)
    with house.serving(loop) as running, Client(house.pop3) as client:
        client.line()
        assert client.ask(b"STLS").startswith(b"+OK")
        client.start_tls(house.authority)
        client.ask(b"USER fred")
        assert client.ask(b"PASS secret").startswith(b"+OK 1 ")
        client.ask(b"RETR 1")
        assert client.body() == ON_THE_WIRE
        client.ask(b"QUIT")
        assert running.closed()[0].session.tls == "TLSv1.3"


def test_what_follows_stls_in_the_clear_is_thrown_away(house: House, loop: LoopFactory) -> None:
    with house.serving(loop), Client(house.pop3) as client:
        client.line()
        client.send(b"STLS\r\nUSER fred\r\n")
        assert client.line().startswith(b"+OK")
        client.start_tls(house.authority)
        assert client.ask(b"PASS secret").startswith(b"-ERR")


def test_a_command_that_comes_with_the_end_of_the_handshake_is_answered(house: House, loop: LoopFactory) -> None:
    with house.serving(loop):
        for _ in range(20):
            with Client(house.pop3) as client:
                client.line()
                client.ask(b"STLS")
                tls = ssl.create_default_context(cafile=str(house.authority))
                incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
                machine = tls.wrap_bio(incoming, outgoing, server_hostname="localhost")
                while True:
                    try:
                        machine.do_handshake()
                        break
                    except ssl.SSLWantReadError:
                        client.send(outgoing.read())
                        incoming.write(client.sock.recv(65536))
                machine.write(b"NOOP\r\nQUIT\r\n")
                client.send(outgoing.read())      # the client's Finished and its first commands in one packet
                answers = b""
                while not answers.endswith(b"bye\r\n"):
                    try:
                        answers += machine.read()
                    except ssl.SSLWantReadError:
                        incoming.write(client.sock.recv(65536))
                assert answers == b"-ERR not in this state\r\n+OK bye\r\n"


def test_a_clienthello_in_the_packet_of_stls_is_thrown_away_and_the_connection_ends(tmp_path: Path) -> None:
    house = House(tmp_path, settings="login_timeout = 1")
    with house.serving() as running, Client(house.pop3) as client:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        machine = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="localhost")
        with pytest.raises(ssl.SSLWantReadError):
            machine.do_handshake()
        client.send(b"STLS\r\n" + outgoing.read())
        client.rest()
        assert running.closed()[0].session.tls is None


def test_a_large_message_arrives_whole(house: House, loop: LoopFactory) -> None:
    letter = b"Subject: large\n\n" + os.urandom(1 << 20).replace(b"\r", b"") * 20
    house.deliver("fred", letter)
    with house.serving(loop), Client(house.pop3) as client:
        client.login()
        client.ask(b"RETR 1")
        assert client.body().replace(b"\r\n", b"\n").removesuffix(b"\n") == letter.removesuffix(b"\n")


def test_commands_sent_ahead_are_answered_in_order(house: House, loop: LoopFactory) -> None:
    house.deliver("fred", LETTER, LETTER)
    with house.serving(loop), Client(house.pop3) as client:
        client.send(b"USER fred\r\nPASS secret\r\nRETR 1\r\nDELE 1\r\nSTAT\r\nQUIT\r\n")
        size = len(ON_THE_WIRE)
        wire = ON_THE_WIRE.replace(b"\n.", b"\n..")
        assert client.rest().partition(b"\r\n")[2] == (
            b"+OK\r\n+OK 2 messages (%d octets)\r\n+OK %d octets\r\n" % (2 * size, size)
            + wire
            + b".\r\n+OK message 1 marked\r\n+OK 1 %d\r\n+OK bye\r\n" % size
        )


@pytest.mark.parametrize("command", [b"CAPA", b"RETR 1"])
def test_commands_sent_ahead_do_not_hold_up_another_client(house: House, loop: LoopFactory, command: bytes) -> None:
    house.deliver("fred", LETTER)
    with house.serving(loop) as running, Client(house.pop3) as another, Client(house.pop3) as client:
        assert another.line().startswith(b"+OK")
        client.login()
        record, answered = running.ledger.sessions["2"], []

        def told(_: object, event: Event) -> None:
            if isinstance(event, SessionClosed):
                answered.append(record.bytes_out)

        running.ledger.listen(told)
        with running.held_up():
            client.send((command + b"\r\n") * 1000)
            another.send(b"QUIT\r\n")
        another.rest()
        client.send(b"QUIT\r\n")
        client.rest()
        first, last = answered
        assert first < last / 2


def test_a_client_that_only_writes_costs_a_bounded_buffer(house: House, loop: LoopFactory) -> None:
    house.deliver("fred", *[LETTER] * 50)
    with house.serving(loop), Client(house.pop3) as client:
        client.login()
        client.sock.settimeout(2)
        sent = 0
        try:
            while sent < 50_000_000:
                sent += client.sock.send(b"UIDL\r\n" * 10000)
        except TimeoutError:
            pass
        assert sent < 50_000_000


def test_a_client_that_shuts_its_side_still_gets_its_answers(house: House, loop: LoopFactory) -> None:
    house.deliver("fred", LETTER)
    with house.serving(loop), Client(house.pop3) as client:
        client.send(b"USER fred\r\nPASS secret\r\nSTAT\r\n")
        client.sock.shutdown(socket.SHUT_WR)
        assert client.rest().endswith(b"+OK 1 %d\r\n" % len(ON_THE_WIRE))


def test_quit_removes_what_was_marked(house: House, loop: LoopFactory) -> None:
    house.deliver("fred", b"one\n", b"two\n", b"three\n")
    with house.serving(loop), Client(house.pop3) as client:
        client.login()
        client.ask(b"DELE 2")
        assert client.ask(b"QUIT") == b"+OK bye"
        assert house.stored("fred") == [b"one\n", b"three\n"]


@pytest.mark.parametrize("end", ["close", "reset"])
def test_a_session_that_ends_without_quit_removes_nothing(house: House, loop: LoopFactory, end: str) -> None:
    house.deliver("fred", b"one\n")
    with house.serving(loop) as running:
        with Client(house.pop3) as client:
            client.login()
            client.ask(b"DELE 1")
            if end == "reset":
                client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        running.closed()
        assert house.stored("fred") == [b"one\n"]


def test_slot_and_lock_are_free_when_quit_is_answered(house: House, loop: LoopFactory) -> None:
    house.deliver("fred", LETTER)
    with house.serving(loop):
        for _ in range(30):
            with Client(house.pop3) as client:
                assert client.login().startswith(b"+OK")
                client.ask(b"DELE 1")
                client.ask(b"RSET")
                assert client.ask(b"QUIT").startswith(b"+OK")


def test_a_second_session_finds_the_mailbox_in_use(house: House, loop: LoopFactory) -> None:
    with house.serving(loop), Client(house.pop3) as first, Client(house.pop3) as second:
        house.deliver("fred", LETTER)
        first.login()
        assert second.login().startswith(b"-ERR [IN-USE] ")


def test_without_the_lock_two_sessions_share_the_mailbox(tmp_path: Path, loop: LoopFactory) -> None:
    house = House(tmp_path, settings="lock_mailboxes = false")
    house.user("fred", "secret")
    house.deliver("fred", LETTER)
    with house.serving(loop), Client(house.pop3) as first, Client(house.pop3) as second:
        first.login()
        second.login()
        first.ask(b"DELE 1")
        first.ask(b"QUIT")
        assert second.ask(b"RETR 1") == b"-ERR this message is not there any more"
        assert second.ask(b"NOOP").startswith(b"+OK")


def test_mail_that_comes_during_a_session_is_in_the_next(house: House, loop: LoopFactory) -> None:
    house.deliver("fred", LETTER)
    with house.serving(loop):
        with Client(house.pop3) as client:
            client.login()
            house.deliver("fred", LETTER)
            assert client.ask(b"STAT").startswith(b"+OK 1 ")
            client.ask(b"QUIT")
        with Client(house.pop3) as client:
            assert client.login().startswith(b"+OK 2 ")


def test_a_message_that_was_flagged_meanwhile_is_found(house: House, loop: LoopFactory) -> None:
    house.lay("fred", first=LETTER)
    with house.serving(loop), Client(house.pop3) as client:
        client.login()
        cur = house.mailbox("fred") / "cur"
        (cur / "first:2,").rename(cur / "first:2,S")
        assert client.ask(b"RETR 1").startswith(b"+OK")
        assert client.body() == ON_THE_WIRE


def test_a_wrong_size_in_a_name_is_told_once_and_then_mended(house: House, loop: LoopFactory) -> None:
    house.lay("fred", **{"name,W=7": LETTER})
    with house.serving(loop) as running:
        with Client(house.pop3) as client:
            assert client.login().endswith(b"(7 octets)")
            client.ask(b"RETR 1")
            client.body()
            client.ask(b"QUIT")
        running.closed()
        assert any("taken for 7 octets" in remark for remark in running.remarks)
        with Client(house.pop3) as client:
            assert client.login().endswith(b"(%d octets)" % len(ON_THE_WIRE))


def test_a_message_that_cannot_be_read_is_refused_and_the_session_goes_on(house: House, loop: LoopFactory) -> None:
    house.deliver("fred", LETTER)
    with house.serving(loop) as running, Client(house.pop3) as client:
        client.login()
        name = next((house.mailbox("fred") / "new").iterdir())
        name.unlink()
        name.mkdir()
        assert client.ask(b"RETR 1").startswith(b"-ERR [SYS/PERM]")
        assert client.ask(b"NOOP").startswith(b"+OK")
        assert any("message 1" in remark for remark in running.remarks)
