"""A POP3 service: its listeners, its limits and rules, its clients; started, stopped and changed while it runs."""

import asyncio
import secrets
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC
from enum import Enum
from typing import TypeVar

from mtq.access.policy import Row
from mtq.access.ranges import IPv4, IPv6, client_address
from mtq.config.kinds import Listen
from mtq.config.model import Service as Settings
from mtq.config.model import TlsMode
from mtq.errors import MtqError, Refusal
from mtq.ledger import Cause, ServiceState, SessionRecord
from mtq.mail import maildrop
from mtq.mail.indexes import Indexes
from mtq.mail.lock import Holder, Locks
from mtq.mail.maildrop import Maildrop
from mtq.protocol.asks import Features
from mtq.protocol.replies import CRLF
from mtq.protocol.sasl import Apop, Credentials, Password, Scram, ScramKeys
from mtq.proxy.proxy import Upstream
from mtq.server.accept import Listener
from mtq.server.connection import Connection
from mtq.server.door import Door
from mtq.server.firewall import Firewall
from mtq.server.house import House
from mtq.server.offer import Offer
from mtq.server.provisions import Provisions, identify, policy_as_far_as_known, provide
from mtq.server.proxying import Proxying, counts_against_client
from mtq.server.terms import Client
from mtq.users.passwd_file import Account

T = TypeVar("T")


class State(Enum):
    """What a service is doing."""

    RUNNING = "running"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True)
class _Place:
    """Where clients are accepted, and how."""

    listen: Listen
    implicit_tls: bool


NONCE_OCTETS = 18
"""Random octets in the server's part of a SCRAM nonce; in its 24 characters no comma comes up."""


