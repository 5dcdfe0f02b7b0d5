"""What the kernel tells of a connection."""

import asyncio
import socket

import pytest
import uvloop

from mtq.server import progress
from tests.house import LoopFactory


class Ended(asyncio.Protocol):
    """Knows when its connection has ended."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended.set()


@pytest.mark.parametrize("loop", [uvloop.new_event_loop, asyncio.new_event_loop], ids=["uvloop", "asyncio"])
def test_of_a_connection_that_is_closed_already_nothing_is_told(loop: LoopFactory) -> None:
    """Its protocol hears of the end a moment later, and a timer may come before that."""

    async def look(listening: socket.socket) -> progress.Progress | None:
        calling = asyncio.get_running_loop().create_connection(Ended, *listening.getsockname())
        transport, protocol = await calling
        sock = transport.get_extra_info("socket")
        assert progress.of(sock) is not None
        transport.abort()
        await protocol.ended.wait()
        return progress.of(sock)

    with socket.create_server(("127.0.0.1", 0)) as listening, asyncio.Runner(loop_factory=loop) as runner:
        assert runner.run(look(listening)) is None


def test_where_there_is_no_socket_any_more_nothing_is_told() -> None:
    """uvloop's TLS transports have none when what is below them is closed."""
    assert progress.of(None) is None
