"""One client of the control socket: its requests one after the other, its answers, what it has subscribed to.

What can be answered at once is. Only what has to wait runs as a task, and the client's next request waits for it.
A client that sends rubbish or never reads harms only itself: all that is kept for it is bounded.
"""

import asyncio
import inspect
import os
import socket
import struct
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import cast

from mtq.control import wire
from mtq.control.events import ALL, Events
from mtq.control.methods import Data, EventName, Method, Methods
from mtq.control.wire import Code, Failure, Request
from mtq.errors import MtqError
from mtq.ledger import Ledger, Remark
from mtq.protocol.lines import Lines, TooLong

MOST = 64
"""Clients at a time."""

AT_ONCE = 16
"""Requests of one client that are answered before the event loop does something else."""

FAULTS = 20
"""Lines in a row that hold no request, after which the connection ends."""

UNSENT = 65536
"""Octets that may wait for a client to read them before its further requests wait, too."""

UNSENT_EVENTS = 1 << 20
"""Octets of events that may wait besides; past that the connection is cut."""

UNPARSED = 2 * wire.REQUEST_LIMIT
"""Octets a client may send ahead of what is answered; past that its connection is not read from."""

LAST_WORDS = 5.0
"""Seconds an ended connection has to take what remains."""

_CREDENTIALS = struct.Struct("3i")      # struct ucred of unix(7): process, user, group
_OPTION: int | None = getattr(socket, "SO_PEERCRED", None)      # Linux; elsewhere the mode of the socket has to do


@dataclass(frozen=True)
class Desk:
    """What all clients share."""

    methods: Methods
    events: Events
    ledger: Ledger
    callers: set["Caller"] = field(default_factory=set)
    nobody: asyncio.Event = field(default_factory=asyncio.Event)

    def refusal(self, sock: socket.socket) -> str | None:
        """Why a client is not served, if it is not."""
        uid = _uid(sock)
        if uid is not None and uid not in (0, os.geteuid()):
            self.ledger.enter(Remark("warning", f"control socket: a client with user id {uid} was refused"))
            return f"user id {uid} may not use this socket: root and the server's own user may"
        if len(self.callers) >= MOST:
            return f"{MOST} clients are connected to this socket already, try again later"
        return None


