"""A login at a remote server: the first octet says how, the rest is what the server says, with RS (0x1E) between what
it says at the connection, after the first command, after the second, and so on. Then it hangs up.

The client gets one line of printable ASCII, a yes or a no; and no password is sent in the clear where it may not.
"""

import asyncio
import base64
import re
from datetime import UTC, datetime
from typing import cast

from mtq.access.servers import pattern
from mtq.errors import Refusal
from mtq.protocol.sasl import Password
from mtq.proxy.failures import Failures
from mtq.proxy.proxy import Proxy
from mtq.proxy.settings import Auth, Exceptions, Settings, Tls
from tests.house import WAIT

HOST = "127.0.0.1"
USER, SECRET = "fred", b"open sesame"

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)

SILENCE = 0.004
"""Seconds after which the server goes on though it was asked nothing."""

MOST = 12
"""Times it speaks."""

ANSWER = re.compile(rb"(?:\+OK|-ERR)(?: [ -~]{0,506})?")
NAME_64, SECRET_64 = base64.b64encode(b"fred"), base64.b64encode(SECRET)
PLAIN_64 = base64.b64encode(b"\0fred\0" + SECRET)
SAYS_NAME = re.compile(b"APOP fred|USER fred|" + b"|".join(map(re.escape, (NAME_64, PLAIN_64))))
SAYS_PASSWORD = re.compile(b"APOP|PASS|" + b"|".join(map(re.escape, (SECRET, SECRET_64, PLAIN_64))))



def check(octets: bytes) -> None:
    choice = int.from_bytes(octets[:1])
    way = (Tls.AUTO, Tls.STARTTLS, Tls.OFF, Tls.IMPLICIT)[choice & 3]
    auth = (Auth.AUTO, Auth.APOP, Auth.PLAIN, Auth.USER)[choice >> 2 & 3]
    lan = bool(choice & 16)
    remote = Remote(octets[1:].split(b"\x1e")[:MOST])
    with asyncio.Runner() as runner:
        answer = runner.run(_log_in(remote, way, auth, lan))
    assert ANSWER.fullmatch(answer), answer
    if way is not Tls.OFF and not lan:
        assert not SAYS_PASSWORD.search(remote.heard), remote.heard
    if answer.startswith(b"+OK"):      # a server may let somebody in without having heard the password
        assert SAYS_NAME.search(remote.heard), remote.heard


class Remote:
    """The server, whoever calls and how often."""

    def __init__(self, script: list[bytes]) -> None:
        self.script = script
        self.heard = b""


class _Talk(asyncio.Protocol):
    """One connection to it."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote
        self._loop = asyncio.get_running_loop()
        self._next: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._go_on()

    def data_received(self, data: bytes) -> None:
        self._remote.heard += data
        self._go_on()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._next is not None:
            self._next.cancel()

    def _go_on(self) -> None:
        if self._next is not None:
            self._next.cancel()
        if not self._remote.script:
            self._transport.close()
        elif not self._transport.is_closing():
            self._transport.write(self._remote.script.pop(0))
            self._next = self._loop.call_later(SILENCE, self._go_on)


async def _log_in(remote: Remote, way: Tls, auth: Auth, lan: bool) -> bytes:
    """The line that the client gets, without its end."""
    loop = asyncio.get_running_loop()
    faults: list[str] = []
    loop.set_exception_handler(lambda _, context: faults.append(str(context)))
    server = await loop.create_server(lambda: _Talk(remote), HOST, 0)
    port = server.sockets[0].getsockname()[1]
    try:
        async with asyncio.timeout(WAIT):
            answer = await _answer(_proxy(port, way, auth, lan), f"{USER}#{HOST}:{port}")
    finally:
        server.close()
    assert not faults, faults
    return answer


async def _answer(proxy: Proxy, name: str) -> bytes:
    try:
        target = proxy.target(name, ())
        assert target is not None
        upstream = await proxy.log_in(target, Password(name, SECRET))
    except Refusal as refusal:
        return refusal.line
    upstream.close()
    assert upstream.answer.endswith(b"\r\n")
    return upstream.answer[:-2]


def _proxy(port: int, way: Tls, auth: Auth, lan: bool) -> Proxy:
    settings = Settings(
        allow=(pattern(f"{HOST}:{port}"),),
        tls=way,
        verify=False,
        connect_timeout=WAIT / 2,
        exceptions={HOST: Exceptions(auth=auth)},
    )
    return Proxy(settings, Failures(lambda: NOW), lambda _: lan, lambda _, __: False)
