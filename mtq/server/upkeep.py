"""What a server does by itself: it renews its certificate, shows one that others renewed, looks after its secrets."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING

from mtq import tls
from mtq.config.read import own_certificate
from mtq.errors import MtqError
from mtq.ledger import Remark

if TYPE_CHECKING:
    from mtq.server.run import Server

EVERY = 600.0
"""Seconds from one look to the next."""

GLANCE = 0.25
"""Seconds that somebody who asks how the server is waits for the disk."""


class Upkeep:
    """Looks after a server's certificates and secrets until it is closed."""

    def __init__(self, server: "Server") -> None:
        self._server = server
        self._last_trouble = ""
        self._loop = asyncio.get_running_loop()
        self._looking: set[asyncio.Task[None]] = set()
        self._closed = False
        self._timer = self._loop.call_later(EVERY, self._begin)

    def close(self) -> None:
        """No more of it."""
        self._closed = True
        self._timer.cancel()
        for task in self._looking:
            task.cancel()

    def users_read(self) -> None:
        """The users file was read, so it may be another one. Any thread may say so."""
        self._loop.call_soon_threadsafe(self._look_at_users)

    async def glance(self) -> None:
        """Look who can read the secrets, but wait for no disk that does not answer."""
        await asyncio.wait({self._go(self._look_at_secrets)}, timeout=GLANCE)

    async def look(self) -> None:
        """Renew what is due, show what is new, warn of what others can read. Raises nothing."""
        await self._look_at_certificates()
        await self._look_at_secrets()

    async def _look_at_secrets(self) -> None:
        await self._server.secrecy.look(self._server.config)

    async def _look_at_certificates(self) -> None:
        trouble = ""
        try:
            await self._loop.run_in_executor(None, self._renew)
            await self._server.show_renewed()
        except (MtqError, OSError) as error:
            trouble = str(error)
            if trouble != self._last_trouble:      # once, and not every ten minutes
                self._server.ledger.enter(Remark("error", f"certificates: {trouble}"))
        self._last_trouble = trouble

    def _look_at_users(self) -> None:
        if not self._closed:
            self._go(self._look_at_secrets)

    def _begin(self) -> None:
        self._timer = self._loop.call_later(EVERY, self._begin)
        self._go(self.look)

    def _go(self, look: Callable[[], Coroutine[None, None, None]]) -> asyncio.Task[None]:
        task = self._loop.create_task(look())
        self._looking.add(task)
        task.add_done_callback(self._looking.discard)
        return task

    def _renew(self) -> None:
        config = self._server.config
        if config.tls.certificate == own_certificate(config.server.state_dir):
            tls.make_if_due(config.tls.certificate, config.tls.key, config.server.hostname)
