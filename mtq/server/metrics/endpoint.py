"""Where metrics are had: a small HTTP server on the event loop, for one question a connection.

It opens its port itself: not one below 1024, where the server works as server.user.
"""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from mtq.config.kinds import Listen
from mtq.errors import MtqError
from mtq.ledger import Ledger, Remark
from mtq.server import listeners
from mtq.server.accept import Listener, each_to
from mtq.server.metrics import request

if TYPE_CHECKING:
    from mtq.server.run import Server

NAME = "server.metrics_listen"

MOST = 16
"""Connections at a time."""

PATIENCE = 5.0
"""Seconds a connection may take from its beginning to its end."""


class Metrics:
    """Serves metrics where it is told to."""

    def __init__(self, server: "Server") -> None:
        self._server = server
        self._listener: Listener | None = None
        self._listen: Listen | None = None
        self._scrapes: set[Scrape] = set()
        self.trouble: str | None = None
        """Why there are none, though there should be."""

    async def turn_to(self, listen: Listen | None) -> None:
        """Serve there from now on; None: nowhere. Raises nothing: mail goes on without metrics."""
        if listen == self._listen and self.trouble is None:
            return
        self.close()
        self._listen, self.trouble = listen, None
        if listen is None:
            return
        try:
            await self._open(listen)
        except MtqError as error:
            self.trouble = f"{NAME}: {error}"
            self._server.ledger.enter(Remark("error", f"{self.trouble}; there are no metrics"))

    def close(self) -> None:
        """Serve no more."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        for scrape in list(self._scrapes):
            scrape.cut()

    async def _open(self, listen: Listen) -> None:
        in_thread = asyncio.get_running_loop().run_in_executor
        text = await in_thread(None, _load, self._server)
        [listening] = await in_thread(None, listeners.bind, listen)
        take = each_to(lambda: Scrape(text, self._scrapes, self._server.ledger))
        self._listener = Listener(NAME, listening, take, self._server.ledger)
        self._server.ledger.enter(Remark("info", f"metrics on http://{listen}/metrics"))


def _load(server: "Server") -> Callable[[], bytes]:
    from mtq.server.metrics.figures import Figures  # its library is for those who want metrics

    return Figures(server).text


class Scrape(asyncio.Protocol):
    """One connection."""

    def __init__(self, text: Callable[[], bytes], scrapes: "set[Scrape]", ledger: Ledger) -> None:
        self._text = text
        self._ledger = ledger
        self._scrapes = scrapes
        self._head = b""
        self._answered = False
        self._transport: asyncio.Transport
        self._timer: asyncio.TimerHandle

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody has connected."""
        self._transport = cast(asyncio.Transport, transport)
        self._timer = asyncio.get_running_loop().call_later(PATIENCE, self.cut)
        self._scrapes.add(self)
        if len(self._scrapes) > MOST:
            self.cut()

    def data_received(self, data: bytes) -> None:
        """A request, or a part of one. What follows it is not read."""
        if self._answered:
            return
        self._head += data
        if request.is_whole(self._head):
            self._answered = True
            self._transport.write(self._answer())
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        self._timer.cancel()
        self._scrapes.discard(self)

    def cut(self) -> None:
        """End it at once."""
        self._transport.abort()

    def _answer(self) -> bytes:
        try:
            return request.respond(self._head, self._text)
        except Exception as error:      # the last resort: a question fails, the server goes on
            self._ledger.enter(Remark("error", f"internal error in metrics: {error!r}"))
            return request.answer("500 Internal Server Error", request.WORDS, b"the server's log says more\n")
