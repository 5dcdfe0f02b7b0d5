"""The control socket, served: clients are taken in until the server ends."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress

from mtq.control import rows
from mtq.control.caller import LAST_WORDS, Caller, Desk
from mtq.control.claim import Claim
from mtq.control.events import Events
from mtq.control.methods import Data, Handler, Methods
from mtq.ledger import Ledger
from mtq.server.accept import Listener, each_to
from mtq.server.log import RECENT, Log


class Endpoint:
    """Serves what `claim` has got. `handlers` do what the methods say that need more than log and events."""

    def __init__(
        self, claim: Claim, handlers: Mapping[str, Handler], events: Events, ledger: Ledger, log: Log
    ) -> None:
        def tail(lines: int | None) -> Data:
            return rows.tail(log.recent, lines or RECENT)

        self._claim = claim
        self._desk = Desk(Methods({"log.tail": tail, **handlers}), events, ledger)
        self._listener: Listener | None = None

    async def serve(self) -> None:
        """Take clients in: root and whoever this process is now."""
        take = each_to(lambda: Caller(self._desk))
        self._listener = Listener("control socket", self._claim.sock, take, self._desk.ledger)

    async def close(self) -> None:
        """Take no more, give the socket free, and send what was said within bounds.

        In this order: who sees its connection end may start the next server at once.
        """
        self._claim.refuse()
        if self._listener is not None:
            self._listener.close()
        await asyncio.get_running_loop().run_in_executor(None, self._claim.release)
        for caller in list(self._desk.callers):
            caller.close()
        await self._gone()
        for caller in list(self._desk.callers):
            caller.abort()
        await self._gone()

    async def _gone(self) -> None:
        """Wait until no client is left, at most as long as one may take."""
        if self._desk.callers:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._desk.nobody.wait(), LAST_WORDS)
