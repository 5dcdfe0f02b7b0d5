"""The guard itself: a blocking call on the event loop is an error."""

import asyncio
import time

import pytest
from blockbuster import BlockingError

from tests.house import guarded


def test_a_blocking_call_on_the_event_loop_is_an_error() -> None:
    async def block() -> None:
        time.sleep(0)  # noqa: ASYNC251 - the very thing that the guard has to catch

    with guarded(), pytest.raises(BlockingError):
        asyncio.run(block())
