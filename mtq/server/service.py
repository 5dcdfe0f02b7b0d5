"""A POP3 service: its listeners, its limits and rules, its clients. The one place that unpacks the configuration."""

import asyncio
import secrets
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from pathlib import Path

from mtq import tls
from mtq.access import ranges
from mtq.access.ranges import IPv4, IPv6, Range
from mtq.access.rules import Mode, Rules
from mtq.config.model import Config, Entry, Folders, Mechanism, PlaintextAuth, Tls, TlsMode
from mtq.config.model import Service as Settings
from mtq.config.read import enabled
from mtq.errors import MtqError, Refusal
from mtq.ledger import Ledger, ServiceState, SessionRecord
from mtq.mail import maildrop
from mtq.mail.lock import Holder, Locks
from mtq.mail.maildrop import Maildrop
from mtq.mail.root import MailRoot
from mtq.protocol.asks import Features
from mtq.protocol.sasl import Apop, Credentials, Password
from mtq.server import listeners
from mtq.server.accept import TlsListener
from mtq.server.connection import Connection
from mtq.server.door import Door
from mtq.server.terms import Client
from mtq.users.throttle import Throttle
from mtq.users.verify import Verifier


class State(Enum):
    """What a service is doing."""

    RUNNING = "running"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True)
class House:
    """What all services of a server share."""

    config: Config
    ledger: Ledger
    verifier: Verifier
    throttle: Throttle
    locks: Locks


_SASL = {Mechanism.PLAIN: b"PLAIN", Mechanism.LOGIN: b"LOGIN"}


class Service:
    """One service. It is the `Terms` of its connections."""

    def __init__(self, name: str, settings: Settings, house: House) -> None:
        server = house.config.server
        self.name = name
        self.settings = settings
        self.state = State.STOPPED
        self.error: str | None = None
        self.ledger = house.ledger
        self.tls: ssl.SSLContext | None = None
        self.idle_timeout = float(settings.idle_timeout)
        self.login_timeout = float(settings.login_timeout)
        self.door = Door(Rules(Mode.FIREWALL, ()), settings.max_connections, settings.max_connections_per_address)
        self.connections: set[Client] = set()
        self.empty = asyncio.Event()
        self.empty.set()
        self._house = house
        self._lan = Rules(Mode.FIREWALL, (entry.range for entry in server.lan))
        self._root = MailRoot(house.config.mailboxes.path)
        self._maildrops = maildrop.Settings(
            self._root.folder, settings.folders is Folders.ALL, settings.lock_mailboxes
        )
        self._mechanisms = _mechanisms(settings)
        self._stamp_host = _stamp_host(server.hostname)
        self._sockets: list[socket.socket] = []      # bound, and nobody accepted yet
        self._listeners: list[TlsListener | asyncio.Server] = []

    # Starting and stopping

    async def bind(self) -> None:
        """Open the ports and read the files. A service that cannot is `failed` and says why; it raises nothing."""
        try:
            self.tls, self.door.rules = await asyncio.get_running_loop().run_in_executor(None, self._prepare)
            for listen in self.settings.listen:
                self._sockets += listeners.bind(listen)
        except MtqError as error:
            for sock in self._sockets:
                sock.close()
            self._sockets.clear()
            self._set(State.FAILED, str(error))

    async def accept(self) -> None:
        """Let clients in, if the ports could be had."""
        if not self._sockets:
            return
        loop = asyncio.get_running_loop()
        for sock in self._sockets:
            if self.settings.tls is TlsMode.IMPLICIT:
                self._listeners.append(TlsListener(self, sock))
            else:
                server = await loop.create_server(lambda: Connection(self), sock=sock, backlog=listeners.BACKLOG)
                self._listeners.append(server)
        self._sockets.clear()
        places = ", ".join(str(listen) for listen in self.settings.listen)
        self._set(State.RUNNING, f"listening on {places}, TLS {self.settings.tls.value}")

    def _prepare(self) -> tuple[ssl.SSLContext | None, Rules]:
        """What has to be read from files. Raises MtqError."""
        config = self._house.config
        return context_of(self.settings, config.tls), rules_of(self.settings, config.server.lan, self.ledger.clock())

    def stop_listening(self) -> None:
        """Take no more clients. Those that are in stay."""
        for listener in self._listeners:
            listener.close()
        self._listeners.clear()
        if self.state is State.RUNNING:
            self._set(State.STOPPED, "not listening any more")

    def _set(self, state: State, detail: str) -> None:
        self.state = state
        self.error = detail if state is State.FAILED else None
        self.ledger.enter(ServiceState(self.name, state.value, detail))

    # Terms

    def joined(self, connection: Client) -> None:
        """A connection was let in."""
        self.connections.add(connection)
        self.empty.clear()

    def left(self, connection: Client) -> None:
        """A connection is gone."""
        self.connections.discard(connection)
        if not self.connections:
            self.empty.set()

    def features(self, address: IPv4 | IPv6, inside_tls: bool) -> Features:
        """What is offered to this client as things stand."""
        return Features(
            mechanisms=self._mechanisms,
            clear_text=inside_tls or self._may_show_password(address),
            stls=self.settings.tls is TlsMode.STARTTLS and not inside_tls,
            timestamp=self._timestamp() if self._offers_apop() else None,
        )

    async def open(self, credentials: Credentials, record: SessionRecord) -> Maildrop:
        """Check the credentials and open the mailbox. Raises Refusal."""
        verifier = self._house.verifier
        if isinstance(credentials, Apop):
            account = await verifier.apop(credentials.user, credentials.timestamp, credentials.digest)
        else:
            account = await verifier.password(credentials.user, credentials.secret)
        mailbox = self._root.mailbox(account.name, account.home)
        settings = self._maildrops
        if settings.root is None:
            settings = replace(settings, root=account.home)      # each mailbox lies in its user's home
        since = record.since.isoformat(timespec="seconds")
        holder = Holder(account.name, self.name, record.id, record.address, since)
        try:
            opened = await asyncio.get_running_loop().run_in_executor(
                None, maildrop.open_maildrop, mailbox, settings, self._house.locks, holder
            )
        except Refusal as refusal:
            refusal.cause = f"{account.name}: {refusal.cause}"
            raise
        record.user = account.name
        return opened

    def failed(self, credentials: Credentials, address: IPv4 | IPv6) -> float:
        """Count a failed login; say how many seconds after the attempt it is to be answered."""
        shown = credentials.secret if isinstance(credentials, Password) else None
        return self._house.throttle.failed(address, credentials.user, shown, asyncio.get_running_loop().time())

    def _offers_apop(self) -> bool:
        # A client that is offered more than it can use gives up (PEERS: Cyrus #396, #1475).
        listed = self.settings.mechanisms
        if listed is not None:
            return Mechanism.APOP in listed
        return not self.settings.proxy.enabled and self._house.verifier.all_plain()

    def _timestamp(self) -> bytes:
        """Of the greeting, for APOP (RFC 1939, section 7). Never the same twice."""
        return f"<{secrets.token_hex(16)}@{self._stamp_host}>".encode()

    def _may_show_password(self, address: IPv4 | IPv6) -> bool:
        match self.settings.plaintext_auth:
            case PlaintextAuth.NEVER:
                return False
            case PlaintextAuth.LOCAL:
                return address.is_loopback
            case PlaintextAuth.LAN:
                return self._lan.decide(address).allowed
            case PlaintextAuth.ALWAYS:
                return True


