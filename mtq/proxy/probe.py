"""A call to a remote server to see what is there, step by step: what `mtq proxy test` shows.

It goes the way that a client's login goes, by the same code, and further where that ends: a server that is not
allowed is called all the same, and a certificate that is not trusted is shown. No password is sent to either.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from mtq.access.servers import Server
from mtq.errors import Refusal
from mtq.protocol import client
from mtq.protocol.client import Reply
from mtq.proxy import certificates
from mtq.proxy.addresses import Address
from mtq.proxy.connect import describe_capabilities
from mtq.proxy.login import begins_with_capa
from mtq.proxy.proxy import Proxy
from mtq.proxy.refusals import NotAllowed, SaidNo, Trouble, Unreachable
from mtq.proxy.steps import Step, Watch
from mtq.proxy.target import Route, Target
from mtq.proxy.wire import Wire

VERDICT = "verdict"
"""The name of the last step. Its fact `answer` is the line that a client gets, None where a test cannot tell."""

_NOT_GOT_THERE = (Trouble.NAME, Trouble.ROUTE, Trouble.TIME_OUT)
"""What fails where a link is down."""


@dataclass(frozen=True, slots=True)
class Account:
    """Whom to log in as."""

    user: str
    secret: bytes = field(repr=False)


async def probe(
    proxy: Proxy,
    server: Server,
    account: Account | None = None,
    refused: Refusal | None = None,
    dial: bool = False,
) -> AsyncGenerator[Step, None]:
    """The steps as they are done. The last is the verdict: what a client through this server would get.

    `refused`: what every client gets, whatever server it names. `dial`: bring the link up where a login would.
    """
    steps: asyncio.Queue[Step | None] = asyncio.Queue()
    watch = Watch(steps.put_nowait)
    work = asyncio.create_task(_Probe(proxy, server, account, refused, dial, watch).run())
    work.add_done_callback(lambda _: steps.put_nowait(None))
    try:
        while (step := await steps.get()) is not None:
            yield step
        await work      # whatever went wrong in it
    finally:
        work.cancel()


class _Probe:
    """One call."""

    def __init__(
        self, proxy: Proxy, server: Server, account: Account | None, refused: Refusal | None, dial: bool, watch: Watch
    ) -> None:
        self._proxy = proxy
        self._server = server
        self._account = account
        self._refused = refused       # what a client gets, whatever is found out beyond that
        self._dial = dial
        self._watch = watch
        self._share, self._bring_up = proxy.link(server)
        self._undialled = False
        self._may_log_in = True
        self._route: Route

    async def run(self) -> None:
        try:
            verdict = await self._run()
        except Refusal as refusal:
            verdict = _no(refusal)
            if self._undialled and isinstance(refusal, Unreachable) and refusal.trouble in _NOT_GOT_THERE:
                verdict = _verdict(False, "a client's login would dial first: what it gets cannot be told undialled")
        finally:
            self._share.give_back()
        self._watch.tell(verdict if self._refused is None else _no(self._refused))

    async def _run(self) -> Step:
        """What a client gets if nothing has been refused."""
        self._route = self._allowed()
        addresses = await self._proxy.addresses(self._route, self._link, self._check, self._watch)
        route = self._route
        try:
            wire = await self._proxy.caller.call(route, addresses, self._watch)
        except Unreachable as error:
            if error.trouble is Trouble.CERTIFICATE:
                await self._show_certificate(route, addresses, error)
            raise
        try:
            return await self._talk(wire, route, addresses)
        finally:
            wire.close()

    def _allowed(self) -> Route:
        try:
            with self._watch.step("allowed") as note:
                route = self._proxy.policy.route(self._server)
                note.say(route.rule)
        except NotAllowed as refusal:
            return self._anyway(refusal)
        return route

    def _check(self, route: Route, addresses: Sequence[Address]) -> None:
        try:
            with self._watch.step("address") as note:
                self._proxy.caller.check(route, addresses)
                note.say("may be connected to")
        except NotAllowed as refusal:
            self._route = self._anyway(refusal)

    def _anyway(self, refusal: NotAllowed) -> Route:
        self._refused = self._refused or refusal
        self._may_log_in = False
        return self._proxy.policy.anyway(self._server)

    async def _link(self) -> None:
        if self._undialled:
            return      # said already
        with self._watch.step("link") as note:
            self._undialled = not self._dial
            if self._undialled:
                note.say("a client's login would dial, this test does not")
            else:
                await self._bring_up()
                note.say("up")

    async def _show_certificate(self, route: Route, addresses: Sequence[Address], error: Unreachable) -> None:
        try:
            wire = await self._proxy.caller.call(replace(route, verify=False), addresses)
        except Refusal:
            return      # why the first call failed has been told
        if wire.tls is not None:
            self._watch.tell(certificates.step(wire, error.detail))
        wire.close()

    async def _talk(self, wire: Wire, route: Route, addresses: Sequence[Address]) -> Step:
        self._apop(wire)
        can_go_on = await self._capabilities(wire, route)
        if self._account is None or not self._may_log_in:
            if self._account is not None:
                text = "not tried: no password goes to a server that is not allowed"
                self._watch.tell(Step("login", False, 0.0, text))
            if can_go_on:
                await _quit(wire)
            return _verdict(True, "a client can log in there")
        target = Target(self._account.user, self._server)
        login = self._proxy.login(target, self._account.secret, route, addresses, self._watch)
        logged_in = await login.run(wire if can_go_on else await login.again(wire))
        answer = client.words(logged_in.answer)
        try:
            await self._stat(logged_in.wire)
            await _quit(logged_in.wire)
        except Refusal as refusal:
            return _verdict(False, f"a client gets: {answer}; and then {refusal.cause}", answer)
        finally:
            logged_in.wire.close()
        return _verdict(True, f"a client gets: {answer}", answer)

    def _apop(self, wire: Wire) -> None:
        greeting = wire.greeting
        text = "not offered"
        if greeting.timestamp is not None:
            text = f"offered: {greeting.timestamp.decode()}"
        elif greeting.bad_timestamp:
            text = "offered by a timestamp that is not as RFC 1939 wants it, so not used"
        facts = {"offered": greeting.timestamp is not None}
        self._watch.tell(Step("apop", not greeting.bad_timestamp, 0.0, text, facts))

    async def _capabilities(self, wire: Wire, route: Route) -> bool:
        """Whether the connection survived the question, which not every login asks. Raises Unreachable."""
        try:
            with self._watch.step("capabilities") as note:
                describe_capabilities(await wire.capabilities(), note)
        except Unreachable:
            if begins_with_capa(route.auth, wire.greeting):
                raise
            return False
        return True

    async def _stat(self, wire: Wire) -> None:
        with self._watch.step("stat") as note:
            stat = await wire.talk(client.stat())
            if isinstance(stat, Reply):
                raise SaidNo(stat, wire.server, to_login=False)
            text = f"{stat.messages} messages, {stat.octets} octets"
            note.say(text, messages=stat.messages, octets=stat.octets)


async def _quit(wire: Wire) -> None:
    """Take leave; a server that hangs up without a word does so, too."""
    with suppress(Unreachable):
        await wire.talk(client.quit())


def _no(refusal: Refusal) -> Step:
    answer = client.words(refusal.line)
    return _verdict(False, f"a client gets: {answer}", answer)


def _verdict(ok: bool, text: str, answer: str | None = None) -> Step:
    return Step(VERDICT, ok, 0.0, text, {"answer": answer})
