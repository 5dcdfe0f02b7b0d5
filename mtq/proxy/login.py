"""Logging in at a remote server: APOP where that may be, else the best that is offered (PRODUCT 8.4).

A server that refuses APOP is asked again with the password, on the same connection or, if it hung up on the refusal,
on a new one. If the password works, the pair of server and user is remembered, and APOP is not tried there again.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from mtq.errors import Code, Refusal
from mtq.protocol import client, replies
from mtq.protocol.client import Dialogue, Greeting, Reply, Unsendable
from mtq.proxy.failures import Failures
from mtq.proxy.refusals import SaidNo, Trouble, Unreachable, is_about_password
from mtq.proxy.settings import Auth
from mtq.proxy.steps import Watch
from mtq.proxy.target import Target
from mtq.proxy.wire import Wire


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A mailbox that is open."""

    wire: Wire
    reply: Reply
    mechanism: str

    @property
    def answer(self) -> bytes:
        """What the client gets: the remote server's own words."""
        return replies.ok(self.reply.code.value + self.reply.text.encode())


def begins_with_capa(auth: Auth, greeting: Greeting) -> bool:
    """Whether a login where the server greets like this first asks what it can do."""
    return auth is Auth.AUTO and greeting.timestamp is None


class Login:
    """One login. `again` calls the server of a wire once more, by the same port."""

    def __init__(
        self,
        target: Target,
        secret: bytes,
        auth: Auth,
        failures: Failures,
        again: Callable[[Wire], Awaitable[Wire]],
        watch: Watch,
    ) -> None:
        self._name = target.user
        self._user = target.user.encode("utf-8", "surrogateescape")
        self._secret = secret
        self._auth = auth
        self._failures = failures
        self.again = again
        self._watch = watch
        self._wire: Wire

    async def run(self, wire: Wire) -> LoggedIn:
        """Log in on this connection, which is closed if that fails. Raises SaidNo, Unreachable or Refusal."""
        self._wire = wire
        try:
            return await self._run()
        except Unsendable as error:
            self._wire.close()
            raise Refusal(Code.AUTH, str(error)) from None
        except BaseException:
            self._wire.close()
            raise

    async def _run(self) -> LoggedIn:
        stamp = self._stamp()
        if stamp is None:
            return await self._password()
        apop = await self._apop(stamp)
        if apop is not None:
            return apop
        return await self._password_after_apop()

    def _stamp(self) -> bytes | None:
        """The timestamp, if APOP is to be tried."""
        stamp = self._wire.greeting.timestamp
        if self._auth is Auth.APOP:
            if stamp is None:
                raise Refusal(
                    Code.SYS_PERM,
                    "the remote server offers no APOP",
                    f'{self._wire.server}: no timestamp in the greeting that may be used, and auth is "apop"',
                )
            return stamp
        if self._auth is not Auth.AUTO or b" " in self._user or self._failures.known(self._wire.server, self._name):
            return None
        return stamp

    async def _apop(self, stamp: bytes) -> LoggedIn | None:
        """Try APOP; None if it is refused, which the password may help."""
        may_fail = self._auth is Auth.AUTO
        try:
            return await self._ask("APOP", client.apop(self._user, self._secret, stamp))
        except SaidNo as no:
            if not may_fail or not is_about_password(no.code):
                raise
        except Unreachable as error:
            if not may_fail or error.trouble is not Trouble.HUNG_UP:
                raise
        return None

    async def _password_after_apop(self) -> LoggedIn:
        heard = self._wire.heard
        try:
            done = await self._password()
        except Unreachable as error:
            if error.trouble is not Trouble.HUNG_UP or self._wire.heard != heard:
                raise
            self._wire.close()
            self._wire = await self.again(self._wire)
            done = await self._password()
        self._failures.remember(self._wire.server, self._name)
        return done

    async def _password(self) -> LoggedIn:
        mechanism, dialogue = await self._best()
        return await self._ask(mechanism, dialogue)

    async def _best(self) -> tuple[str, Dialogue[Reply]]:
        if self._auth is Auth.USER:
            return "USER", client.user_pass(self._user, self._secret)
        if self._auth is Auth.PLAIN:
            return "PLAIN", client.plain(self._user, self._secret)
        offered = (await self._wire.capabilities()).mechanisms
        if "PLAIN" in offered:
            return "PLAIN", client.plain(self._user, self._secret)
        if "LOGIN" in offered:
            return "LOGIN", client.login(self._user, self._secret)
        return "USER", client.user_pass(self._user, self._secret)

    async def _ask(self, mechanism: str, dialogue: Dialogue[Reply]) -> LoggedIn:
        with self._watch.step("login") as note:
            note.say(mechanism, mechanism=mechanism)
            reply = await self._wire.talk(dialogue)
            if not reply.ok:
                raise SaidNo(reply, self._wire.server, to_login=True)
            note.say(f"{mechanism}: {reply.text}")
        return LoggedIn(self._wire, reply, mechanism)
