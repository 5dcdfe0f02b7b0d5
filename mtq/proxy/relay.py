"""The relay between a client and a remote server: octets pass both ways untouched, and are counted.

What one side sends is read into a buffer that all relays share, and sent from there before anything else is read.
Only what the other side's kernel does not take is kept, and whoever reads slowly stops the other side from being
read. When one side ends, both end.

Spliced by the kernel, mail would cost as much or at best a tenth less (benchmarks/NOTES.md).
"""

import asyncio
from collections.abc import Callable
from typing import Protocol, cast

SIZE = 1 << 18
"""Octets read at a time at most."""

LAST_WORDS = 5.0
"""Seconds for what remains to be sent when a side has ended."""

QUIET = 0.5
"""Seconds without an octet that count as a pause, in which a session may be parted."""


class Tally(Protocol):
    """Where octets are counted; a session's record is one."""

    bytes_in: int
    bytes_out: int


class Buffer:
    """Where a read puts octets, whichever relay reads."""

    def __init__(self) -> None:
        self.view = memoryview(bytearray(SIZE))

    def renew(self) -> None:
        """Leave what is in it to who still has to send it."""
        self.view = memoryview(bytearray(SIZE))


class _Side(asyncio.BufferedProtocol):
    """One side; what it hears goes to the other."""

    def __init__(
        self, relay: "Relay", transport: asyncio.Transport, buffer: Buffer, ended: str, lost: bool = False
    ) -> None:
        self.ended = ended      # why the session is over if this side ends it
        self.transport = transport
        self.inside_tls = transport.get_extra_info("ssl_object") is not None
        self.lost = lost
        self._reading = True
        self._closing = False
        self.other: _Side
        self._relay = relay
        self._buffer = buffer

    def take_over(self) -> None:
        """Be the transport's protocol."""
        self.transport.set_protocol(self)
        self.transport.resume_reading()

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._buffer.view

    def buffer_updated(self, nbytes: int) -> None:
        self._relay.passed(self, nbytes)
        self.other.send(self._buffer.view[:nbytes])

    def send(self, data: memoryview) -> None:
        """Send to this side what is in the buffer, which somebody else is about to use."""
        if self.unsent():
            self.write(bytes(data))
            return
        self.write(data)
        if self.unsent():
            self._buffer.renew()

    def eof_received(self) -> bool:
        return self._relay.half_closed(self)

    def pause_writing(self) -> None:
        self.other.read(False)

    def resume_writing(self) -> None:
        self.other.read(True)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.lost:
            self.lost = True
            self._relay.gone(self)

    def read(self, on: bool) -> None:
        """Read from this side, or do not."""
        if self._reading is on or self._closing or self.transport.is_closing():
            return
        self._reading = on
        if on:
            self.transport.resume_reading()
        else:
            self.transport.pause_reading()

    def write(self, data: bytes | memoryview) -> None:
        """Send to this side, if it can still be sent to."""
        if not self._closing and not self.transport.is_closing():
            self.transport.write(data)

    def close(self) -> None:
        """Send what remains, and close. Once: asyncio forgets how to abort a TLS transport that is closed twice."""
        if not self._closing:
            self._closing = True
            self.transport.close()

    def unsent(self) -> int:
        """Octets that wait to be sent."""
        return 0 if self._closing else self.transport.get_write_buffer_size()


class Relay:
    """Takes both transports over: it is their protocol from `begin` on.

    `ended(reason)` is called once, when a side has ended: the session is decided. `closed()` is called once after
    that, when both transports are closed.
    """

    def __init__(
        self, tally: Tally, buffer: Buffer, ended: Callable[[str], None], closed: Callable[[], None]
    ) -> None:
        self._tally = tally
        self._buffer = buffer
        self._ended = ended
        self._closed = closed
        self._loop = asyncio.get_running_loop()
        self.last = self._loop.time()
        """When an octet last passed, by the loop's clock."""
        self._client: _Side
        self._remote: _Side
        self._over = False
        self._cutting: asyncio.TimerHandle | None = None
        self._parting: asyncio.TimerHandle | None = None

    def begin(
        self,
        client: asyncio.BaseTransport,
        remote: asyncio.BaseTransport,
        to_client: bytes = b"",
        to_remote: bytes = b"",
        client_full: bool = False,
        remote_lost: bool = False,
    ) -> None:
        """Relay; what is there already goes first, and of that only `to_client` is counted. Both are being read.

        `client_full`: the client's transport has asked for a pause in writing. `remote_lost`: it is known already
        that the remote server has hung up.
        """
        buffer = self._buffer
        self._client = _Side(self, cast(asyncio.Transport, client), buffer, "client hung up")
        self._remote = _Side(self, cast(asyncio.Transport, remote), buffer, "ended by the remote server", remote_lost)
        self._client.other, self._remote.other = self._remote, self._client
        for side in (self._client, self._remote):
            side.take_over()
        if client_full:
            self._client.pause_writing()
        if to_client:
            self.passed(self._remote, len(to_client))
            self._client.write(to_client)
        if to_remote:
            self._remote.write(to_remote)
        if remote_lost:
            self.gone(self._remote)

    # What the server calls

    def part(self, reason: str) -> None:
        """End the session in the next pause: an answer under way is still passed on."""
        if self._parting is None:
            self._part(reason, QUIET)

    def end(self, reason: str) -> None:
        """End both sides: five seconds for what remains to be sent."""
        self._decide(reason)
        for side in (self._client, self._remote):
            side.close()
        self._cut_later()

    def abort(self, reason: str) -> None:
        """Cut both sides."""
        self._decide(reason)
        self._cut()

    def client_half_closed(self) -> None:
        """The client had said before the hand-over that it will send no more."""
        self.half_closed(self._client)

    # What the sides tell

    def passed(self, side: _Side, octets: int) -> None:
        """A side was heard."""
        self.last = self._loop.time()
        if side is self._client:
            self._tally.bytes_in += octets
        else:
            self._tally.bytes_out += octets

    def half_closed(self, side: _Side) -> bool:
        """A side will send no more. True: leave it open, for it may still be listening."""
        if self._over:
            return False
        if side is self._remote or side.inside_tls:
            self.end(side.ended)
            return False
        # A client that has said QUIT and closed its half still gets the answer. Inside TLS the remote server cannot
        # be told that no more will come, so there the next pause is the end.
        told = self._remote.transport.can_write_eof()
        if told:
            self._remote.transport.write_eof()
        self._part(side.ended, LAST_WORDS if told else QUIET)
        return True

    def gone(self, side: _Side) -> None:
        """A side's connection is closed."""
        self._decide(side.ended)
        if not side.other.lost:
            side.other.close()
            self._cut_later()
            return
        if self._cutting is not None:
            self._cutting.cancel()
        self._closed()

    # The end

    def _decide(self, reason: str) -> None:
        if self._over:
            return
        self._over = True
        if self._parting is not None:
            self._parting.cancel()
        self._ended(reason)

    def _cut_later(self) -> None:
        if self._cutting is None:
            self._cutting = self._loop.call_later(LAST_WORDS, self._cut)

    def _cut(self) -> None:
        for side in (self._client, self._remote):
            side.transport.abort()

    def _part(self, reason: str, quiet: float) -> None:
        if self._over:
            return
        left = self.last + quiet - self._loop.time()
        if left <= 0 and not self._unsent():
            self.end(reason)
            return
        self._parting = self._loop.call_later(max(left, QUIET / 5), self._part, reason, quiet)

    def _unsent(self) -> bool:
        return any(side.unsent() for side in (self._client, self._remote))