@dataclass(frozen=True)
class Change:
    """Settings that are about to be taken up; `provisions` are None for a service that does not run."""

    settings: Settings
    provisions: Provisions | None


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
        self.offer = Offer(settings, house.config)
        self.door = Door(house.room)
        self.provisions: Provisions | None = None      # that it serves with now
        self.proxying = Proxying(house)
        self.connections: set[Client] = set()
        self.empty = asyncio.Event()
        self.empty.set()
        self._house = house
        self.proxying.turn_to(settings.proxy)
        self._listeners: dict[_Place, list[Listener]] = {}

    # Starting, changing, stopping. One of these at a time: the server sees to that.

    async def start(self, settings: Settings) -> None:
        """Read the files and let clients in. A service that cannot is `failed` and says why; it raises nothing."""
        self.settings = settings
        try:
            await self._take_up(settings, await self._provided(settings))
        except MtqError as error:
            self._fail(error)

    async def prepare(self, settings: Settings) -> Change:
        """Read what other settings need; nothing has changed yet. Raises MtqError; a service that ran runs on."""
        try:
            return Change(settings, None if self.state is State.STOPPED else await self._provided(settings))
        except MtqError as error:
            if self.state is State.FAILED:
                self._fail_with(settings, error)
            raise

    def give_up(self, change: Change) -> None:
        """Close the ports that are not wanted any more: another service may be about to open them."""
        for place in self._listeners.keys() - _places(change.settings):
            self._close(place)

    async def change(self, change: Change) -> None:
        """Go by other settings, or by another configuration around them; nobody who is in notices.

        Ports that stay are not touched. Raises MtqError; a service that ran then runs on as it did before.
        """
        if change.provisions is None:
            self._adopt(change.settings)
            return
        settings, provisions = self.settings, self.provisions
        try:
            await self._take_up(change.settings, change.provisions)
        except MtqError as error:
            if provisions is None:
                self._fail_with(change.settings, error)
            else:
                await self._go_back(settings, provisions)
            raise error from None

    async def show_renewed(self) -> None:
        """Show the certificate that is in the files now, if it is another one. Raises MtqError; the old one stays."""
        shown = self.provisions
        if shown is None or shown.identity is None:
            return
        house = self._house
        identity = await asyncio.get_running_loop().run_in_executor(
            None, identify, self.settings, house.config, house.privileges.read
        )
        if identity is not None and identity.serial != shown.identity.serial and self.provisions is shown:
            self.provisions = replace(shown, identity=identity)
            self.tls = identity.context

    async def rows(self) -> list[Row]:
        """The service's ranges, and whether each is in force."""
        firewall, house, loop = self.door.firewall, self._house, asyncio.get_running_loop()
        if firewall is None:
            policy = await loop.run_in_executor(
                None, policy_as_far_as_known, self.settings, house.config, house.privileges.read
            )
            firewall = Firewall(policy, house.names, self.ledger.clock, self.name)
        rows = await loop.run_in_executor(None, firewall.rows)
        return [row for row in rows if row.service is not None]

    def stop_listening(self) -> None:
        """Take no more clients. Those that are in stay."""
        self._close_all()
        if self.state is not State.STOPPED:
            self._set(State.STOPPED, "not listening any more")

    async def _take_up(self, settings: Settings, provisions: Provisions) -> None:
        """Open what is not open yet, close what is not wanted any more. Raises MtqError."""
        wanted = _places(settings)
        for place in self._listeners.keys() - wanted:
            self._close(place)      # first: what is wanted may lie on the same port
        if provisions.identity is not None:      # else who was offered STLS before may still take it
            self.tls = provisions.identity.context
        await self._guard(provisions)
        self.provisions = provisions
        self._adopt(settings)
        for place in wanted:
            if place not in self._listeners:
                await self._open(place)
        if self.state is not State.RUNNING:
            places = ", ".join(str(listen) for listen in settings.listen)
            self._set(State.RUNNING, f"listening on {places}, TLS {settings.tls.value}")

    async def _go_back(self, settings: Settings, provisions: Provisions) -> None:
        """Serve as before, after a change that failed."""
        try:
            await self._take_up(settings, provisions)
        except MtqError as error:
            self._fail(error)

    async def _guard(self, provisions: Provisions) -> None:
        """Let in by these ranges from now on; the same as before are not compiled again."""
        old = self.door.firewall
        if old is not None and self.provisions is not None and self.provisions.ranges == provisions.ranges:
            return
        firewall = Firewall(provisions.policy, self._house.names, self.ledger.clock, self.name)
        await firewall.start()
        self.door.firewall = firewall
        if old is not None:
            old.close()

    def _fail_with(self, settings: Settings, error: MtqError) -> None:
        """Other settings have failed, and there is nothing to go back to."""
        self._adopt(settings)
        self._fail(error)

    def _fail(self, error: MtqError) -> None:
        self._close_all()
        self._set(State.FAILED, str(error))

    def _close_all(self) -> None:
        for place in list(self._listeners):
            self._close(place)
        if self.door.firewall is not None:
            self.door.firewall.close()
        self.door.firewall = self.provisions = None

    def _adopt(self, settings: Settings) -> None:
        self.settings = settings
        self.offer = Offer(settings, self._house.config)
        self.proxying.turn_to(settings.proxy)
        self.door.most = settings.max_connections
        self.door.most_per_address = settings.max_connections_per_address

    async def _provided(self, settings: Settings) -> Provisions:
        """What has to be read from files. Raises MtqError."""
        house = self._house
        return await asyncio.get_running_loop().run_in_executor(
            None, provide, settings, house.config, house.privileges.read
        )

    async def _open(self, place: _Place) -> None:
        loop = asyncio.get_running_loop()
        bound = self._house.handed.take(self.name, place.listen)
        if not bound:
            bound = await loop.run_in_executor(None, self._house.privileges.bind, place.listen)
        take = self._take_inside_tls if place.implicit_tls else self._take
        self._listeners[place] = [Listener(self.name, sock, take, self.ledger) for sock in bound]

    def _take(self, client: socket.socket, address: str) -> None:
        """Let a client in, or tell it why not."""
        connection = Connection(self)
        refusal = connection.enter(client_address(address))
        if refusal is None:
            connection.begin(client, None)
            return
        with client, suppress(OSError):      # it may have gone
            client.send(refusal.line + CRLF)

    def _take_inside_tls(self, client: socket.socket, address: str) -> None:
        """Let a client in, or leave without a word: a handshake would cost more than the client is worth."""
        connection = Connection(self)
        if connection.enter(client_address(address)) is None:
            connection.begin(client, self.tls)
        else:
            client.close()

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
        self._house.room.enter()
        self.empty.clear()

    def left(self, connection: Client) -> None:
        """A connection is gone."""
        if connection in self.connections:
            self.connections.remove(connection)
            self._house.room.leave()
        if not self.connections:
            self.empty.set()

    def features(self, address: IPv4 | IPv6, inside_tls: bool) -> Features:
        """What is offered to this client as things stand."""
        return self.offer.features(address, inside_tls, self._house)

    async def keys(self, user: str) -> ScramKeys:
        """What SCRAM has to know of a user, unknown ones included. Raises Refusal."""
        keys = await self._house.verifier.keys(user)
        nonce = secrets.token_urlsafe(NONCE_OCTETS).encode()
        return ScramKeys(keys.iterations, keys.salt, keys.stored_key, keys.server_key, nonce)

    async def open(self, credentials: Credentials, record: SessionRecord, called: str) -> Maildrop | Upstream:
        """Check the credentials and open the mailbox, here or at another server. Raises Refusal."""
        proxy = self.proxying.proxy
        if proxy is not None:
            target = proxy.target(credentials.user, (self._house.config.server.hostname, called))
            if target is not None:
                record.state, record.target = "connecting", str(target.server)
                return await proxy.log_in(target, credentials)
        account = self._known(credentials) or await self._verified(credentials, record)
        loop = asyncio.get_running_loop()
        opened = await loop.run_in_executor(None, self._open_of, account, record, maildrop.open_maildrop)
        record.user = account.name
        return opened

    def open_at_hand(self, credentials: Credentials, record: SessionRecord) -> Maildrop | None:
        """The mailbox of a client who is known at a glance, if it can be opened at once: a thread would cost more.

        None: `open` is to do it, or to say why the client is refused.
        """
        account = None if self.proxying.proxy is not None else self._known(credentials)
        if account is None:
            return None
        try:
            opened = self._open_of(account, record, maildrop.open_at_hand)
        except Refusal:
            return None
        if opened is not None:
            record.user = account.name
        return opened

    def _known(self, credentials: Credentials) -> Account | None:
        """Who shows a password that is known, without a costly check, to be right."""
        if not isinstance(credentials, Password):
            return None
        now = asyncio.get_running_loop().time()
        return self._house.verifier.at_hand(credentials.user, credentials.secret, now)

    def _open_of(
        self,
        account: Account,
        record: SessionRecord,
        how: Callable[[bytes, maildrop.Settings, Locks, Indexes, Holder], T],
    ) -> T:
        """Open a user's mailbox. Raises Refusal."""
        mailbox, settings = self.offer.mailbox(account)
        since = self.ledger.clock().astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        holder = Holder(account.name, self.name, record.id, record.address, since)
        return how(mailbox, settings, self._house.locks, self._house.indexes, holder)

    async def _verified(self, credentials: Credentials, record: SessionRecord) -> Account:
        verifier = self._house.verifier
        match credentials:
            case Password(user, secret):
                return await verifier.password(user, secret, lambda: record.id in self.ledger.sessions)
            case Apop(user, timestamp, digest):
                return await verifier.apop(user, timestamp, digest)
            case Scram(user, proved):
                return await verifier.proof(user, proved)

    def cause(self, credentials: Credentials, address: IPv4 | IPv6, refusal: Refusal) -> Cause:
        """Why a login was refused. To be asked before it is counted."""
        if not counts_against_client(refusal):
            return Cause.UNAVAILABLE
        again = self._house.throttle.repeats(address, credentials.user, _secret(credentials))
        return Cause.REPEATED if again else Cause.CREDENTIALS

    def failed(self, credentials: Credentials, address: IPv4 | IPv6, refusal: Refusal) -> float:
        """Count a login that was refused, if it was the client's fault; say how many seconds later to answer it."""
        if not counts_against_client(refusal):
            return 0.0
        now = asyncio.get_running_loop().time()
        return self._house.throttle.failed(address, credentials.user, _secret(credentials), now)


def _secret(credentials: Credentials) -> bytes | None:
    """The password, if the client has shown one."""
    return credentials.secret if isinstance(credentials, Password) else None
