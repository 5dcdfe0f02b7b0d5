"""The other end of sd_notify: a socket as systemd has one, and who has written to it."""

import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mtq.server.systemd.notify import Notifier
from tests.house import WAIT

_CREDENTIALS = struct.Struct("3i")


class Listener:
    """What was told, a message at a time."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._sock.settimeout(WAIT)
        self._sock.bind(f"\0{address[1:]}" if address.startswith("@") else address)
        self.callers: list[Notifier] = []
        """Closed with it."""

        self.sender = 0
        """The process that has sent the last message."""

    def close(self) -> None:
        self._sock.close()
        for caller in self.callers:
            caller.close()

    def hear(self) -> dict[str, str]:
        """The next message."""
        data, ancillary, _, _ = self._sock.recvmsg(4096, socket.CMSG_SPACE(_CREDENTIALS.size))
        self.sender = _CREDENTIALS.unpack(ancillary[0][2])[0]
        return dict(line.split("=", 1) for line in data.decode().splitlines())

    def hear_of(self, name: str) -> dict[str, str]:
        """The next message in which there is this."""
        while name not in (message := self.hear()):
            pass
        return message

    def heard_all(self) -> list[dict[str, str]]:
        """Whatever has been told by now."""
        self._sock.setblocking(False)
        heard = []
        try:
            while True:
                heard.append(self.hear())
        except BlockingIOError:
            self._sock.settimeout(WAIT)
            return heard


@contextmanager
def listening(folder: Path, abstract: bool = False) -> Iterator[Listener]:
    """Listen on a path, or on an abstract address."""
    listener = Listener(f"@mtq-test-{os.getpid()}-{id(folder)}" if abstract else str(folder / "notify"))
    try:
        yield listener
    finally:
        listener.close()
