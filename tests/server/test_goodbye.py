"""SIGTERM: what is under way is finished, what was not confirmed is not done, and nobody can hold the end up."""

import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.house import WAIT, House, wait_for_line
from tests.server.pop import Client
from tests.server.test_proxied import Pair

LARGE = b"Subject: large\n\n" + (b"x" * 99 + b"\n") * 100_000
SLOW_REMOVAL = ["strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", "inject=unlink,unlinkat:delay_enter=200000"]
"""A disk on which each removal takes a fifth of a second."""


def stop(server: "subprocess.Popen[str]") -> int:
    """Its exit code, asked to end. It is not waited for longer than that it has ended long ago."""
    server.send_signal(signal.SIGTERM)
    return server.wait(WAIT)


def left(house: House) -> int:
    """How many messages fred has."""
    return len(list((house.mailbox("fred") / "new").iterdir()))


class Stuck:
    """A server with little patience, and clients that will not read another octet."""

    def __init__(self, folder: Path, grace: int) -> None:
        self.pair = Pair(folder, settings="idle_timeout = 3600\nlogin_timeout = 3600")
        self.house = self.pair.near
        text = self.house.file.read_text().replace("[server]", f"[server]\nshutdown_grace = {grace}")
        self.house.file.write_text(text)
        for house in (self.house, self.pair.far):
            house.certify()
            for user in ("remote", "plain", "inside", "asking"):
                house.user(user, "secret")
                house.deliver(user, LARGE)

    def clients(self, stack: ExitStack) -> Iterator[Client]:
        """In the middle of a message (as it is, in TLS, by the proxy), of asking on and on, of a handshake."""
        for user, port in (("plain", "pop3"), ("inside", "pop3s"), ("asking", "pop3"), ("remote", "pop3")):
            authority = self.house.authority if port == "pop3s" else None
            client = stack.enter_context(Client(getattr(self.house, port), authority=authority))
            name = f"remote#localhost:{self.pair.far.pop3}" if user == "remote" else user
            assert client.login(name).startswith(b"+OK")
            assert client.ask(b"DELE 1").startswith(b"+OK")
            client.ask(b"RSET")
            client.send(b"UIDL\r\n" * 5000 if user == "asking" else b"RETR 1\r\nDELE 1\r\nQUIT\r\n")
            yield client
        shaking = stack.enter_context(Client(self.house.pop3s))
        shaking.send(b"\x16\x03\x01")
        yield shaking


@pytest.mark.parametrize("grace", [0, 1])
def test_clients_that_do_not_read_cannot_keep_a_server_from_its_end(tmp_path: Path, grace: int) -> None:
    stuck = Stuck(tmp_path, grace)
    with stuck.pair.far.serving(), stuck.house.process() as server, ExitStack() as stack:
        assert len(list(stuck.clients(stack))) == 5
        assert stop(server) == 0
    for user in ("plain", "inside", "asking"):
        assert stuck.house.stored(user) == [LARGE], "a QUIT that was never reached removes nothing"


@pytest.mark.parametrize("port", ["pop3", "pop3s"])
def test_a_removal_that_is_under_way_is_finished_and_confirmed(house: House, port: str) -> None:
    house.deliver("fred", *[b"message\n"] * 5)
    house.certify()
    with house.process(through=SLOW_REMOVAL) as server:
        authority = house.authority if port == "pop3s" else None
        with Client(getattr(house, port), authority=authority) as client:
            assert client.login().startswith(b"+OK 5 ")
            for number in range(1, 6):
                client.ask(b"DELE %d" % number)
            client.send(b"QUIT\r\n")
            while left(house) == 5:
                pass
            server.send_signal(signal.SIGTERM)
            assert client.rest() == b"+OK bye\r\n"
        assert server.wait(WAIT) == 0
    assert house.stored("fred") == []


def test_what_was_sent_behind_a_message_is_done_and_confirmed_or_neither(house: House) -> None:
    house.deliver("fred", LARGE, b"two\n")
    with house.process() as server, Client(house.pop3) as client:
        client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        client.login()
        client.send(b"RETR 1\r\nDELE 2\r\nQUIT\r\n")
        client.line()
        server.send_signal(signal.SIGTERM)
        wait_for_line(server, "stopping")
        assert client.body() == LARGE.replace(b"\n", b"\r\n")
        rest = client.rest()
        assert server.wait(WAIT) == 0
        assert left(house) == (1 if rest.endswith(b"+OK bye\r\n") else 2), rest


def test_a_login_that_is_being_checked_is_answered(house: House) -> None:
    house.user("wilma", "pebbles", "ARGON2ID")
    with house.process() as server, Client(house.pop3) as client:
        client.line()
        client.ask(b"USER wilma")
        client.send(b"PASS pebbles\r\n")
        server.send_signal(signal.SIGTERM)
        assert client.line().startswith((b"+OK 0 messages", b"-ERR [SYS/TEMP] "))
        assert server.wait(WAIT) == 0
