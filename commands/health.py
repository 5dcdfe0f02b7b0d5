"""The running server, called as a client calls it: every place where it listens, from the greeting to QUIT.

A port that is open says little. So TLS is spoken where it is offered, and with a user's password a login is done. No
message is fetched and none removed.
"""

import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, TypeVar

from mtq.config.kinds import Listen, ListenKind
from mtq.control.client import Client as Server
from mtq.errors import MtqError
from mtq.protocol import client
from mtq.protocol.client import BadAnswer, Capabilities, Dialogue, Reply, Unsendable

from .console import rows_of

T = TypeVar("T")

PATIENCE = 40.0
"""Seconds for each answer: a failed login is answered after half a minute at the latest."""


@dataclass(frozen=True)
class Account:
    """Whom to log in as."""

    user: str
    password: bytes = field(repr=False)


@dataclass(frozen=True)
class Finding:
    """What came of one call. `login`: whether one was done; None: none was to be. `error`: None if all is well."""

    service: str
    listen: str | None
    tls: str | None
    login: bool | None
    seconds: float
    error: str | None


class Unwell(MtqError):
    """A client would not get what it wants."""


def examine(server: Server, account: Account | None) -> list[Finding]:
    """Call everything that runs. Raises MtqError if the server cannot say what does."""
    found: list[Finding] = []
    for row in rows_of(server.call("service.list"), "services"):
        found += _service(server, row, account)
    if not found:
        found.append(Finding("", None, None, None, 0.0, "no service runs"))
    if account is not None and not any(finding.error or finding.login for finding in found):
        found.append(Finding("", None, None, False, 0.0, "no service takes a password from this machine"))
    return found


def _service(server: Server, row: Mapping[str, Any], account: Account | None) -> Iterator[Finding]:
    name = str(row["name"])
    if row["state"] == "failed":
        yield Finding(name, None, None, None, 0.0, str(row["error"]))
    if row["state"] != "running":
        return      # stopped is what an administrator wants it to be
    for listen in row["listen"]:
        began = time.monotonic()
        call = _Call(_reachable(ListenKind().read(listen)), str(row["tls"]))
        error = None
        try:
            _ask_firewall(server, name, call.address)
            call.make(account)
        except (Unwell, BadAnswer, Unsendable, OSError) as problem:
            error = _said(problem)
        yield Finding(name, listen, call.inside, call.login, round(time.monotonic() - began, 3), error)


def _reachable(listen: Listen) -> Listen:
    """Where to call a place at which a service listens."""
    if listen.address is None:
        return Listen(listen.port, "127.0.0.1")
    address = ip_address(listen.address)
    if address.is_unspecified:
        return Listen(listen.port, "127.0.0.1" if address.version == 4 else "::1")
    return listen


def _ask_firewall(server: Server, service: str, address: str) -> None:
    """A machine that calls itself calls from the address that it calls. Raises Unwell if the service lets none in."""
    decision = server.call("firewall.check", address=address, service=service)
    if decision["allowed"] is not True:
        raise Unwell(
            f"this check comes from {address}, which the service does not let in: {decision['reason']}; "
            f"`mtq firewall add {address} --service {service}` would"
        )


class _Call:
    """One call, and how far it has come."""

    def __init__(self, listen: Listen, tls: str) -> None:
        assert listen.address is not None
        self.address = listen.address
        self.inside: str | None = None
        self.login: bool | None = None
        self._port = listen.port
        self._tls = tls
        self._client = client.Client()
        self._sock: socket.socket

    def make(self, account: Account | None) -> None:
        """Greeting, TLS, CAPA, a login if one is wanted, QUIT. Raises Unwell, BadAnswer, OSError."""
        self._sock = socket.create_connection((self.address, self._port), timeout=PATIENCE)
        try:
            if self._tls == "implicit":
                self._start_tls()
            _yes(self._talk(client.greeting()).reply)
            capabilities = self._talk(client.capa())
            if self._tls == "starttls":
                _yes(self._talk(client.stls()))
                self._start_tls()
                capabilities = self._talk(client.capa())
            if account is not None:
                self._log_in(account, capabilities)
            _yes(self._talk(client.quit()))
        finally:
            self._sock.close()

    def _log_in(self, account: Account, capabilities: Capabilities) -> None:
        user = account.user.encode("utf-8", "surrogateescape")
        self.login = False
        if "USER" in capabilities.rows:
            _yes(self._talk(client.user_pass(user, account.password)))
        elif "PLAIN" in capabilities.mechanisms:
            _yes(self._talk(client.plain(user, account.password)))
        else:
            return      # no clear-text password is taken here
        if isinstance(stat := self._talk(client.stat()), Reply):
            _yes(stat)
        self.login = True

    def _talk(self, dialogue: Dialogue[T]) -> T:
        exchange = self._client.begin(dialogue)
        while not exchange.over:
            self._sock.sendall(self._client.take())
            data = b"" if exchange.over else self._sock.recv(65536)
            if not data:
                raise Unwell("it hung up")
            self._client.receive(data)
        return exchange.outcome

    def _start_tls(self) -> None:
        """For whom the certificate is does not matter here: `mtq cert check` looks at it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        inside = context.wrap_socket(self._sock)
        self._sock, self.inside = inside, inside.version()


def _yes(reply: Reply) -> None:
    if not reply.ok:
        raise Unwell(f"-ERR {reply.code.value.decode()}{reply.text}")


def _said(problem: Exception) -> str:
    if isinstance(problem, OSError):
        return (problem.strerror or str(problem) or type(problem).__name__).lower()
    return str(problem)
