"""The connection to a remote server until it is logged in: carries dialogues, in the clear and inside TLS."""

import asyncio
import ssl
from typing import TypeVar

from mtq.access.servers import Server
from mtq.channel import Channel
from mtq.protocol import client
from mtq.protocol.client import BadAnswer, Capabilities, Client, Dialogue, Greeting
from mtq.proxy.refusals import Trouble, Unreachable, unreachable

T = TypeVar("T")

UNASKED_LIMIT = 65536
"""Octets a server may send ahead of what it was asked; past that its connection is not read from."""


class Wire(asyncio.Protocol):
    """Whoever has it closes it: `close`, or `detach` and then the transport."""

    def __init__(self, server: Server, patience: float) -> None:
        self.server = server
        self.transport: Channel
        self.lost = False
        self.greeting: Greeting
        self._patience = patience         # seconds for an answer
        self._client = Client()
        self._capabilities: Capabilities | None = None
        self._waiting: asyncio.Future[None] | None = None
        self._end: Unreachable | None = None      # why there will be no further answer
        self._paused = False

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection stands, in the clear."""
        assert isinstance(transport, Channel)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """The server has said something."""
        try:
            self._client.receive(data)
        except BadAnswer as error:
            self._over(Unreachable(Trouble.BABBLE, self.server, str(error)))
            return
        self._write()
        if self._client.buffered > UNASKED_LIMIT and not self._paused:
            self._paused = True
            self.transport.pause_reading()
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """The server has hung up."""
        self.lost = True
        if isinstance(exc, OSError):
            self._over(unreachable(exc, self.server))
        else:
            self._over(Unreachable(Trouble.HUNG_UP, self.server))

    # What the proxy calls

    @property
    def tls(self) -> ssl.SSLSocket | None:
        """The connection inside TLS."""
        return self.transport.tls

    @property
    def heard(self) -> int:
        """Lines that the server has said so far."""
        return self._client.heard

    async def talk(self, dialogue: Dialogue[T]) -> T:
        """Carry a dialogue to its end. Raises Unreachable."""
        if self._end is not None:
            raise self._end
        try:
            exchange = self._client.begin(dialogue)
        except BadAnswer as error:
            raise Unreachable(Trouble.BABBLE, self.server, str(error)) from None
        self._write()
        loop = asyncio.get_running_loop()
        timer = loop.call_later(self._patience, self._give_up)
        try:
            while not exchange.over:
                if self._end is not None:
                    raise self._end
                self._waiting = loop.create_future()
                await self._waiting
        finally:
            timer.cancel()
        return exchange.outcome

    async def greet(self) -> Greeting:
        """Wait for the greeting. Raises Unreachable."""
        self.greeting = await self.talk(client.greeting())
        return self.greeting

    async def capabilities(self) -> Capabilities:
        """What the server can do as things stand, asked once. Raises Unreachable."""
        if self._capabilities is None:
            self._capabilities = await self.talk(client.capa())
        return self._capabilities

    async def secure(self, context: ssl.SSLContext) -> None:
        """Begin TLS. What came in the clear and was not asked for ends it. Raises Unreachable.

        Nothing is awaited between the look at what has come and the start of the handshake.
        """
        if self._client.buffered:
            raise Unreachable(Trouble.TLS, self.server, "it speaks on in the clear")
        if self._end is not None:
            raise self._end
        done: asyncio.Future[OSError | None] = asyncio.get_running_loop().create_future()

        def secured(error: OSError | None) -> None:
            if not done.done():      # the time for it may be over
                done.set_result(error)

        self.transport.secure(context, secured, self.server.host)
        error = await done
        if error is not None:
            raise unreachable(error, self.server)
        self._capabilities = None

    def detach(self) -> bytes:
        """Give the transport, being read, to somebody else, with what has come beyond the last answer."""
        if self._paused and not self.transport.is_closing():
            self.transport.resume_reading()
        return self._client.rest()

    def close(self) -> None:
        """Hang up at once: there is nothing left that the server should get."""
        self.transport.abort()

    def _write(self) -> None:
        out = self._client.take()
        if out:
            self.transport.write(out)

    def _give_up(self) -> None:
        self._over(Unreachable(Trouble.TIME_OUT, self.server, "no answer"))

    def _over(self, end: Unreachable) -> None:
        self._end = self._end or end
        self._wake()

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)
