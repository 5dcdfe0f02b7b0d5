"""A connected socket, in the clear or inside TLS: octets to its protocol, octets out, little in between.

It is asyncio's transport to whoever uses it, on any event loop. The loops' own are not used for sessions: they make a
task and a dozen objects for each, their way from a plain session to TLS loses what comes at the wrong moment, and
around OpenSSL they copy every octet through buffers of their own. Here OpenSSL has the socket itself.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable

from mtq import readiness
from mtq.readiness import IN, OUT

AT_ONCE = 65536
"""Octets read at a time."""

RECORD = 16384
"""Octets written at a time inside TLS: a record has no more."""

HIGH, LOW = 65536, 16384
"""Unsent octets at which the protocol is asked to pause, and to go on."""

NOTHING = (BlockingIOError, InterruptedError, ssl.SSLWantReadError)
"""There is nothing to read at the moment."""

NO_ROOM = (BlockingIOError, InterruptedError, ssl.SSLWantWriteError)
"""There is no room to write at the moment."""

NOBODY = asyncio.Protocol()
"""Whose channel is lost."""

Listener = asyncio.Protocol | asyncio.BufferedProtocol
"""Who is told of what comes."""

Secured = Callable[[OSError | None], None]
"""Is told that a handshake is done, or why it is not."""


class Channel(asyncio.Transport):
    """See the module's first lines. Reading starts with `begin`, or with the end of the handshake after `secure`."""

    __slots__ = (
        "_closing", "_context", "_ended", "_eof", "_events", "_fd", "_host", "_loop", "_lost", "_paused", "_protocol",
        "_readiness", "_reading", "_secured", "_size", "_sock", "_tls", "_unsent", "_writing",
    )

    def __init__(self, loop: asyncio.AbstractEventLoop, sock: socket.socket, protocol: Listener) -> None:
        self._loop = loop
        self._readiness = readiness.of(loop)
        self._events = 0                      # that are watched for
        self._sock = sock                     # does not block
        self._fd = sock.fileno()
        self._protocol: Listener = protocol
        self._tls: ssl.SSLSocket | None = None
        self._context: ssl.SSLContext | None = None      # of a handshake that waits for what is unsent
        self._secured: Secured | None = None             # of a handshake that is not over
        self._host: str | None = None                    # on the other side of it, if that is the server's
        self._unsent: list[memoryview] = []      # few: their writer is asked to pause
        self._size = 0               # of what is unsent
        self._reading = False        # we are told when there is something to read,
        self._writing = False        # and when there is room to write
        self._paused = False         # the protocol was asked to pause
        self._ended = False          # the other side sends no more
        self._eof = False            # nor do we, when all is sent
        self._closing = False
        self._lost = False

    def begin(self) -> None:
        """The protocol has its connection."""
        self._protocol.connection_made(self)
        self.resume_reading()

    def secure(self, context: ssl.SSLContext, secured: Secured, host: str | None = None) -> None:
        """Do a TLS handshake, once all that was written is sent: the server's part or, with this host, the client's.

        What comes before its end is the handshake's, and nothing of it reaches the protocol. `secured` is called once
        unless the channel is closed meanwhile, and has to close it after a failure.
        """
        self.pause_reading()
        self._context, self._secured, self._host = context, secured, host
        if not self._unsent:
            self._begin_handshake()

    @property
    def sock(self) -> socket.socket:
        """The socket, for what the kernel knows of it."""
        return self._sock

    @property
    def tls(self) -> ssl.SSLSocket | None:
        """The same, from the handshake on."""
        return self._tls

    @property
    def closed(self) -> bool:
        """Whether it is closed, and nothing waits to be sent any more."""
        return self._lost

    # What a protocol may ask of its transport

    def get_extra_info(self, name: str, default: object = None) -> object:
        """`socket` and, inside TLS, `ssl_object`."""
        if name == "socket":
            return self._sock
        if name == "ssl_object" and self._tls is not None:
            return self._tls
        return default

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Who is told of what comes."""
        return self._protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Have another told from now on."""
        assert isinstance(protocol, Listener)
        self._protocol = protocol

    def is_reading(self) -> bool:
        """Whether what comes is read."""
        return self._reading

    def pause_reading(self) -> None:
        """Read no more for a while."""
        if self._reading:
            self._reading = False
            self._watch()

    def resume_reading(self) -> None:
        """Read on."""
        if self._reading or self._ended or self._closing or self._secured is not None:
            return
        self._reading = True
        self._watch()
        if self._tls is not None and self._tls.pending():
            self._loop.call_soon(self._read_on)      # it has been read from the socket, which will say nothing of it

    def get_write_buffer_size(self) -> int:
        """Octets that are not sent yet."""
        return self._size

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send this, now as far as there is room. What is left is not copied: do not change it."""
        if self._closing or self._eof or not data:
            return
        rest = memoryview(data)
        if not self._unsent and self._secured is None:
            sent = self._send(data)
            if sent == len(data) or self._lost:
                return
            rest = rest[sent:]
            self._await_room()
        self._unsent.append(rest)
        self._size += len(rest)
        if self._size > HIGH and not self._paused:
            self._paused = True
            self._protocol.pause_writing()

    def can_write_eof(self) -> bool:
        """TLS has no half of a connection that could be closed."""
        return self._tls is None

    def write_eof(self) -> None:
        """Say, when all is sent, that no more will come."""
        self._eof = True
        if not self._unsent:
            self._finish()

    def is_closing(self) -> bool:
        """Whether it is closed, or will be when all is sent."""
        return self._closing

    def close(self) -> None:
        """Send what is unsent, say goodbye in TLS, and close. A handshake is cut."""
        if self._closing:
            return
        self._closing = True
        self.pause_reading()
        if self._secured is not None:
            self._lose(None)
        elif not self._unsent:
            self._finish()

    def abort(self) -> None:
        """Close without another octet."""
        self._lose(None)

    # What the socket is ready for

    def _watch(self) -> None:
        events = (IN if self._reading else 0) | (OUT if self._writing else 0)
        if events != self._events:
            self._events = events
            self._readiness.watch(self._fd, events, self._heed)

    def _heed(self, events: int) -> None:
        """A connection that is broken counts as ready for both: whoever reads or writes next learns why it is."""
        if self._reading and events != OUT:
            if self._tls is None:
                self._read()
            elif self._secured is None:
                self._read_tls()
            else:
                self._shake()
        if self._writing and events != IN:
            self._writable()

    # Reading

    def _read_on(self) -> None:
        if self._reading:
            self._read_tls()

    def _read_tls(self) -> None:
        assert self._tls is not None
        if self._read() and self._reading and self._tls.pending():
            self._loop.call_soon(self._read_on)

    def _read(self) -> bool:
        """Read once; whether there was something."""
        protocol = self._protocol
        try:
            if isinstance(protocol, asyncio.BufferedProtocol):
                data, octets = b"", self._sock.recv_into(protocol.get_buffer(-1))
            else:
                data = self._sock.recv(AT_ONCE)
                octets = len(data)
        except NOTHING:
            return False
        except ssl.SSLWantWriteError:
            self._await_room()       # TLS has something of its own to say first
            return False
        except OSError as error:
            self._lose(error)
            return False
        try:
            if not octets:
                self._hear_the_end()
            elif isinstance(protocol, asyncio.BufferedProtocol):
                protocol.buffer_updated(octets)
            else:
                protocol.data_received(data)
        except Exception as error:      # the protocol's fault, which is to end one session and no more
            self._fail(error)
        return octets > 0

    def _hear_the_end(self) -> None:
        self._ended = True
        self.pause_reading()
        if not self._protocol.eof_received():
            self.close()

    # Writing

    def _send(self, data: bytes | bytearray | memoryview) -> int:
        """Send what there is room for; how much that was."""
        sent = 0
        try:
            if self._tls is None:
                return self._sock.send(data)
            while sent < len(data):
                # What OpenSSL could not send it wants to see again as it was: so it gets a record at a time.
                sent += self._tls.send(memoryview(data)[sent : sent + RECORD])
        except NO_ROOM:
            pass
        except OSError as error:
            self._lose(error)
        return sent

    def _writable(self) -> None:
        if self._secured is not None and self._tls is not None:
            self._shake()
            return
        self._flush()
        if self._tls is not None:
            self._read_on()          # what TLS had to say first is said now
        if self._paused and self._size <= LOW and not self._closing:
            self._paused = False
            self._protocol.resume_writing()

    def _flush(self) -> None:
        """Send as much as there is room for."""
        unsent = self._unsent
        while unsent:
            head = unsent[0]
            sent = self._send(head)
            if self._lost:
                return
            self._size -= sent
            if sent < len(head):
                unsent[0] = head[sent:]
                self._await_room()
                return
            del unsent[0]
        self._no_matter_of_room()
        if self._context is not None:
            self._begin_handshake()
        elif self._closing or self._eof:
            self._finish()

    def _await_room(self) -> None:
        if not self._writing and not self._lost:
            self._writing = True
            self._watch()

    def _no_matter_of_room(self) -> None:
        if self._writing:
            self._writing = False
            self._watch()

    # The handshake

    def _begin_handshake(self) -> None:
        assert self._context is not None
        context, self._context = self._context, None
        try:
            self._tls = context.wrap_socket(
                self._sock, self._host is None, do_handshake_on_connect=False, server_hostname=self._host
            )
        except OSError as error:      # the other side has gone meanwhile
            self._over(error)
            return
        self._sock = self._tls
        self._reading = True
        self._watch()
        self._shake()

    def _shake(self) -> None:
        assert self._tls is not None
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            self._no_matter_of_room()
        except ssl.SSLWantWriteError:
            self._await_room()
        except OSError as error:
            self._over(error)
        else:
            self._over(None)

    def _over(self, error: OSError | None) -> None:
        """The handshake is."""
        secured, self._secured = self._secured, None
        assert secured is not None
        self._no_matter_of_room()
        self.pause_reading()
        secured(error)
        if error is None:
            self.resume_reading()

    # The end

    def _finish(self) -> None:
        """All is sent."""
        if self._closing and self._tls is not None:
            try:
                self._tls.unwrap()
            except ssl.SSLWantWriteError:
                self._await_room()
                return
            except (OSError, ValueError):
                pass      # said, and the other side's own goodbye is not waited for; or it has gone
        if self._closing:
            self._lose(None)
            return
        try:
            self._sock.shutdown(socket.SHUT_WR)
        except OSError as error:
            self._lose(error)

    def _fail(self, error: Exception) -> None:
        self._loop.call_exception_handler(
            {"message": "a protocol has failed", "exception": error, "transport": self, "protocol": self._protocol}
        )
        self._lose(error)

    def _lose(self, error: Exception | None) -> None:
        """Close the socket, and have the protocol told."""
        if self._lost:
            return
        self._lost = self._closing = True
        self._context = self._secured = None
        self._reading = self._writing = False
        self._watch()
        self._unsent.clear()
        self._size = 0
        self._sock.close()
        self._loop.call_soon(self._tell_lost, error)

    def _tell_lost(self, error: Exception | None) -> None:
        protocol, self._protocol = self._protocol, NOBODY      # no cycle is left for the garbage collector
        protocol.connection_lost(error)
