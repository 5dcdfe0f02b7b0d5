"""The access control of a service while it runs: a policy that stays true as time passes and names move.

Whatever changes, the ranges are compiled in a thread and put in place in one step. Until then those before decide:
no connection waits.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime

from mtq.access.policy import CLOSED, Policy, Row, Standing
from mtq.access.ranges import IPv4, IPv6
from mtq.access.rules import Decision
from mtq.server.names import Names, Use

FIRST_ANSWERS = 2.0
"""Seconds that a start waits for host names that were never looked up before."""


class Firewall:
    """Decides who is let in by one service or, if `service` is None, who is on the LAN."""

    def __init__(
        self, policy: Policy, names: Names, clock: Callable[[], datetime], service: str | None = None
    ) -> None:
        self._policy = policy
        self._names = names
        self._clock = clock
        self._service = service
        self._standing = CLOSED
        self._use: Use | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._compiling: asyncio.Future[Standing] | None = None

    async def start(self, within: float = FIRST_ANSWERS) -> None:
        """Compile, and keep it true from now on. Names that are not found within so many seconds come in later."""
        self._use = self._names.use(self._policy.hosts, self._look)
        self._look()
        await self._use.answered(within)
        while self._compiling is not None:
            await asyncio.wait([self._compiling])

    def decide(self, address: IPv4 | IPv6) -> Decision:
        """Whether a client with this address is let in, and why. Before the start nobody is."""
        return self._standing.decide(address)

    def rows(self) -> list[Row]:
        """All ranges, the LAN's last where they count. For a long list it may be called in a thread."""
        return self._policy.rows(self._service, self._clock(), self._standing.names)

    def close(self) -> None:
        """Let go. What was in force last goes on to decide."""
        if self._use is not None:
            self._use.close()
            self._use = None
        if self._timer is not None:
            self._timer.cancel()
        if self._compiling is not None:
            self._compiling.cancel()

    def _look(self) -> None:
        """Compile if what is in force has changed, by the clock or by a name."""
        if self._use is None or self._compiling is not None:
            return      # closed; or it is looked at again when that is done
        now, names = self._clock(), self._use.addresses
        self._set_timer(now)
        if self._policy.holds(self._standing, now, names):
            return
        loop = asyncio.get_running_loop()
        self._compiling = loop.run_in_executor(None, self._policy.standing, now, names)
        self._compiling.add_done_callback(self._compiled)

    def _compiled(self, compiling: "asyncio.Future[Standing]") -> None:
        self._compiling = None
        if not compiling.cancelled():
            self._standing = compiling.result()
            self._look()

    def _set_timer(self, now: datetime) -> None:
        if self._timer is not None:
            self._timer.cancel()
        seconds = self._policy.look_again(now)
        if seconds is not None:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._look)
