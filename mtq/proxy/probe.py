"""A call to a remote server to see what is there, step by step: what `mtq proxy test` shows.

It goes the way that a client's login goes, by the same code, and further where that ends: a server that is not
allowed is called all the same, and a certificate that is not trusted is shown. No password is sent there.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field, replace

from mtq.access.servers import Server
from mtq.errors import Refusal
from mtq.protocol import client
from mtq.protocol.client import Reply
from mtq.proxy import certificates
from mtq.proxy.addresses import Address
from mtq.proxy.connect import describe_capabilities
from mtq.proxy.proxy import Proxy
from mtq.proxy.refusals import NotAllowed, Trouble, Unreachable
from mtq.proxy.steps import Step, Watch
from mtq.proxy.target import Route, Target
from mtq.proxy.wire import Wire


@dataclass(frozen=True, slots=True)
class Account:
    """Whom to log in as."""

    user: str
    secret: bytes = field(repr=False)


async def probe(proxy: Proxy, server: Server, account: Account | None = None) -> AsyncGenerator[Step, None]:
    """The steps as they are done. The last is named `verdict`: what a client through this server would get."""
    steps: asyncio.Queue[Step | None] = asyncio.Queue()
    watch = Watch(steps.put_nowait)
    work = asyncio.create_task(_Probe(proxy, server, account, watch).run())
    work.add_done_callback(lambda _: steps.put_nowait(None))
    try:
        while (step := await steps.get()) is not None:
            yield step
        await work      # whatever went wrong in it
    finally:
        work.cancel()


class _Probe:
    """One call."""

    def __init__(self, proxy: Proxy, server: Server, account: Account | None, watch: Watch) -> None:
        self._proxy = proxy
        self._server = server
        self._account = account
        self._watch = watch
        self._not_allowed: NotAllowed | None = None

    async def run(self) -> None:
        try:
            got = await self._run()
        except Refusal as refusal:
            self._verdict(self._not_allowed or refusal)
            return
        if self._not_allowed is not None:
            self._verdict(self._not_allowed)
        else:
            self._watch.tell(Step("verdict", True, 0.0, got))

    def _verdict(self, refusal: Refusal) -> None:
        self._watch.tell(Step("verdict", False, 0.0, f"a client gets: {client.words(refusal.line)}"))

    async def _run(self) -> str:
        """What a client gets if nothing has been refused."""
        route = self._allowed()
        with self._watch.step("name") as note:
            addresses = await self._proxy.resolver.addresses(self._server, self._proxy.patience)
            note.say(", ".join(map(str, addresses)), addresses=list(map(str, addresses)))
        route = self._admitted(route, addresses)
        try:
            wire = await self._proxy.caller.call(route, addresses, self._watch)
        except Unreachable as error:
            if error.trouble is Trouble.CERTIFICATE:
                await self._show_certificate(route, addresses, error)
            raise
        return await self._talk(wire, route, addresses)

    def _allowed(self) -> Route:
        try:
            with self._watch.step("allowed") as note:
                route = self._proxy.policy.route(self._server)
                note.say(route.rule)
        except NotAllowed as refusal:
            self._not_allowed = refusal
            return self._proxy.policy.anyway(self._server)
        return route

    def _admitted(self, route: Route, addresses: Sequence[Address]) -> Route:
        try:
            with self._watch.step("address") as note:
                self._proxy.caller.check(route, addresses)
                note.say("may be connected to")
        except NotAllowed as refusal:
            self._not_allowed = self._not_allowed or refusal
            return self._proxy.policy.anyway(self._server)
        return route

    async def _show_certificate(self, route: Route, addresses: Sequence[Address], error: Unreachable) -> None:
        try:
            wire = await self._proxy.caller.call(replace(route, verify=False), addresses)
        except Refusal:
            return      # why the first call failed has been told
        if wire.tls is not None:
            self._watch.tell(certificates.step(wire, error.detail))
        wire.close()

    async def _talk(self, wire: Wire, route: Route, addresses: Sequence[Address]) -> str:
        try:
            self._apop(wire)
            with self._watch.step("capabilities") as note:
                describe_capabilities(await wire.capabilities(), note)
            if self._account is None:
                await wire.talk(client.quit())
                return "a client can log in there"
        except BaseException:
            wire.close()
            raise
        target = Target(self._account.user, self._server)
        login = self._proxy.login(target, self._account.secret, route, addresses, self._watch)
        logged_in = await login.run(wire)
        try:
            await self._stat(logged_in.wire)
            await logged_in.wire.talk(client.quit())
        finally:
            logged_in.wire.close()
        return f"a client gets: +OK {logged_in.reply.text}"

    def _apop(self, wire: Wire) -> None:
        greeting = wire.greeting
        text = "not offered"
        if greeting.timestamp is not None:
            text = f"offered: {greeting.timestamp.decode()}"
        elif greeting.bad_timestamp:
            text = "offered by a timestamp that is not as RFC 1939 wants it, so not used"
        facts = {"offered": greeting.timestamp is not None}
        self._watch.tell(Step("apop", not greeting.bad_timestamp, 0.0, text, facts))

    async def _stat(self, wire: Wire) -> None:
        with self._watch.step("stat") as note:
            stat = await wire.talk(client.stat())
            if isinstance(stat, Reply):
                note.say(f"-ERR {stat.text}")
            else:
                text = f"{stat.messages} messages, {stat.octets} octets"
                note.say(text, messages=stat.messages, octets=stat.octets)
