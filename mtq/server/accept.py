"""Accepting clients on an implicit-TLS port: access and limits come before any handshake.

asyncio's own server, given a TLS context, tells of a client only when the handshake is done; and a connection
accepted in the clear cannot be upgraded safely, for uvloop reads the client's first octets before its protocol
can ask for a pause. So these ports are accepted here.
"""

import asyncio
import errno
import socket

from mtq.access.ranges import client_address
from mtq.ledger import Remark
from mtq.server.connection import Connection
from mtq.server.terms import Terms

AT_ONCE = 64
"""Clients accepted before the event loop does something else."""

REST = 1.0
"""Seconds without accepting after the process has run out of descriptors."""

_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class TlsListener:
    """One listening socket."""

    def __init__(self, terms: Terms, listening: socket.socket) -> None:
        self._terms = terms
        self._listening = listening
        self._loop = asyncio.get_running_loop()
        self._rest: asyncio.TimerHandle | None = None
        self._loop.add_reader(listening, self._accept)

    def close(self) -> None:
        """Take no more clients."""
        if self._rest is not None:
            self._rest.cancel()
        self._loop.remove_reader(self._listening)
        self._listening.close()

    def _accept(self) -> None:
        for _ in range(AT_ONCE):
            try:
                client, address = self._listening.accept()
            except (BlockingIOError, ConnectionAbortedError, InterruptedError):
                return
            except OSError as error:
                if error.errno not in _EXHAUSTED:
                    raise
                self._pause(error)
                return
            self._admit(client, address[0])

    def _admit(self, client: socket.socket, address: str) -> None:
        connection = Connection(self._terms)
        if connection.enter(client_address(address)) is not None:
            client.close()
            return
        client.setblocking(False)
        connection.shake_hands(client)

    def _pause(self, error: OSError) -> None:
        reason = (error.strerror or str(error)).lower()
        self._terms.ledger.enter(Remark("error", f"{self._terms.name}: cannot accept clients: {reason}"))
        self._loop.remove_reader(self._listening)
        self._rest = self._loop.call_later(REST, self._loop.add_reader, self._listening, self._accept)
