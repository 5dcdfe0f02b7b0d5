"""A link that is brought up for proxied sessions, and hung up when they have been over for a while (PRODUCT 8.2).

One attempt serves all who wait. Whoever uses the link has it by `hold` and gives it back by `release`.
"""

import asyncio
import signal
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from mtq.proxy.command import GRACE, Command
from mtq.proxy.threads import Threads


@dataclass(frozen=True, slots=True)
class Settings:
    """The commands; an empty one is nothing to do. Times in seconds."""

    up: tuple[str, ...]
    down: tuple[str, ...]
    timeout: float = 60.0
    hangup_after: float = 120.0


class State(Enum):
    """What the link is doing."""

    DOWN = "down"
    DIALLING = "dialling"
    UP = "up"
    HANGING_UP = "hanging up"


class NoLink(Exception):
    """The link does not come up. The message says why, for the log."""


class Dialup:
    """One link."""

    def __init__(self, settings: Settings, remark: Callable[[str, str], None]) -> None:
        self.state = State.DOWN
        self.users = 0      # sessions that have it or wait for it
        self._settings = settings
        self._remark = remark       # takes the level and the text of a remark in the log
        self._work: asyncio.Task[str | None] | asyncio.Task[None] | None = None      # dialling or hanging up
        self._command: Command | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._threads = Threads(1)
        self._closed = False

    async def hold(self) -> None:
        """Have the link up, and keep it up until `release`. Raises NoLink; then there is nothing to release."""
        self.users += 1
        self._not_idle()
        try:
            while self.state is not State.UP:
                if self._closed:
                    raise NoLink("the server is going down")
                if self.state is State.DOWN:
                    self._dial()
                assert self._work is not None
                # Shielded: a client that gives up does not take the attempt from those who wait on.
                failure = await asyncio.shield(self._work)
                if failure is not None:
                    raise NoLink(failure)
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """One session less. With the last one the idle time begins."""
        self.users -= 1
        self._look()

    async def close(self) -> None:
        """The server stops: end an attempt, hang up."""
        self._closed = True
        self._not_idle()
        if self.state is State.DIALLING and self._command is not None:
            self._command.end(signal.SIGTERM)
            asyncio.get_running_loop().call_later(GRACE, self._command.end, signal.SIGKILL)
        if self._work is not None:
            await self._work
        if self.state is State.UP:
            self._hang_up()
            assert self._work is not None
            await self._work

    def _look(self) -> None:
        if self.users == 0 and self.state is State.UP and not self._closed:
            self._not_idle()
            self._idle = asyncio.get_running_loop().call_later(self._settings.hangup_after, self._hang_up)

    def _not_idle(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def _dial(self) -> None:
        self.state = State.DIALLING
        self._command = Command(self._settings.up, self._settings.timeout)
        self._work = asyncio.get_running_loop().create_task(self._dialling(self._command))

    def _hang_up(self) -> None:
        self.state = State.HANGING_UP
        command = Command(self._settings.down, self._settings.timeout)
        self._work = asyncio.get_running_loop().create_task(self._hanging_up(command))

    async def _dialling(self, command: Command) -> str | None:
        """What failed, or None."""
        failure = await self._threads.run(command.run)
        self.state = State.UP if failure is None else State.DOWN
        if failure is None:
            self._remark("info", "dial-up: the link is up")
        else:
            self._remark("error", f"dial-up: {failure}")
        self._look()      # all who waited may have gone
        return failure

    async def _hanging_up(self, command: Command) -> None:
        """Whatever the command says, the next session dials anew."""
        failure = await self._threads.run(command.run)
        self.state = State.DOWN
        if failure is None:
            self._remark("info", "dial-up: hung up")
        else:
            self._remark("error", f"dial-up: cannot hang up: {failure}")


class Share:
    """One session's use of a link, if there is one: taken at most once, given back at most once."""

    def __init__(self, dialup: Dialup | None) -> None:
        self._dialup = dialup
        self._taken = False

    async def take(self) -> None:
        """Have the link up. Raises NoLink."""
        if self._dialup is not None and not self._taken:
            await self._dialup.hold()
            self._taken = True

    def give_back(self) -> None:
        """The session is over."""
        if self._dialup is not None and self._taken:
            self._taken = False
            self._dialup.release()
