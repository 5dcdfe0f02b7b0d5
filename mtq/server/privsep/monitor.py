"""The root process beside the worker: it passes signals on, does what `Grants` allows, and ends when the worker does.

One thread, one loop, which waits for nothing but the worker and signals.
"""

import os
import selectors
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from mtq.errors import Exit, MtqError
from mtq.server.privsep import wire
from mtq.server.privsep.grants import Grants

FORWARDED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""Signals that are for the worker."""

HEARD = (*FORWARDED, signal.SIGCHLD)


class Monitor:
    """See the module's first line."""

    def __init__(self, worker: int, control: socket.socket, grants: Grants) -> None:
        self._worker = worker
        self._control = control
        self._grants = grants
        self._messages = wire.Messages()
        self._last_words: wire.Failed | None = None
        self._forwarded: set[int] = set()

    def watch(self) -> int:
        """Go on until the worker has ended; its exit code. Raises what it failed by, or MtqError if it was killed."""
        self._control.setblocking(False)
        with _signals() as signals, selectors.DefaultSelector() as selector:
            selector.register(signals, selectors.EVENT_READ)
            selector.register(self._control, selectors.EVENT_READ)
            while (code := self._ended()) is None:
                for key, _ in selector.select():
                    if key.fileobj is signals:
                        self._forward(signals.recv(256))
                    elif not self._listen():
                        selector.unregister(self._control)
                        self._control.close()
        while self._control.fileno() >= 0 and self._listen():      # what it said at the end
            pass
        if -code in self._forwarded:
            return Exit.DONE      # asked to end before it heeded signals: it had nothing to bring to an end
        if code < 0:
            raise MtqError(f"the working process was ended by signal {-code} ({signal.strsignal(-code)})")
        if code != 0 and self._last_words is not None:
            raise self._last_words.error
        return code

    def _ended(self) -> int | None:
        """The worker's exit code. Orphans that have become ours are buried, too (we may be process 1)."""
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == self._worker:
                return os.waitstatus_to_exitcode(status)
            if pid == 0:
                return None

    def _forward(self, numbers: bytes) -> None:
        for number in numbers:
            if number in FORWARDED:
                self._forwarded.add(number)
                os.kill(self._worker, number)

    def _listen(self) -> bool:
        """Answer what has come. False: no more will, or the worker does not keep to what is agreed."""
        try:
            data = self._control.recv(wire.LIMIT)
            self._messages.feed(data)
            while (message := self._messages.next()) is not None:
                self._answer(message)
        except (OSError, wire.Malformed):
            return False       # who reads no answers is not waited for
        return bool(data)

    def _answer(self, message: bytes) -> None:
        descriptors: list[int] = []
        answer: wire.Answer
        try:
            asked = wire.request(message)
            if isinstance(asked, wire.Failed):
                self._last_words = asked
                return
            descriptors = self._grants.carry_out(asked)
            answer = wire.Given(len(descriptors))
        except (MtqError, OSError) as error:
            answer = wire.Failed.of(error)
        try:
            self._send(wire.encode(answer), descriptors)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    def _send(self, answer: bytes, descriptors: list[int]) -> None:
        sent = socket.send_fds(self._control, [answer], descriptors) if descriptors else self._control.send(answer)
        if sent != len(answer):
            raise BlockingIOError


@contextmanager
def _signals() -> Iterator[socket.socket]:
    """A socket from which the numbers of signals that come are read."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        theirs.setblocking(False)
        handlers = {number: signal.signal(number, lambda *_: None) for number in HEARD}
        descriptor = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HEARD)
        try:
            yield ours
        finally:
            signal.set_wakeup_fd(descriptor)
            for number, handler in handlers.items():
                signal.signal(number, handler)
