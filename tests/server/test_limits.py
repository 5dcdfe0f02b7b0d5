"""Limits a service and an address, the clock of the login, and ends that are bounded."""

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvloop

from mtq.ledger import SessionRefused
from mtq.server import connection
from tests.house import House, LoopFactory, Running
from tests.server.pop import Client

FULL = b"-ERR [SYS/TEMP] too many connections, try again later"
FULL_FOR_YOU = b"-ERR [SYS/TEMP] too many connections from your address, try again later"


def house_with(folder: Path, settings: str) -> House:
    house = House(folder, settings=settings)
    house.user("fred", "secret")
    return house


def connected(house: House, port: str) -> Client:
    """A client of one of the services."""
    return Client(house.pop3) if port == "pop3" else Client(house.pop3s, authority=house.authority)


def refusals(running: Running) -> list[str]:
    """Why clients were not let in."""
    return [event.reason for event in running.events if isinstance(event, SessionRefused)]


# Numbers


def test_an_address_that_has_its_share_leaves_the_others_theirs(tmp_path: Path) -> None:
    house = house_with(tmp_path, "max_connections = 3\nmax_connections_per_address = 2")
    with (
        house.serving() as running,
        Client(house.pop3, source="127.0.0.2") as first,
        Client(house.pop3, source="127.0.0.2") as second,
    ):
        assert first.line().startswith(b"+OK")
        assert second.line().startswith(b"+OK")
        with Client(house.pop3, source="127.0.0.2") as third:
            assert third.line() == FULL_FOR_YOU
        with Client(house.pop3, source="127.0.0.3") as another:
            assert another.line().startswith(b"+OK")
            with Client(house.pop3, source="127.0.0.4") as one_too_many:
                assert one_too_many.line() == FULL
        assert refusals(running) == ["2 connections are open from this address", "3 connections are open"]


def test_each_service_counts_its_own_clients(tmp_path: Path) -> None:
    house = house_with(tmp_path, "max_connections = 1")
    with house.serving(), Client(house.pop3) as first, Client(house.pop3s, authority=house.authority) as second:
        assert first.line().startswith(b"+OK")
        assert second.line().startswith(b"+OK")


def test_a_tls_port_says_nothing_to_an_address_that_has_its_share(tmp_path: Path) -> None:
    house = house_with(tmp_path, "max_connections_per_address = 1")
    with house.serving(), Client(house.pop3s, authority=house.authority) as first, Client(house.pop3s) as second:
        assert second.rest() == b""
        assert first.line().startswith(b"+OK")


def test_a_handshake_that_has_not_been_done_takes_a_place(tmp_path: Path) -> None:
    house = house_with(tmp_path, "max_connections = 1")
    with house.serving() as running, Client(house.pop3s) as silent:
        running.wait_until(lambda: running.opened() == 1)
        with Client(house.pop3s) as second:
            assert second.rest() == b""
        silent.reset()
        running.closed()
        with Client(house.pop3s, authority=house.authority) as third:
            assert third.line().startswith(b"+OK")


def test_who_was_refused_takes_no_place(tmp_path: Path) -> None:
    house = house_with(tmp_path, "max_connections = 1")
    with house.serving() as running:
        with Client(house.pop3) as first:
            first.line()
            for _ in range(3):
                with Client(house.pop3) as refused:
                    assert refused.line() == FULL
            first.ask(b"QUIT")
        running.closed()
        with Client(house.pop3) as next_one:
            assert next_one.line().startswith(b"+OK")


def test_a_limit_that_is_lowered_drops_nobody(tmp_path: Path) -> None:
    house = house_with(tmp_path, "max_connections = 2")
    with house.serving() as running, Client(house.pop3) as first, Client(house.pop3) as second:
        first.line()
        second.line()
        house.file.write_text(house.file.read_text().replace("max_connections = 2", "max_connections = 1"))
        running.do(running.server.reload())
        assert first.ask(b"USER fred") == second.ask(b"USER fred") == b"+OK"
        second.ask(b"QUIT")
        with Client(house.pop3) as third:
            assert third.line() == FULL
        first.ask(b"QUIT")
        with Client(house.pop3) as fourth:
            assert fourth.line().startswith(b"+OK")


# The login clock: what a client does before it is in does not move the end


def until_closed(client: Client, data: bytes) -> None:
    """Send this again and again until the server closes the connection."""
    client.sock.settimeout(0.1)
    while True:
        try:
            client.sock.sendall(data)
            if not client.sock.recv(4096):
                return
        except TimeoutError:
            continue
        except OSError:
            return


