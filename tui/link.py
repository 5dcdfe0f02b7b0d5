"""A connection to the server for an event loop: requests go out, and what the server says comes in its order.

Nothing here waits for the answer to a request before the next is sent, and nothing blocks.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from mtq.control import address, troubles, wire
from mtq.control.client import ANSWER, ANSWER_LIMIT, CONNECT
from mtq.control.wire import Failure, NotAnAnswer, Notification, Result

Reply = Result | Failure | Notification

Data = Mapping[str, object]


class Link:
    """See the module's first lines. `status` is what `server.status` said when the connection was made."""

    def __init__(self, path: Path, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._path = path
        self._reader = reader
        self._writer = writer
        self._last_id = 0
        self.status: Data = {}

    def send(self, method: str, /, **params: object) -> int:
        """Send a request. Its answer has the id that is given."""
        self._last_id += 1
        self._writer.write(wire.call(self._last_id, method, params))
        return self._last_id

    async def receive(self, within: float) -> Reply:
        """What the server says next. Raises MtqError: it has hung up, is silent for so many seconds, or is none."""
        try:
            async with asyncio.timeout(within):
                line = await self._reader.readline()
        except TimeoutError:
            raise troubles.silent(self._path) from None
        except (ValueError, OSError) as error:      # a line without an end; a connection that was reset
            reset = isinstance(error, OSError)
            raise (troubles.hung_up if reset else troubles.garbled)(self._path) from None
        if not line.endswith(b"\n"):
            raise troubles.hung_up(self._path)
        try:
            return wire.reply(line)
        except NotAnAnswer:
            raise troubles.garbled(self._path) from None

    async def call(self, method: str, /, *, within: float = ANSWER, **params: object) -> Data:
        """Send a request and wait for its answer; events are passed over. Raises MtqError: the server's no, too."""
        expected = self.send(method, **params)
        while True:
            match await self.receive(within):
                case Notification():
                    continue
                case Result(id=id, data=data) if id == expected:
                    return data
                case Failure(id=id) as failure if id in (expected, None):
                    raise failure.error
                case _:
                    raise troubles.garbled(self._path)

    async def _introduce(self) -> None:
        self.status = await self.call("server.status", within=CONNECT)
        troubles.check_version(self._path, self.status)


@asynccontextmanager
async def linked(path: Path) -> AsyncIterator[Link]:
    """A connection to the server that listens there. Raises NoServer, and MtqError for one that is of no use."""
    address.check(path)
    try:
        async with asyncio.timeout(CONNECT):
            streams = await asyncio.open_unix_connection(path, limit=ANSWER_LIMIT)
    except TimeoutError:
        raise troubles.silent(path) from None
    except OSError as error:
        raise troubles.unconnected(path, error) from None
    link = Link(path, *streams)
    try:
        await link._introduce()
        yield link
    finally:
        link._writer.close()
        with suppress(OSError):
            await link._writer.wait_closed()
