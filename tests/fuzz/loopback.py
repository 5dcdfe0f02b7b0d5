"""What targets with sockets share: a server, and a client that says what it has to say and hears what it is told."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import cast

from mtq.config.paths import here
from mtq.control import wire
from mtq.control.attach import attached
from mtq.control.claim import claim
from mtq.control.wire import Code, Failure, Notification, Result
from mtq.ledger import Event, Ledger, Remark
from mtq.server.log import Log
from mtq.server.privsep.privileges import Direct
from mtq.server.run import Server
from mtq.server.stream import Stream
from tests.house import House


class Client(asyncio.Protocol):
    """A connection. All that comes is kept, however it ends: a stream forgets it when it is reset."""

    def __init__(self) -> None:
        self._heard = bytearray()
        self._transport: asyncio.Transport
        self._news = asyncio.Event()
        self._room = asyncio.Event()      # to write
        self._room.set()
        self._over = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._heard += data
        self._news.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self._over = True
        self._news.set()
        self._room.set()

    def pause_writing(self) -> None:
        self._room.clear()

    def resume_writing(self) -> None:
        self._room.set()

    async def say(self, pieces: list[bytes]) -> None:
        """Send these; if the other side hangs up, not all of them."""
        for piece in pieces:
            if not self._transport.is_closing():
                self._transport.write(piece)
            await asyncio.sleep(0)
            await self._room.wait()

    async def hear(self, octets: int) -> bytes:
        """All that has come, when it is so much or there will be no more."""
        while len(self._heard) < octets and not self._over:
            self._news.clear()
            await self._news.wait()
        return bytes(self._heard)

    async def hear_all(self) -> bytes:
        """Say that nothing more will be sent; all that is told until the other side hangs up."""
        if not self._transport.is_closing():
            self._transport.write_eof()
        return await self.hear(sys.maxsize)

    def close(self) -> None:
        """Hang up."""
        self._transport.close()


def sound(said: bytes) -> list[Result | Failure | Notification]:
    """What the control socket has said: whole lines, each an answer or an event, and no internal error among them."""
    *lines, rest = said.split(b"\n")
    assert rest == b"", rest
    answers = [wire.reply(line) for line in lines]
    assert not any(isinstance(a, Failure) and a.code == Code.INTERNAL for a in answers), answers
    return answers


@asynccontextmanager
async def serving(house: House) -> AsyncIterator[None]:
    """Serve, and see that all went well."""
    faults: list[str] = []

    def entered(_: datetime, event: Event) -> None:
        if isinstance(event, Remark) and event.text.startswith("internal error"):
            faults.append(event.text)

    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(str(context)))
    ledger = Ledger()
    log = Log("debug", as_json=True, stream=Stream(None, ledger))
    ledger.listen(log)
    ledger.listen(entered)
    claimed = claim(house.config.server.control_socket)
    server = Server(house.file, house.config, Direct(house.file, here()), ledger, log)
    async with attached(server, claimed, log):
        await server.start()
        yield
        await server.stop()
    faults += [f"left running: {task}" for task in asyncio.all_tasks() - {asyncio.current_task()}]
    assert not faults, faults
    assert not ledger.sessions
