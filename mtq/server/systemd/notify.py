"""Telling systemd how the server is (sd_notify(3), sd_watchdog_enabled(3)): one datagram a message."""

import asyncio
import socket
import time
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from datetime import datetime

from mtq.ledger import Event, Ledger, Remark, ServiceState

SPARE = 30
"""Seconds that the end may take beyond the grace for sessions: last words, the last write to a slow disk."""


class Notifier:
    """Sends messages, if there is somebody who wants them."""

    def __init__(self, address: str | None = None, watchdog: float | None = None) -> None:
        self.watchdog = watchdog
        """Seconds after which the server counts as hung if it has not said that it lives."""

        self._address = None if address is None else address.encode()
        if self._address is not None and self._address.startswith(b"@"):
            self._address = b"\0" + self._address[1:]      # an abstract one (unix(7))
        self._sock: socket.socket | None = None

    def send(self, *lines: str) -> None:
        """Send one message. Raises OSError."""
        if self._address is None:
            return
        if self._sock is None:      # kept: who is short of descriptors has to say that it lives
            self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self._sock.setblocking(False)
        self._sock.sendto("\n".join(lines).encode(), self._address)

    def close(self) -> None:
        """Nothing more is to be sent."""
        if self._sock is not None:
            self._sock.close()
            self._sock = None


def from_environment(environment: MutableMapping[str, str], pid: int) -> Notifier:
    """As systemd wants it of this process; the variables that say so go, for they are not for our own children.

    To be asked before a fork: the watchdog names this very process. Who sends does not matter (NotifyAccess=all).
    """
    names = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")
    address, microseconds, watched = (environment.pop(name, None) for name in names)
    if address is None or address[:1] not in ("/", "@"):
        return Notifier()
    watchdog = None
    if microseconds is not None and microseconds.isdigit() and watched in (None, str(pid)):
        watchdog = int(microseconds) / 1_000_000 or None
    return Notifier(address, watchdog)


class Reports:
    """What is told, and when. `status` says in a few words how the server is."""

    def __init__(self, notifier: Notifier, ledger: Ledger, status: Callable[[], str]) -> None:
        self._notifier = notifier
        self._ledger = ledger
        self._status = status
        self._timer: asyncio.TimerHandle | None = None
        self._in_vain = False

    @contextmanager
    def serving(self) -> Iterator[None]:
        """The server is up meanwhile."""
        unlisten = self._ledger.listen(self._heed, ServiceState)
        self._tell("READY=1", f"STATUS={self._status()}")
        self._live()
        try:
            yield
        finally:
            unlisten()

    @contextmanager
    def reloading(self) -> Iterator[None]:
        """It reads its configuration again meanwhile."""
        self._tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}", "STATUS=reading the configuration")
        try:
            yield
        finally:
            self._tell("READY=1", f"STATUS={self._status()}")

    def stopping(self, grace: float) -> None:
        """It is about to end, and takes so many seconds for it at the most, and a few more."""
        microseconds = round((grace + SPARE) * 1_000_000)
        self._tell("STOPPING=1", "STATUS=letting sessions end", f"EXTEND_TIMEOUT_USEC={microseconds}")

    def close(self) -> None:
        """The event loop is about to end."""
        if self._timer is not None:
            self._timer.cancel()
        self._notifier.close()

    def _live(self) -> None:
        """The event loop turns: it has come to this."""
        if self._notifier.watchdog is None:
            return
        self._tell("WATCHDOG=1")
        self._timer = asyncio.get_running_loop().call_later(self._notifier.watchdog / 3, self._live)

    def _heed(self, _: datetime, event: Event) -> None:
        self._tell(f"STATUS={self._status()}")

    def _tell(self, *lines: str) -> None:
        try:
            self._notifier.send(*lines)
        except BlockingIOError:
            pass      # systemd has not read what was said before; there will be another report
        except OSError as error:
            if not self._in_vain:
                self._in_vain = True
                reason = (error.strerror or str(error)).lower()
                self._ledger.enter(Remark("warning", f"systemd cannot be told how the server is: {reason}"))
