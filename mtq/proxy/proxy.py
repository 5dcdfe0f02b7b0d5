"""A proxied login, from the user name to a session on the remote server that is ready to be relayed (PRODUCT 8)."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace

from mtq.access.servers import Server
from mtq.protocol.sasl import Credentials, Password
from mtq.proxy.addresses import Address
from mtq.proxy.connect import Caller, IsLan, IsOwn
from mtq.proxy.dialup import Dialup, NoLink, Share
from mtq.proxy.failures import Failures
from mtq.proxy.login import LoggedIn, Login
from mtq.proxy.refusals import NotAllowed, Trouble, Unreachable
from mtq.proxy.relay import Buffer, Relay, Tally
from mtq.proxy.resolve import Resolver
from mtq.proxy.settings import Settings
from mtq.proxy.steps import UNWATCHED, Watch
from mtq.proxy.target import Policy, Route, Target, split
from mtq.proxy.trust import Trust
from mtq.proxy.wire import Wire

LOOK_BEFORE_DIALLING = 5.0
"""Seconds to find out whether a name is one of the local network; the name server may lie beyond the link."""

BringUp = Callable[[], Awaitable[None]]
"""Has the dial-up link up, if there is one. Raises Unreachable."""

Check = Callable[[Route, Sequence[Address]], None]
"""Raises NotAllowed if none of these addresses may be connected to."""


class Upstream:
    """A mailbox on a remote server, open. Whoever has it relays it or closes it."""

    def __init__(self, logged_in: LoggedIn, buffer: Buffer, give_back: Callable[[], None]) -> None:
        self.server: Server = logged_in.wire.server
        self.mechanism = logged_in.mechanism
        self._wire = logged_in.wire
        self._buffer = buffer
        self._give_back = give_back
        self.answer = logged_in.answer

    def relay(
        self,
        client: asyncio.Transport,
        sent_ahead: bytes,
        tally: Tally,
        ended: Callable[[str], None],
        closed: Callable[[], None],
        client_full: bool = False,
    ) -> Relay:
        """Relay from now on; `answer` must have been written to the client. For the arguments see `Relay`."""

        def over() -> None:
            self._give_back()
            closed()

        relay = Relay(tally, self._buffer, ended, over)
        wire = self._wire
        rest = wire.detach()
        relay.begin(client, wire.transport, rest, sent_ahead, client_full, wire.lost)
        return relay

    def close(self) -> None:
        """Hang up: the client has gone meanwhile."""
        self._wire.close()
        self._give_back()


class Proxy:
    """The proxy of one service."""

    def __init__(
        self,
        settings: Settings,
        failures: Failures,
        is_lan: IsLan,
        is_own: IsOwn,
        dialup: Dialup | None = None,
    ) -> None:
        self.policy = Policy(settings)
        self.caller = Caller(Trust(), is_lan, is_own, settings.connect_timeout)
        self._resolver = Resolver()
        self._buffer = Buffer()
        self.patience = settings.connect_timeout
        self._delimiter = settings.delimiter
        self._failures = failures
        self._is_lan = is_lan
        self._dialup = dialup

    def target(self, user: str, own: Collection[str]) -> Target | None:
        """The target in a user name, None for a local user. `own` are this server's names. Raises NotAllowed."""
        return split(user, self._delimiter, own)

    async def log_in(self, target: Target, credentials: Credentials) -> Upstream:
        """Log in there. Raises Refusal (NotAllowed, Unreachable, SaidNo). May be cancelled at any time."""
        if not isinstance(credentials, Password):
            raise NotAllowed(
                "this does not show the password that the other server needs: use USER and PASS",
                f"{type(credentials).__name__.upper()} shows no password that could be used at {target.server}",
            )
        route = self.policy.route(target.server)
        share, bring_up = self.link(route.server)
        try:
            addresses = await self.addresses(route, bring_up, self.caller.check)
            wire = await self.caller.call(route, addresses)
            logged_in = await self.login(target, credentials.secret, route, addresses).run(wire)
            return Upstream(logged_in, self._buffer, share.give_back)
        except BaseException:
            share.give_back()
            raise

    def link(self, server: Server) -> tuple[Share, BringUp]:
        """A share in the link on the way to a server, and what brings it up."""
        share = Share(self._dialup)

        async def bring_up() -> None:
            try:
                await share.take()
            except NoLink as error:
                raise Unreachable(Trouble.LINK, server, str(error)) from None

        return share, bring_up

    async def addresses(
        self, route: Route, bring_up: BringUp, check: Check, watch: Watch = UNWATCHED
    ) -> Sequence[Address]:
        """The server's addresses, at least one that may be used, and the link up if it takes that to get there.

        Raises NotAllowed and Unreachable.
        """
        if self._dialup is None:
            addresses = await self._look_up(route.server, self.patience, watch)
            check(route, addresses)
            return addresses
        try:
            addresses = await self._look_up(route.server, min(LOOK_BEFORE_DIALLING, self.patience), watch)
        except Unreachable:
            await bring_up()      # the name server lies beyond the link
            addresses = await self._look_up(route.server, self.patience, watch)
        check(route, addresses)
        if not all(map(self._is_lan, addresses)):
            await bring_up()
        return addresses

    def login(
        self, target: Target, secret: bytes, route: Route, addresses: Sequence[Address], watch: Watch = UNWATCHED
    ) -> Login:
        """What logs in once the server is connected."""

        async def again(wire: Wire) -> Wire:
            by_its_port = tuple(attempt for attempt in route.attempts if attempt.port == wire.server.port)
            return await self.caller.call(replace(route, attempts=by_its_port), addresses, watch)

        return Login(target, secret, route.auth, self._failures, again, watch)

    async def _look_up(self, server: Server, seconds: float, watch: Watch) -> Sequence[Address]:
        with watch.step("name") as note:
            addresses = await self._resolver.addresses(server, seconds)
            if watch.listening:
                note.say(", ".join(map(str, addresses)), addresses=list(map(str, addresses)))
        return addresses