def _mechanisms(settings: Settings) -> tuple[bytes, ...]:
    if settings.mechanisms is None:
        return tuple(_SASL.values())
    return tuple(_SASL[mechanism] for mechanism in settings.mechanisms if mechanism in _SASL)


def _stamp_host(hostname: str) -> str:
    """The host in an APOP timestamp: letters, digits, dots and hyphens only, because mpop ignores others."""
    return "".join(c for c in hostname if c.isascii() and (c.isalnum() or c in ".-")) or "localhost"


def shortcomings(config: Config, now: datetime) -> Iterator[str]:
    """Why enabled services would fail, as far as it can be told without serving."""
    for name, settings in enabled(config).items():
        try:
            rules_of(settings, config.server.lan, now)
            made_later = settings.certificate is None and not config.tls.certificate.exists()
            if not made_later:
                context_of(settings, config.tls)
        except MtqError as error:
            yield f"services.{name}: {error}"


def context_of(settings: Settings, common: Tls) -> ssl.SSLContext | None:
    """What the service's listeners need for TLS, if they speak it. Raises MtqError."""
    if settings.tls is TlsMode.OFF:
        return None
    lowest = settings.min_version or common.min_version
    certificate, key = settings.certificate or common.certificate, settings.key or common.key
    return tls.server_context(certificate, key, lowest.value)


def rules_of(settings: Settings, lan: tuple[Entry, ...], now: datetime) -> Rules:
    """The service's ranges compiled. Raises MtqError for a firewall file that cannot be used."""
    entries = settings.firewall
    if settings.access is Mode.FIREWALL_AND_LAN:
        entries += lan
    inside = [entry.range for entry in entries if entry.until is None or entry.until > now]
    if settings.firewall_file is not None:
        inside += _ranges_of(settings.firewall_file)
    return Rules(settings.access, inside)


def _ranges_of(file: Path) -> list[Range]:
    try:
        return ranges.parse_file(file.read_text(encoding="utf-8"))
    except ranges.BadRange as error:
        raise MtqError(f"{file}: {error}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise MtqError(f"{file}: {getattr(error, 'strerror', None) or 'not UTF-8'}") from None
