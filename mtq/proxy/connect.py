"""Calling a remote server, by one port or another, until it has greeted and is inside TLS or may be in the clear."""

import asyncio
import socket
from collections.abc import Callable, Sequence

from mtq.access.ranges import client_address
from mtq.access.servers import Server
from mtq.channel import Channel
from mtq.protocol import client
from mtq.proxy import certificates, race
from mtq.proxy.addresses import Address
from mtq.proxy.refusals import NotAllowed, SaidNo, Trouble, Unreachable, unreachable
from mtq.proxy.settings import Tls
from mtq.proxy.steps import UNWATCHED, Note, Step, Watch
from mtq.proxy.target import Attempt, Route, objection
from mtq.proxy.trust import Trust
from mtq.proxy.wire import Wire

IsLan = Callable[[Address], bool]
"""Whether an address is on the local network."""

IsOwn = Callable[[Address, int], bool]
"""Whether one of this server's own listeners has this address and port."""


class Caller:
    """Calls servers, each address only after it was checked."""

    def __init__(self, trust: Trust, is_lan: IsLan, is_own: IsOwn, patience: float) -> None:
        self._trust = trust
        self._is_lan = is_lan
        self._is_own = is_own
        self._patience = patience       # seconds for each answer and for a handshake after STLS

    def check(self, route: Route, addresses: Sequence[Address]) -> None:
        """Raises NotAllowed if none of these addresses may be connected to."""
        for attempt in route.attempts:
            if self._admitted(attempt, addresses):
                return
        first = route.attempts[0]
        reason = objection(addresses[0], first, self._is_own(addresses[0], first.port))
        raise NotAllowed("this server is not allowed as a target", f"{route.server}: {reason}")

    async def call(self, route: Route, addresses: Sequence[Address], watch: Watch = UNWATCHED) -> Wire:
        """A connection to a server that has greeted. Raises NotAllowed, Unreachable or SaidNo."""
        attempts = [(a, admitted) for a in route.attempts if (admitted := self._admitted(a, addresses))]
        if not attempts:
            self.check(route, addresses)
        for attempt, admitted in attempts[:-1]:
            try:
                return await self._attempt(route, attempt, admitted, watch)
            except Unreachable as error:
                if error.trouble is Trouble.CERTIFICATE:
                    raise
        attempt, admitted = attempts[-1]
        return await self._attempt(route, attempt, admitted, watch)

    def _admitted(self, attempt: Attempt, addresses: Sequence[Address]) -> list[Address]:
        port = attempt.port
        return [a for a in addresses if objection(a, attempt, self._is_own(a, port)) is None]

    async def _attempt(self, route: Route, attempt: Attempt, addresses: Sequence[Address], watch: Watch) -> Wire:
        server = Server(route.server.host, attempt.port)
        until = asyncio.get_running_loop().time() + attempt.seconds
        with watch.step("route") as note:
            wire, host, port = await _connect(server, addresses, until, self._patience)
            if watch.listening:
                note.say(f"connected to {Server(host, port)}", address=host, port=port)
        try:
            if attempt.tls is Tls.IMPLICIT:
                await self._secure(wire, route, until, watch)
            await _greeted(wire, watch)
            if attempt.tls in (Tls.AUTO, Tls.STARTTLS):
                await self._upgrade(wire, route, attempt, client_address(host), watch)
        except BaseException:
            wire.close()
            raise
        if wire.tls is None:
            watch.tell(Step("tls", True, 0.0, "none: all goes in the clear"))
        return wire

    async def _upgrade(self, wire: Wire, route: Route, attempt: Attempt, address: Address, watch: Watch) -> None:
        """Begin TLS by STLS, or find that it need not be."""
        with watch.step("capabilities") as note:
            capabilities = await wire.capabilities()
            describe_capabilities(capabilities, note)
        refusal = "not offered"
        if capabilities.stls or not capabilities.told or attempt.tls is Tls.STARTTLS:
            with watch.step("stls") as note:
                reply = await wire.talk(client.stls())
                note.say(reply.text)
            if reply.ok:
                until = asyncio.get_running_loop().time() + self._patience
                await self._secure(wire, route, until, watch)
                return
            refusal = reply.text
        # An STLS that is offered and then refused may be somebody in between who wants the password in the clear.
        if attempt.tls is Tls.STARTTLS or capabilities.stls or not self._is_lan(address):
            raise Unreachable(Trouble.TLS, wire.server, f"STLS: {refusal}")

    async def _secure(self, wire: Wire, route: Route, until: float, watch: Watch) -> None:
        with watch.step("tls") as note:
            context = await self._trust.context(route.verify, route.ca_file, wire.server)
            try:
                async with asyncio.timeout_at(until):
                    await wire.secure(context)
            except TimeoutError:
                raise Unreachable(Trouble.TIME_OUT, wire.server, "within the TLS handshake") from None
            _describe_tls(wire, note)
        if watch.listening:
            watch.tell(certificates.step(wire))


async def _connect(
    server: Server, addresses: Sequence[Address], until: float, patience: float
) -> tuple[Wire, str, int]:
    """A connection, and the address and the port it leads to."""
    assert server.port is not None
    try:
        async with asyncio.timeout_at(until):
            sock = await race.connect(addresses, server.port)
        try:
            host, port = sock.getpeername()[:2]
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        except OSError:
            sock.close()
            raise
    except OSError as error:      # TimeoutError is one
        raise unreachable(error, server) from None
    wire = Wire(server, patience)
    Channel(asyncio.get_running_loop(), sock, wire).begin()
    return wire, host, port


async def _greeted(wire: Wire, watch: Watch) -> None:
    with watch.step("greeting") as note:
        greeting = await wire.greet()
        if not greeting.reply.ok:
            raise SaidNo(greeting.reply, wire.server, to_login=False)
        note.say(greeting.reply.text)


def describe_capabilities(capabilities: client.Capabilities, note: Note) -> None:
    """Capabilities as a step tells them."""
    rows = [" ".join((name, *arguments)) for name, arguments in capabilities.rows.items()]
    note.say(", ".join(rows) if capabilities.told else "it does not know CAPA", capabilities=rows)


def _describe_tls(wire: Wire, note: Note) -> None:
    assert wire.tls is not None
    version, cipher = wire.tls.version(), wire.tls.cipher()
    name = cipher[0] if cipher else "no cipher"
    note.say(f"{version}, {name}", version=version, cipher=name)
