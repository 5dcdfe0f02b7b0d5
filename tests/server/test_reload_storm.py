"""SIGHUP again and again while sessions of every kind are under way: none is lost, and not an octet is wrong."""

import signal
import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

from mtq import tls
from mtq.ledger import utc_now
from tests.commands.desk import process
from tests.house import House, free_port, wait_for_line
from tests.server.pop import Client
from tests.server.test_proxied import Pair

STORM = 24
LINES = [b"Subject: large", b"", *(b"%06d of a long letter, and each line is another" % n for n in range(50_000))]
LETTER = b"".join(line + b"\n" for line in LINES)
READERS = ("plain", "inside", "upgraded", "leaving", "remote")
IDLE = ("idle", "greeted", "named")

EXTRA = """
[services.extra]
listen = ["127.0.0.1:{port}"]
tls = "off"
"""


class Reader:
    """A client in the middle of a long message, which it reads slowly."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._read = 0
        client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        assert client.ask(b"RETR 1").startswith(b"+OK")

    def read(self, lines: int) -> None:
        """Read on, and see that it is right."""
        got = [self._client.line() for _ in range(lines)]
        assert got == LINES[self._read : self._read + lines]
        self._read += lines

    def finish(self) -> None:
        """Read the rest, and leave."""
        self.read(len(LINES) - self._read)
        assert self._client.line() == b"."
        assert self._client.ask(b"QUIT") == b"+OK bye"


class Town:
    """A server, another one behind its proxy, and users who have a long letter each."""

    def __init__(self, folder: Path) -> None:
        pair = Pair(folder)
        self.near, self.far = pair.near, pair.far
        self.extra = free_port()
        self._text = self.near.file.read_text()
        for house, users in ((self.near, (*READERS, *IDLE, "visitor")), (self.far, ("remote",))):
            house.certify()
            for user in users:
                house.user(user, "secret")
                house.deliver(user, LETTER)
        self.change(0)

    def change(self, number: int) -> None:
        """Save another configuration, as an editor does: every other one has one service more."""
        text = self._text.replace("[services.pop3]", f"[services.pop3]\nmax_connections = {100 + number}", 1)
        text = text.replace("[server]", f'[server]\nlan = ["127.0.0.0/8", "10.{number}.0.0/16"]', 1)
        if number % 2 == 0:
            text += EXTRA.format(port=self.extra)
        draft = self.near.file.with_suffix(".draft")
        draft.write_text(text)
        draft.replace(self.near.file)

    def renew(self) -> None:
        """Another certificate takes the place of the one that is shown."""
        tls.make(self.near.config.tls.certificate, self.near.config.tls.key, "localhost", utc_now())

    def readers(self, stack: ExitStack) -> list[Reader]:
        """One in each way of being connected: as it is, in TLS, after STLS, by a service that goes, by the proxy."""
        ports = {"inside": self.near.pop3s, "leaving": self.extra}
        readers = []
        for user in READERS:
            authority = self.near.authority if user == "inside" else None
            client = stack.enter_context(Client(ports.get(user, self.near.pop3), authority=authority))
            if user == "upgraded":
                client.line()
                assert client.ask(b"STLS").startswith(b"+OK")
                client.start_tls(self.near.authority)
                assert client.ask(b"USER upgraded").startswith(b"+OK")
                assert client.ask(b"PASS secret").startswith(b"+OK")
            else:
                name = f"remote#localhost:{self.far.pop3}" if user == "remote" else user
                assert client.login(name).startswith(b"+OK")
            readers.append(Reader(client))
        return readers


def visit(house: House, inside_tls: bool) -> None:
    """A whole session."""
    port, authority = (house.pop3s, house.authority) if inside_tls else (house.pop3, None)
    with Client(port, authority=authority) as client:
        assert client.login("visitor").startswith(b"+OK 1 ")
        assert client.ask(b"TOP 1 0").startswith(b"+OK")
        assert client.body() == b"Subject: large\r\n\r\n"
        assert client.ask(b"QUIT") == b"+OK bye"


def test_a_storm_of_reloads_is_not_noticed_by_anybody(tmp_path: Path) -> None:
    town = Town(tmp_path)
    with town.far.process() as far, town.near.process() as near, ExitStack() as stack:
        readers = town.readers(stack)
        idle, greeted, named = (stack.enter_context(Client(town.near.pop3)) for _ in IDLE)
        idle.login("idle")
        assert greeted.line().startswith(b"+OK")
        named.line()
        named.ask(b"USER named")
        for number in range(1, STORM + 1):
            town.change(number)
            if number % 8 == 0:
                town.renew()
            for server in (near, far, near):
                server.send_signal(signal.SIGHUP)
            for reader in readers:
                reader.read(50)
            assert idle.ask(b"NOOP") == b"+OK"
            visit(town.near, inside_tls=number % 2 == 0)
        wait_for_line(near, "instead of")      # a certificate: reloads are being done
        town.change(STORM + 1)
        assert process("--config", str(town.near.file), "reload").code == 0
        with pytest.raises(ConnectionRefusedError):
            Client(town.extra)
        assert greeted.ask(b"USER greeted").startswith(b"+OK")
        assert greeted.ask(b"PASS secret").startswith(b"+OK 1 ")
        assert named.ask(b"PASS secret").startswith(b"+OK 1 ")
        for reader in readers:
            reader.finish()
        visit(town.near, inside_tls=True)
