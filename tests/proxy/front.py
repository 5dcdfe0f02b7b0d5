"""The least that a server needs to put clients through: it logs each in at one remote mailbox and relays.

It runs in a thread, under the guard against blocking calls; the clients are the test's own.
"""

import asyncio
import ssl
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, cast

from mtq.protocol.sasl import Password
from mtq.proxy.proxy import Proxy, Upstream
from mtq.proxy.relay import Relay
from tests.house import WAIT, LoopFactory, guarded

T = TypeVar("T")


class Session(asyncio.Protocol):
    """One client. It is a tally, too."""

    def __init__(self, front: "Front") -> None:
        self.bytes_in = self.bytes_out = 0
        self.reasons: list[str] = []
        self.closed = False
        self.relay: Relay | None = None
        self._front = front
        self.ahead = b""
        self._full = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._front.sessions.append(self)
        self._login = asyncio.get_running_loop().create_task(self._log_in())

    def data_received(self, data: bytes) -> None:
        self.ahead += data
        self._front.tell()

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False

    def connection_lost(self, exc: Exception | None) -> None:
        self._login.cancel()

    async def _log_in(self) -> None:
        upstream: Upstream = await self._front.log_in()
        if self.transport.is_closing():
            upstream.close()
            return
        self.transport.write(upstream.answer)
        self.relay = upstream.relay(self.transport, self.ahead, self, self._ended, self._closed, self._full)
        self._front.tell()

    def _ended(self, reason: str) -> None:
        self.reasons.append(reason)
        self._front.tell()

    def _closed(self) -> None:
        self.closed = True
        self._front.tell()


class Front:
    """A server in a thread. `make` makes the proxy, on the loop's side."""

    def __init__(
        self, make: Callable[[], Proxy], server: str, loop: LoopFactory, tls: ssl.SSLContext | None = None
    ) -> None:
        self.sessions: list[Session] = []
        self.port = 0
        self._make = make
        self._name = f"fred#{server}"
        self._tls = tls
        self._faults: list[str] = []
        self._news = threading.Condition()
        self._loop: asyncio.AbstractEventLoop
        self._done: asyncio.Event
        self._thread = threading.Thread(target=self._run, args=(loop,))

    def __enter__(self) -> "Front":
        self._thread.start()
        self.wait_until(lambda: self.port != 0)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._done.set)
        self._thread.join(WAIT)
        assert not self._thread.is_alive()
        if kind is None:
            assert not self._faults, self._faults

    @property
    def session(self) -> Session:
        """That of the first client, when it is put through."""
        self.wait_for_the_relay()
        return self.sessions[0]

    def wait_for_the_relay(self) -> None:
        """Wait until the first client is put through."""
        self.wait_until(lambda: bool(self.sessions) and self.sessions[0].relay is not None)

    def end(self) -> str:
        """Wait until the first session is over, and say how it ended."""
        self.wait_until(lambda: bool(self.sessions) and self.sessions[0].closed)
        (reason,) = self.sessions[0].reasons
        return reason

    def do(self, work: Callable[[], T]) -> T:
        """Do this on the loop."""

        async def now() -> T:
            return work()

        return self.wait(now())

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Have this done on the loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(WAIT)

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Wait for something to happen."""
        with self._news:
            assert self._news.wait_for(lambda: condition() or not self._thread.is_alive(), WAIT)
        assert condition(), self._faults

    async def log_in(self) -> Upstream:
        """A login at the remote mailbox."""
        target = self._proxy.target(self._name, ())
        assert target is not None
        return await self._proxy.log_in(target, Password(self._name, b"secret"))

    def tell(self) -> None:
        """Something has happened."""
        with self._news:
            self._news.notify_all()

    def _run(self, loop: LoopFactory) -> None:
        with asyncio.Runner(loop_factory=loop) as runner:
            runner.run(self._serve())
        self.tell()

    async def _serve(self) -> None:
        self._loop, self._done = asyncio.get_running_loop(), asyncio.Event()
        self._loop.set_exception_handler(lambda _, context: self._faults.append(str(context)))
        self._proxy = self._make()
        with guarded():
            server = await self._loop.create_server(lambda: Session(self), "127.0.0.1", 0, ssl=self._tls)
            self.port = server.sockets[0].getsockname()[1]
            self.tell()
            await self._done.wait()
            server.close()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        self._faults += [f"left running: {task}" for task in left]
        self._faults += [f"left open: {session}" for session in self.sessions if session.relay and not session.closed]
