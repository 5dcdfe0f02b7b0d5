"""An actor in place of the server: a control socket that answers by a script and tells what a test wants told."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from mtq.control import wire
from mtq.control.wire import Code, Failure, Request
from tests.house import WAIT

Row = Mapping[str, object]


class Actor:
    """Answers each method as `answers` say: with data, with a Failure's code and message, or never (None)."""

    def __init__(self, path: Path, answers: Mapping[str, Row | Failure | None], events: Sequence[Row] = ()) -> None:
        self.path = path
        self.answers = dict(answers)
        self.events = list(events)      # told to everybody who subscribes
        self.asked: list[Request] = []
        self._writers: set[asyncio.StreamWriter] = set()
        self._conversations: set[asyncio.Task[None]] = set()
        self._subscribed = asyncio.Event()
        self._server: asyncio.Server

    @asynccontextmanager
    async def playing(self) -> AsyncIterator["Actor"]:
        """Be there until the test is through."""
        await self.begin()
        try:
            yield self
        finally:
            await self.leave()

    async def begin(self) -> None:
        """Be there."""
        self._server = await asyncio.start_unix_server(self._greet, self.path)

    async def leave(self) -> None:
        """Be gone, as a server is that was killed."""
        self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        self.path.unlink(missing_ok=True)
        self._subscribed.clear()
        await asyncio.gather(*self._conversations, return_exceptions=True)

    async def tell(self, *events: Row) -> None:
        """Tell events to all who have subscribed, once there is one."""
        async with asyncio.timeout(WAIT):
            await self._subscribed.wait()
        self.say(b"".join(wire.notification("event", event) for event in events))

    def say(self, line: bytes) -> None:
        """Say this to everybody, whatever it is."""
        for writer in self._writers:
            writer.write(line)

    def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._conversations.add(task)
        task.add_done_callback(self._conversations.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with suppress(ConnectionError):
            while line := await reader.readline():
                request = wire.request(line)
                assert isinstance(request, Request), line
                self.asked.append(request)
                self._answer(request, writer)
        self._writers.discard(writer)
        writer.close()

    def _answer(self, request: Request, writer: asyncio.StreamWriter) -> None:
        if request.method == "events.subscribe":
            writer.write(wire.result(request.id, {"events": []}))
            writer.write(b"".join(wire.notification("event", event) for event in self.events))
            self._subscribed.set()
            return
        missing = Failure(None, Code.NO_SUCH_METHOD, "no such method")
        match self.answers.get(request.method, missing):
            case Failure(code=code, message=message, kind=kind):
                writer.write(wire.failure(Failure(request.id, code, message, kind)))
            case None:
                return      # it never will
            case data:
                writer.write(wire.result(request.id, data))
