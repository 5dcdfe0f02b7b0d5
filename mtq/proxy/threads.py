"""Threads for what blocks and may hang, a few at a time. A hanging one does not hold up the end of the process."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

T = TypeVar("T")


class Threads:
    """Runs at most so many pieces of work at a time; the others wait."""

    def __init__(self, most: int) -> None:
        self._free = asyncio.Semaphore(most)

    async def run(self, work: Callable[[], T]) -> T:
        """Do the work in a thread. One that is given up on counts until it has really ended."""
        await self._free.acquire()
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()

        def settle(tell: Callable[[], None]) -> None:
            self._free.release()
            if not done.cancelled():
                tell()

        def run() -> None:
            try:
                tell = partial(done.set_result, work())
            except Exception as error:
                tell = partial(done.set_exception, error)
            with suppress(RuntimeError):      # the loop has ended meanwhile
                loop.call_soon_threadsafe(settle, tell)

        threading.Thread(target=run, daemon=True).start()
        return await done