class Caller(asyncio.Protocol):
    """See the module's first lines."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport
        self._lines = Lines()
        self._subscribe = Method.of("events.subscribe", self._subscribed)
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._faults = 0
        self._answers = 0             # octets of answers among those that wait for the client to read, at most
        self._write_paused = False
        self._read_paused = False
        self._half_closed = False     # the client will send no more
        self._closing = False         # nothing more is done for the client but to send what remains
        self._lost = False            # there is no connection any more

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has connected."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(UNSENT)
        refusal = self._desk.refusal(transport.get_extra_info("socket"))
        if refusal is not None:
            self._say(wire.failure(Failure(None, Code.FAILED, refusal)))
            self.close()
            return
        self._desk.callers.add(self)
        self._desk.nobody.clear()

    def data_received(self, data: bytes) -> None:
        """The client has sent something."""
        if not self._closing:
            self._lines.feed(data)
            self._pump()

    def eof_received(self) -> bool:
        """The client will send no more; what it has asked for is still answered."""
        self._half_closed = True
        self._pump()
        return True

    def pause_writing(self) -> None:
        """The client reads slower than we write."""
        self._write_paused = True

    def resume_writing(self) -> None:
        """It has caught up."""
        self._write_paused = False
        self._loop.call_soon(self._pump)      # not at once: asyncio calls this in the middle of its own writing

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is closed. What was begun for the client is finished."""
        self._closing = self._lost = True
        self._desk.events.forget(self)
        if self._timer is not None:
            self._timer.cancel()
        self._leave()

    # What others call

    def tell(self, line: bytes) -> None:
        """Send an event; a client that does not read them is cut."""
        if self._closing:
            return
        self._say(line)
        if self._write_paused and self._transport.get_write_buffer_size() > self._answers + UNSENT_EVENTS:
            self._cut()

    def close(self) -> None:
        """End the connection when what was said is sent, and at the latest after LAST_WORDS."""
        if self._closing:
            return
        self._closing = True
        self._desk.events.forget(self)
        self._transport.close()
        self._timer = self._loop.call_later(LAST_WORDS, self._transport.abort)

    def abort(self) -> None:
        """Cut the connection, and drop what is being done for it."""
        if self._task is not None:
            self._task.cancel()
        self._cut()

    # Requests

    def _pump(self) -> None:
        """Take requests, as many as are good for everybody."""
        for _ in range(AT_ONCE):
            if not self._take():
                break
        else:
            self._loop.call_soon(self._pump)
        self._regulate()

    def _take(self) -> bool:
        """Take one request. False: there is none, or it has to wait."""
        if self._closing or self._write_paused or self._task is not None:
            return False
        try:
            line = self._lines.next(wire.REQUEST_LIMIT)
        except TooLong:
            text = f"a request has at most {wire.REQUEST_LIMIT} octets; this connection ends"
            self._say(wire.failure(Failure(None, Code.NOT_A_REQUEST, text)))
            self.close()
            return False
        if line is None:
            if self._half_closed:
                self.close()      # a subscriber, too: whether it still listens could not be told from here
            return False
        request = wire.request(line)
        if isinstance(request, Request):
            self._faults = 0
            self._call(request)
        elif request is not None:
            self._fault(request)
        return True

    def _fault(self, answer: Failure) -> None:
        self._say(wire.failure(answer))
        self._faults += 1
        if self._faults >= FAULTS:
            self.close()

    def _call(self, request: Request) -> None:
        try:
            subscribes = request.method == self._subscribe.name
            method = self._subscribe if subscribes else self._desk.methods.named(request.method)
            outcome = method.call(request.params)
            if inspect.isawaitable(outcome):
                self._task = self._loop.create_task(self._wait(request, outcome))
                self._task.add_done_callback(self._waited)
                return
            answer = wire.result(request.id, outcome)
        except Exception as error:
            answer = self._failed(request, error)
        self._answer(request, answer)

    async def _wait(self, request: Request, outcome: Awaitable[Data]) -> None:
        try:
            pieces = []
            for piece in wire.result_pieces(request.id, await outcome):
                pieces.append(piece)
                await asyncio.sleep(0)
            answer = b"".join(pieces)
        except Exception as error:
            answer = self._failed(request, error)
        self._answer(request, answer)

    def _waited(self, _: "asyncio.Task[None]") -> None:
        self._task = None
        self._leave()
        self._pump()

    def _failed(self, request: Request, error: Exception) -> bytes:
        if isinstance(error, MtqError):
            return wire.failure(wire.failure_of(request.id, error))
        # The last resort: this request fails, the server goes on.
        self._desk.ledger.enter(Remark("error", f"internal error in {request.method}: {error!r}"))
        text = "internal error; the server's log says more"
        return wire.failure(Failure(request.id, Code.INTERNAL, text))

    def _subscribed(self, events: tuple[EventName, ...] | None) -> Data:
        names = ALL if events is None else frozenset(events)
        self._desk.events.subscribe(self, names)
        return {"events": sorted(name.value for name in names)}

    # Writing, reading, leaving

    def _answer(self, request: Request, line: bytes) -> None:
        if not request.answered:
            return
        if not self._transport.get_write_buffer_size():
            self._answers = 0
        self._answers += len(line)
        self._say(line)

    def _say(self, line: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(line)

    def _regulate(self) -> None:
        """Read from the client only as far ahead as is bearable."""
        too_much = len(self._lines) > UNPARSED
        if self._closing or self._half_closed or too_much is self._read_paused:
            return
        self._read_paused = too_much
        if too_much:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def _cut(self) -> None:
        self._closing = True
        self._desk.events.forget(self)
        self._transport.abort()

    def _leave(self) -> None:
        """Give the place free, when the connection is gone and nothing is done for it any more."""
        if self._lost and self._task is None:
            self._desk.callers.discard(self)
            if not self._desk.callers:
                self._desk.nobody.set()


def _uid(sock: socket.socket) -> int | None:
    """The user at the other end, as the kernel knows it; None where the system does not tell."""
    if _OPTION is None:
        return None
    _, uid, _ = _CREDENTIALS.unpack(sock.getsockopt(socket.SOL_SOCKET, _OPTION, _CREDENTIALS.size))
    return int(uid)
