"""What a server does by itself now and then: it renews its own certificate, and shows one that others renewed."""

import asyncio
from typing import TYPE_CHECKING

from mtq import tls
from mtq.config.read import own_certificate
from mtq.errors import MtqError
from mtq.ledger import Remark

if TYPE_CHECKING:
    from mtq.server.run import Server

EVERY = 600.0
"""Seconds from one look to the next."""


class Upkeep:
    """Looks after a server's certificates until it is closed."""

    def __init__(self, server: "Server") -> None:
        self._server = server
        self._last_trouble = ""
        self._loop = asyncio.get_running_loop()
        self._looking: asyncio.Task[None] | None = None
        self._timer = self._loop.call_later(EVERY, self._begin)

    def close(self) -> None:
        """No more of it."""
        self._timer.cancel()
        if self._looking is not None:
            self._looking.cancel()

    async def look(self) -> None:
        """Renew what is due and show what is new. Raises nothing."""
        trouble = ""
        try:
            await self._loop.run_in_executor(None, self._renew)
            await self._server.show_renewed()
        except (MtqError, OSError) as error:
            trouble = str(error)
            if trouble != self._last_trouble:      # once, and not every ten minutes
                self._server.ledger.enter(Remark("error", f"certificates: {trouble}"))
        self._last_trouble = trouble

    def _begin(self) -> None:
        self._timer = self._loop.call_later(EVERY, self._begin)
        self._looking = self._loop.create_task(self.look())

    def _renew(self) -> None:
        config = self._server.config
        if config.tls.certificate == own_certificate(config.server.state_dir):
            tls.make_if_due(config.tls.certificate, config.tls.key, config.server.hostname)