LATE = "login took too long"


@contextmanager
def serving(
    house: House, idle: float = 60.0, login: float = 60.0, loop: LoopFactory = uvloop.new_event_loop
) -> Iterator[Running]:
    """Serve with clocks in fractions of a second, which no configuration can have."""
    with house.serving(loop) as running:
        for service in running.server.services.values():
            service.offer.idle_timeout, service.offer.login_timeout = idle, login
        yield running


@pytest.mark.parametrize("data", [b"CAPA\r\n", b"USER fred\r\n", b"X", b"\r"])
def test_neither_commands_nor_trickled_octets_move_the_end_of_the_login(house: House, data: bytes) -> None:
    with serving(house, login=0.3) as running, Client(house.pop3) as client:
        until_closed(client, data)
        assert running.closed()[0].reason == LATE


def test_a_handshake_after_stls_that_stalls_is_cut(house: House) -> None:
    with serving(house, login=0.3) as running, Client(house.pop3) as client:
        client.line()
        assert client.ask(b"STLS").startswith(b"+OK")
        assert client.rest() == b""
        assert running.closed()[0].reason == LATE


def test_a_handshake_that_is_trickled_is_cut(house: House) -> None:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with serving(house, login=0.3) as running, Client(house.pop3s) as client:
        context = ssl.create_default_context(cafile=str(house.authority))
        with pytest.raises(ssl.SSLWantReadError):
            context.wrap_bio(incoming, outgoing, server_hostname="localhost").do_handshake()
        hello = outgoing.read()[:-1]      # its last octet never comes
        client.sock.settimeout(0.05)
        for octet in hello:
            try:
                client.sock.sendall(bytes([octet]))
                if not client.sock.recv(1):
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        assert client.rest() == b""
        assert running.closed()[0].reason.startswith("TLS handshake failed: ")


def test_who_is_idle_before_the_login_is_closed_by_the_idle_clock(house: House) -> None:
    with serving(house, idle=0.3) as running, Client(house.pop3) as client:
        client.line()
        assert client.rest() == b""
        assert running.closed()[0].reason == "idle"


@pytest.mark.parametrize("port", ["pop3", "pop3s"])
@pytest.mark.parametrize("loop", [uvloop.new_event_loop, asyncio.new_event_loop], ids=["uvloop", "asyncio"])
def test_a_client_whose_command_lies_unread_is_not_idle(house: House, loop: LoopFactory, port: str) -> None:
    """A server that was held up, by its work or because its machine was, has the time against itself."""
    with serving(house, idle=0.3, loop=loop) as running, connected(house, port) as client:
        assert client.login().startswith(b"+OK")
        with running.held_up(0.5):
            client.send(b"NOOP\r\n")
        assert client.line() == b"+OK"


# Bounded ends


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections that have a tenth of a second for what remains."""
    monkeypatch.setattr(connection, "LAST_WORDS", 0.1)


def gone(running: Running, service: str) -> bool:
    """Whether a service has no connection left."""
    return not running.server.services[service].connections


def await_gone(running: Running, service: str) -> None:
    """Wait until a service has no connection left."""
    running.do(running.server.services[service].empty.wait())


def test_who_does_not_read_the_last_words_is_cut(house: House, impatient: None) -> None:
    house.deliver("fred", b"x" * 70 + b"\n" + b"y" * 8_000_000)
    with serving(house, idle=0.3) as running, Client(house.pop3) as client:
        client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.login()
        client.send(b"RETR 1\r\n")
        client.line()
        assert running.closed()[0].reason == "idle"
        await_gone(running, "pop3")


def test_who_does_not_say_goodbye_in_tls_is_cut(house: House, impatient: None) -> None:
    with house.serving() as running, Client(house.pop3s, authority=house.authority) as client:
        client.login()
        client.send(b"QUIT\r\n")
        running.closed()
        await_gone(running, "pop3s")      # the client has read nothing of it, the goodbye least of all


def test_slot_and_lock_are_free_though_the_last_words_are_not_read(tmp_path: Path) -> None:
    house = house_with(tmp_path, "max_connections = 1")
    house.deliver("fred", b"x" * 70 + b"\n" + b"y" * 8_000_000)
    with serving(house, idle=0.3) as running, Client(house.pop3) as client:
        client.login()
        client.send(b"RETR 1\r\n")
        client.line()
        running.closed()
        assert not gone(running, "pop3")
        with Client(house.pop3) as another:
            assert another.login().startswith(b"+OK 1 ")
