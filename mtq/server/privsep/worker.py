"""The worker's side: what takes root, it asks the root process for."""

import os
import select
import signal
import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from mtq.config.kinds import Listen
from mtq.config.model import Config
from mtq.config.paths import Places
from mtq.config.read import parse_bytes
from mtq.errors import MtqError
from mtq.server.privsep import wire

_AT_MOST = 2
"""Descriptors that come with an answer: a bare port is bound in both address families."""


class FromParent:
    """The `Privileges` of a process that has none of its own."""

    def __init__(self, control: socket.socket, file: Path, default: Places) -> None:
        self._control = control
        self._file = file
        self._default = default       # root's: by now this process is somebody else
        self._lock = threading.Lock()

    def config(self) -> Config:
        """See Privileges."""
        return self._configuration(wire.Configuration())

    def peek(self) -> Config:
        """See Privileges."""
        return self._configuration(wire.Configuration(to_look_at=True))

    def bind(self, listen: Listen) -> list[socket.socket]:
        """See Privileges."""
        bound = [socket.socket(fileno=descriptor) for descriptor in self._ask(wire.Bind(listen))]
        for sock in bound:
            sock.setblocking(False)
        return bound

    def read(self, file: Path) -> bytes:
        """See Privileges."""
        return self._content(wire.Read(file))

    def give_up(self, error: MtqError | OSError) -> None:
        """Say why this process ends."""
        with self._lock, suppress(OSError):
            self._control.sendall(wire.encode(wire.Failed.of(error)))

    def end_with_parent(self) -> None:
        """From now on a parent that has gone is as good as SIGTERM."""
        watch = threading.Thread(target=self._await_end, name="parent", daemon=True)
        before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        watch.start()       # it takes no signal: one that it took would not wake the thread that heeds them
        signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def _await_end(self) -> None:
        end = select.poll()
        end.register(self._control, 0)      # nothing but the end
        end.poll()
        os.kill(os.getpid(), signal.SIGTERM)

    def _configuration(self, asked: wire.Configuration) -> Config:
        return parse_bytes(self._content(asked), self._file, self._default)

    def _content(self, asked: wire.Request) -> bytes:
        [descriptor] = self._ask(asked)
        with os.fdopen(descriptor, "rb") as file:
            return file.read()

    def _ask(self, asked: wire.Request) -> list[int]:
        """One question, one answer."""
        with self._lock:
            try:
                self._control.sendall(wire.encode(asked))
                answer, descriptors = self._receive()
            except OSError as error:
                reason = (error.strerror or str(error)).lower()
                raise MtqError(f"the root process does not answer ({reason}): restart the server") from None
        if isinstance(answer, wire.Failed):
            raise answer.error
        if len(descriptors) != answer.descriptors:
            _close(descriptors)
            raise MtqError("this process has too many files open to be given another")
        return descriptors

    def _receive(self) -> tuple[wire.Answer, list[int]]:
        messages, descriptors = wire.Messages(), list[int]()
        while (message := messages.next()) is None:
            data, arrived, _, _ = socket.recv_fds(self._control, wire.LIMIT, _AT_MOST)
            for descriptor in arrived:
                os.set_inheritable(descriptor, False)
            descriptors += arrived
            if not data:
                _close(descriptors)
                raise ConnectionResetError("it has gone")
            messages.feed(data)
        return wire.answer(message), descriptors


def _close(descriptors: Sequence[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
