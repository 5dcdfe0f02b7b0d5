"""The other end of the control socket: what every command uses to speak to the running server.

It waits, and never for ever. It loads nothing that a command would have to wait for.
"""

import os
import socket
import struct
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from mtq.control import address, troubles, wire
from mtq.control.troubles import HungUp as HungUp
from mtq.control.wire import Failure, NotAnAnswer, Notification, Result
from mtq.errors import MtqError

CONNECT = 5.0
"""Seconds a server has to take a client in, and again to say who it is."""

ANSWER = 30.0
"""Seconds a call may take, if the caller does not say otherwise."""

ANSWER_LIMIT = 1 << 26
"""Octets of an answer: no server of ours has more to say."""


class Client:
    """A connection to the server. Also a context manager that closes it."""

    def __init__(self, sock: socket.socket, path: Path) -> None:
        self._sock = sock
        self._path = path
        self._buffer = bytearray()
        self._events: deque[Mapping[str, object]] = deque()
        self._last_id = 0
        self.status: Mapping[str, object] = {}
        """What `server.status` said when the connection was made."""

    @classmethod
    def connect(cls, path: Path) -> "Client":
        """Connect to the server that listens on `path`. Raises NoServer, and MtqError for one that is of no use."""
        client = cls(_connected(path), path)
        try:
            client.status = client.call("server.status", within=CONNECT)
            troubles.check_version(path, client.status)
        except BaseException:
            client.close()
            raise
        return client

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hang up. Another thread that waits for an event is woken."""
        with suppress(OSError):      # the server was quicker
            self._sock.shutdown(socket.SHUT_RDWR)
        self._sock.close()

    def call(self, method: str, /, *, within: float = ANSWER, **params: object) -> Mapping[str, object]:
        """Have a method done and give its result. `within`: seconds after which it counts as failed.

        Raises MtqError, with the exit code that a command ends with: the server's no, or that there is no answer.
        """
        deadline = time.monotonic() + within
        self._last_id += 1
        self._send(wire.call(self._last_id, method, params), deadline)
        while True:
            match self._reply(deadline):
                case Notification() as event:
                    self._events.append(event.params)
                case Result(id=self._last_id) as result:
                    return result.data
                case Failure(id=self._last_id | None) as failure:
                    raise failure.error
                case _:
                    raise self._garbled()

    def subscribe(self, *names: str) -> None:
        """Have the server tell of these events, or of all. Raises MtqError."""
        self.call("events.subscribe", events=names or None)

    def discard_events(self) -> None:
        """Forget the events that have come so far: what was asked for since has them in it."""
        self._events.clear()

    def events(self, silence: float | None = None) -> Iterator[Mapping[str, object]]:
        """What the server tells (each has `event` and `at`), until it hangs up.

        Raises MtqError when nothing has come for `silence` seconds; None: it may be silent for ever.
        """
        while True:
            while self._events:
                yield self._events.popleft()
            try:
                reply = self._reply(None if silence is None else time.monotonic() + silence)
            except HungUp:
                return
            match reply:
                case Notification() as event:
                    yield event.params
                case Failure(id=None) as failure:
                    raise failure.error
                case _:
                    raise self._garbled()

    # Octets

    def _send(self, line: bytes, deadline: float) -> None:
        try:
            self._sock.settimeout(max(0.001, deadline - time.monotonic()))
            self._sock.sendall(line)
        except TimeoutError:
            raise self._silent() from None
        except OSError:
            pass      # it has hung up: what it said before tells why

    def _reply(self, deadline: float | None) -> Result | Failure | Notification:
        try:
            return wire.reply(self._line(deadline))
        except NotAnAnswer:
            raise self._garbled() from None

    def _line(self, deadline: float | None) -> bytes:
        searched = 0
        while (end := self._buffer.find(b"\n", searched)) < 0:
            searched = len(self._buffer)
            if searched > ANSWER_LIMIT:
                raise self._garbled()
            self._buffer += self._receive(deadline)
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line

    def _receive(self, deadline: float | None) -> bytes:
        try:
            self._sock.settimeout(None if deadline is None else max(0.001, deadline - time.monotonic()))
            data = self._sock.recv(65536)
        except TimeoutError:
            raise self._silent() from None
        except OSError:      # reset by the server, or closed by another thread of ours
            data = b""
        if not data:
            raise troubles.hung_up(self._path)
        return data

    # What can be wrong with a server

    def _silent(self) -> MtqError:
        self.close()      # an answer that comes now would be taken for that of the next call
        return troubles.silent(self._path)

    def _garbled(self) -> MtqError:
        self.close()
        return troubles.garbled(self._path)


def _connected(path: Path) -> socket.socket:
    address.check(path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        # The kernel's own time-out: with Python's, connect() fails at once where other clients are in the queue.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _timeval(CONNECT))
        sock.connect(os.fsencode(path))
    except OSError as error:
        sock.close()
        raise troubles.unconnected(path, error) from None
    return sock


def _timeval(seconds: float) -> bytes:
    """A struct timeval (socket(7))."""
    return struct.pack("@ll", int(seconds), int(seconds % 1 * 1_000_000))
