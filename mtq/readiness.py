"""Which sockets are ready: one epoll for all of an event loop's, which the loop itself watches as one descriptor.

The loops' own ways are made for few and long connections: for each socket that is watched, and each time that
something comes, they make objects of several kinds and ask the kernel more than they need. uvloop's also tell of a
reset but once, whatever came with it. Here a socket is an entry in a table, and what is ready is told of until it is
done with.
"""

import asyncio
import select
from collections.abc import Callable
from weakref import WeakKeyDictionary

IN, OUT = select.POLLIN, select.POLLOUT
"""Something can be read; there is room to write. That a connection is broken is told besides (poll(2))."""

AT_ONCE = 64
"""Sockets told of in one go."""

ROUNDS, SEVERAL = 4, 2
"""How often that is done before the event loop has its turn, while so many sockets were ready at once: others will be
by then, and a turn of the loop costs more than to ask."""

Heed = Callable[[int], None]
"""Is told what its socket is ready for."""


class Readiness:
    """The sockets of one event loop; `of` gives it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._heeds: dict[int, Heed] = {}
        self._epoll = select.epoll()
        loop.add_reader(self._epoll.fileno(), self._turn)

    def watch(self, socket: int, events: int, heed: Heed) -> None:
        """Have this told whenever the socket is ready for one of these from now on; without any: never again.

        A socket has to be given up before it is closed.
        """
        known = socket in self._heeds
        if not events:
            if known:
                del self._heeds[socket]
                self._epoll.unregister(socket)
            return
        self._heeds[socket] = heed
        if known:
            self._epoll.modify(socket, events)
        else:
            self._epoll.register(socket, events)

    def _turn(self) -> None:
        for _ in range(ROUNDS):
            ready = self._epoll.poll(0, AT_ONCE)
            for socket, events in ready:
                self._tell(socket, events)
            if len(ready) < SEVERAL:
                break

    def _tell(self, socket: int, events: int) -> None:
        heed = self._heeds.get(socket)
        if heed is None:
            return      # given up by one of those before it
        try:
            heed(events)
        except Exception as error:      # one socket's trouble is not the others'
            asyncio.get_running_loop().call_exception_handler(
                {"message": "a socket could not be heeded", "exception": error}
            )


_BY_LOOP: WeakKeyDictionary[asyncio.AbstractEventLoop, Readiness] = WeakKeyDictionary()


def of(loop: asyncio.AbstractEventLoop) -> Readiness:
    """The one of this loop."""
    known = _BY_LOOP.get(loop)
    if known is None:
        known = _BY_LOOP[loop] = Readiness(loop)
    return known
