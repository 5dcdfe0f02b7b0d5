"""Accepting clients on a listening socket, for as long as there are descriptors and again when there are.

The event loops' own servers are not used. Given a TLS context they tell of a client only when its handshake is done,
too late for access and limits. And where the process has run out of descriptors, uvloop's closes the listening socket
for good, and asyncio's writes a traceback a second.
"""

import asyncio
import errno
import socket
from collections.abc import Callable

from mtq.ledger import Ledger, Remark

AT_ONCE = 64
"""Clients accepted before the event loop does something else."""

REST = 1.0
"""Seconds without accepting after the process has run out of descriptors."""

CALM = 10.0
"""Seconds of accepting after which a shortage is over: one that comes and goes is told of once."""

_GONE = (
    errno.ECONNABORTED, errno.EPROTO, errno.EPERM, errno.ENETDOWN, errno.ENETUNREACH, errno.EHOSTDOWN,
    errno.EHOSTUNREACH, errno.ENOPROTOOPT, errno.EOPNOTSUPP,
)
"""Of accept(2): what has become of this one client; the next may be well."""

Take = Callable[[socket.socket, str], None]
"""Does with a client what is to be done: its socket, which does not block, and the address that it comes from."""


def each_to(make: Callable[[], asyncio.Protocol]) -> Take:
    """Give each client to a protocol of its own."""
    loop = asyncio.get_running_loop()
    under_way: set[asyncio.Task[object]] = set()

    def over(task: "asyncio.Task[object]") -> None:
        under_way.discard(task)
        if not task.cancelled():
            task.exception()      # a client that has gone meanwhile is nobody's concern

    def take(client: socket.socket, _: str) -> None:
        task: asyncio.Task[object] = loop.create_task(loop.connect_accepted_socket(make, client))
        under_way.add(task)
        task.add_done_callback(over)

    return take


class Listener:
    """One listening socket, called `name` in the log."""

    def __init__(self, name: str, listening: socket.socket, take: Take, ledger: Ledger) -> None:
        self._name = name
        self._listening = listening
        self._take = take
        self._ledger = ledger
        self._loop = asyncio.get_running_loop()
        self._rest: asyncio.TimerHandle | None = None       # accepts nobody meanwhile
        self._calm: asyncio.TimerHandle | None = None       # a shortage is about to be over
        self._short = False
        listening.setblocking(False)
        self._loop.add_reader(listening, self._accept)

    def close(self) -> None:
        """Take no more clients. Closing twice is no harm."""
        if self._listening.fileno() < 0:
            return
        for timer in (self._rest, self._calm):
            if timer is not None:
                timer.cancel()
        self._loop.remove_reader(self._listening)
        self._listening.close()

    def _accept(self) -> None:
        for _ in range(AT_ONCE):
            try:
                client, address = self._listening.accept()
            except (BlockingIOError, InterruptedError):
                break
            except OSError as error:
                if error.errno in _GONE:
                    continue
                self._pause(error)
                return
            client.setblocking(False)
            self._take(client, address[0] if isinstance(address, tuple) else "")
        if self._short and self._calm is None:
            self._calm = self._loop.call_later(CALM, self._recover)

    def _pause(self, error: OSError) -> None:
        """Let the clients wait in the kernel's queue for a while."""
        if not self._short:
            self._short = True
            reason = (error.strerror or str(error)).lower()
            self._remark("error", f"{self._name}: cannot accept clients: {reason}; those that are in are served on")
        if self._calm is not None:
            self._calm.cancel()
            self._calm = None
        self._loop.remove_reader(self._listening)
        self._rest = self._loop.call_later(REST, self._try_again)

    def _try_again(self) -> None:
        self._rest = None
        self._loop.add_reader(self._listening, self._accept)
        self._accept()      # nobody need be waiting, and the shortage is over all the same

    def _recover(self) -> None:
        self._short, self._calm = False, None
        self._remark("info", f"{self._name}: accepts clients again")

    def _remark(self, level: str, text: str) -> None:
        self._ledger.enter(Remark(level, text))
