"""Somebody at the dashboard: presses keys, reads the screen, and waits until something is there to be seen."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from textual.app import App
from textual.message import Message
from textual.pilot import Pilot

from mtq.tui.app import Dashboard
from tests.house import WAIT

NAMES = {
    " ": "space", ":": "colon", "/": "slash", "?": "question_mark", "-": "minus", ".": "full_stop",
    "_": "underscore", "!": "exclamation_mark", "=": "equals_sign", "#": "number_sign", "+": "plus",
}      # fmt: skip
"""Keys that have names."""


class Sitting:
    """See the module's first lines."""

    def __init__(self, app: App[None], pilot: Pilot[None], happened: asyncio.Event) -> None:
        self.app = app
        self._pilot = pilot
        self._happened = happened

    @property
    def dashboard(self) -> Dashboard:
        """The dashboard, if it is one."""
        assert isinstance(self.app, Dashboard)
        return self.app

    async def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        await self._pilot.press(*(NAMES.get(key, key) for key in keys))

    async def type(self, text: str) -> None:
        """Type a text."""
        await self.press(*text)

    async def click(self, x: int, y: int, times: int = 1) -> None:
        """Click on a cell of the screen."""
        await self._pilot.click(offset=(x, y), times=times)

    async def resize(self, width: int, height: int) -> None:
        """Give the terminal another size."""
        await self._pilot.resize_terminal(width, height)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until it is so: it is looked at whenever the dashboard has done something."""
        try:
            async with asyncio.timeout(WAIT):
                while not condition():
                    self._happened.clear()
                    await self._pilot.pause()
                    if not condition():
                        await self._happened.wait()
        except TimeoutError:
            raise AssertionError(f"it did not come to that:\n{self.text()}") from None
        await self._pilot.pause()

    async def sees(self, *texts: str) -> None:
        """Wait until all these texts are on the screen."""
        await self.until(lambda: all(text in self.text() for text in texts))

    async def sees_no(self, text: str) -> None:
        """Wait until a text is gone from the screen."""
        await self.until(lambda: text not in self.text())

    async def is_told(self, text: str) -> None:
        """Wait until this is said in a corner of the screen, where it may be wrapped."""
        await self.until(lambda: any(text in said.message for said in self.app._notifications))

    def lines(self) -> list[str]:
        """The lines of the screen, without blanks at their ends."""
        strips = self.app.screen._compositor.render_strips()      # the one place that knows the whole screen
        return ["".join(segment.text for segment in strip).rstrip() for strip in strips]

    def text(self) -> str:
        """The whole screen."""
        return "\n".join(self.lines())

    def line(self, text: str) -> str:
        """The line that has this in it."""
        return next(line for line in self.lines() if text in line)


@asynccontextmanager
async def sitting(app: App[None], width: int = 80, height: int = 24) -> AsyncIterator[Sitting]:
    """Somebody at this application, in a terminal of this size."""
    happened = asyncio.Event()

    def hook(_: Message) -> None:
        happened.set()

    async with app.run_test(size=(width, height), message_hook=hook, notifications=True) as pilot:
        yield Sitting(app, pilot, happened)
