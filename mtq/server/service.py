"""A POP3 service: its listeners, its limits and rules, its clients; started, stopped and changed while it runs."""

import asyncio
import secrets
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path

from mtq import tls
from mtq.access import ranges
from mtq.access.ranges import IPv4, IPv6, Range
from mtq.access.rules import Mode, Rules
from mtq.config.kinds import Listen
from mtq.config.model import Config, Entry, Tls, TlsMode
from mtq.config.model import Service as Settings
from mtq.config.read import enabled
from mtq.errors import MtqError, Refusal
from mtq.ledger import Ledger, ServiceState, SessionRecord
from mtq.mail import maildrop
from mtq.mail.lock import Holder, Locks
from mtq.mail.maildrop import Maildrop
from mtq.protocol.asks import Features
from mtq.protocol.sasl import Apop, Credentials, Password, Scram, ScramKeys
from mtq.server import listeners
from mtq.server.accept import TlsListener
from mtq.server.connection import Connection
from mtq.server.door import Door
from mtq.server.policy import Policy
from mtq.server.terms import Client
from mtq.users.passwd_file import Account
from mtq.users.throttle import Throttle
from mtq.users.verify import Verifier


class State(Enum):
    """What a service is doing."""

    RUNNING = "running"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass
class House:
    """What all services of a server share. A reload puts another configuration into it."""

    config: Config
    ledger: Ledger
    verifier: Verifier
    throttle: Throttle
    locks: Locks


@dataclass(frozen=True)
class _Place:
    """Where clients are accepted, and how."""

    listen: Listen
    implicit_tls: bool


NONCE_OCTETS = 18
"""Random octets in the server's part of a SCRAM nonce; in its 24 characters no comma comes up."""

_Prepared = tuple[ssl.SSLContext | None, Rules]


@dataclass(frozen=True)
class Change:
    """Settings that are about to be taken up; `prepared` is None for a service that does not run."""

    settings: Settings
    prepared: _Prepared | None


def _places(settings: Settings) -> list[_Place]:
    return [_Place(listen, settings.tls is TlsMode.IMPLICIT) for listen in settings.listen]


class Service:
    """One service. It is the `Terms` of its connections."""

    def __init__(self, name: str, settings: Settings, house: House) -> None:
        self.name = name
        self.settings = settings
        self.state = State.STOPPED
        self.error: str | None = None
        self.ledger = house.ledger
        self.tls: ssl.SSLContext | None = None
        self.policy = Policy(settings, house.config)
        self.door = Door(Rules(Mode.FIREWALL, ()))
        self.connections: set[Client] = set()
        self.empty = asyncio.Event()
        self.empty.set()
        self._house = house
        self._listeners: dict[_Place, list[TlsListener | asyncio.Server]] = {}

    # Starting, changing, stopping. One of these at a time: the server sees to that.

    async def start(self) -> None:
        """Read the files and let clients in. A service that cannot is `failed` and says why; it raises nothing."""
        try:
            await self._take_up(self.settings, await self._prepared(self.settings))
        except MtqError as error:
            self._fail(error)

    async def prepare(self, settings: Settings) -> Change:
        """Read what other settings need; nothing has changed yet. Raises MtqError."""
        prepared = None if self.state is State.STOPPED else await self._prepared(settings)
        return Change(settings, prepared)

    def give_up(self, change: Change) -> None:
        """Close the ports that are not wanted any more: another service may be about to open them."""
        for place in self._listeners.keys() - _places(change.settings):
            self._close(place)

    async def change(self, change: Change) -> None:
        """Go by other settings, or by another configuration around them; nobody who is in notices.

        Ports that stay are not touched. Raises MtqError; a service that ran then runs on as it did before.
        """
        if change.prepared is None:
            self._adopt(change.settings)
            return
        before = self.settings, (self.tls, self.door.rules)
        was_running = self.state is State.RUNNING
        try:
            await self._take_up(change.settings, change.prepared)
        except MtqError as error:
            try:
                if was_running:
                    await self._take_up(*before)
                else:
                    self._fail(error)
            except MtqError as worse:
                self._fail(worse)
            raise error from None

    def stop_listening(self) -> None:
        """Take no more clients. Those that are in stay."""
        for place in list(self._listeners):
            self._close(place)
        if self.state is not State.STOPPED:
            self._set(State.STOPPED, "not listening any more")

    async def _take_up(self, settings: Settings, prepared: _Prepared) -> None:
        """Open what is not open yet, close what is not wanted any more. Raises MtqError."""
        context, rules = prepared
        wanted = _places(settings)
        for place in self._listeners.keys() - wanted:
            self._close(place)      # first: what is wanted may lie on the same port
        self.tls = context or self.tls      # who was offered STLS before may still take it
        self.door.rules = rules
        self._adopt(settings)
        for place in wanted:
            if place not in self._listeners:
                await self._open(place)
        if self.state is not State.RUNNING:
            places = ", ".join(str(listen) for listen in settings.listen)
            self._set(State.RUNNING, f"listening on {places}, TLS {settings.tls.value}")

    def _fail(self, error: MtqError) -> None:
        for place in list(self._listeners):
            self._close(place)
        self._set(State.FAILED, str(error))

    def _adopt(self, settings: Settings) -> None:
        self.settings = settings
        self.policy = Policy(settings, self._house.config)
        self.door.most = settings.max_connections
        self.door.most_per_address = settings.max_connections_per_address

    async def _prepared(self, settings: Settings) -> _Prepared:
        """What has to be read from files. Raises MtqError."""
        config = self._house.config

        def read() -> _Prepared:
            return context_of(settings, config.tls), rules_of(settings, config.server.lan, self.ledger.clock())

        return await asyncio.get_running_loop().run_in_executor(None, read)

    async def _open(self, place: _Place) -> None:
        loop = asyncio.get_running_loop()
        bound = listeners.bind(place.listen)
        opened = self._listeners.setdefault(place, [])
        for sock in bound:
            if place.implicit_tls:
                opened.append(TlsListener(self, sock))
            else:
                server = await loop.create_server(lambda: Connection(self), sock=sock, backlog=listeners.BACKLOG)
                opened.append(server)

    def _close(self, place: _Place) -> None:
        for listener in self._listeners.pop(place):
            listener.close()

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
        return self.policy.features(address, inside_tls, self._house.verifier)

    async def keys(self, user: str) -> ScramKeys:
        """What SCRAM has to know of a user, unknown ones included. Raises Refusal."""
        keys = await self._house.verifier.keys(user)
        nonce = secrets.token_urlsafe(NONCE_OCTETS).encode()
        return ScramKeys(keys.iterations, keys.salt, keys.stored_key, keys.server_key, nonce)

    async def open(self, credentials: Credentials, record: SessionRecord) -> Maildrop:
        """Check the credentials and open the mailbox. Raises Refusal."""
        account = await self._verified(credentials)
        mailbox, settings = self.policy.mailbox(account)
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

    async def _verified(self, credentials: Credentials) -> Account:
        verifier = self._house.verifier
        match credentials:
            case Password(user, secret):
                return await verifier.password(user, secret)
            case Apop(user, timestamp, digest):
                return await verifier.apop(user, timestamp, digest)
            case Scram(user, proved):
                return await verifier.proof(user, proved)

    def failed(self, credentials: Credentials, address: IPv4 | IPv6) -> float:
        """Count a failed login; say how many seconds after the attempt it is to be answered."""
        shown = credentials.secret if isinstance(credentials, Password) else None
        return self._house.throttle.failed(address, credentials.user, shown, asyncio.get_running_loop().time())


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
