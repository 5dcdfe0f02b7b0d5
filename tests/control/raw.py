"""A client of the control socket that does just what a test tells it to."""

import json
import select
import socket
from pathlib import Path
from typing import Any

from tests.house import WAIT


class Raw:
    """One connection."""

    def __init__(self, path: Path) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(WAIT)
        self.sock.connect(str(path))
        self._buffer = b""

    def __enter__(self) -> "Raw":
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def send(self, data: bytes) -> None:
        """Send octets as they are."""
        self.sock.sendall(data)

    def ask(self, method: str, **params: object) -> Any:      # Any: what JSON holds has no narrower type
        """Send a request; the next line of the server's."""
        self.send(request(method, **params))
        return self.answer()

    def answer(self) -> Any:      # Any: likewise
        """What the next line of the server's says; None when it has closed the connection."""
        line = self.line()
        return None if line is None else json.loads(line)

    def line(self) -> bytes | None:
        """The next line of the server's, as it came; None when it has closed the connection."""
        while b"\n" not in self._buffer:
            if not self._more():
                return None
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    def rest(self) -> list[Any]:      # Any: likewise
        """All lines until the server closes the connection."""
        lines = []
        while (line := self.answer()) is not None:
            lines.append(line)
        return lines

    def rest_octets(self) -> bytes:
        """Everything until the server closes the connection, as it came."""
        while self._more():
            pass
        rest, self._buffer = self._buffer, b""
        return rest

    def hang_up_sending(self) -> None:
        """Say that nothing more will be sent."""
        self.sock.shutdown(socket.SHUT_WR)

    def wait_for_octets(self) -> None:
        """Wait for the server to say something, without reading it."""
        assert select.select([self.sock], [], [], WAIT)[0]

    def wait_until_hung_up_on(self) -> None:
        """Wait for the server to close the connection, without reading anything."""
        poll = select.poll()
        poll.register(self.sock, 0)
        assert poll.poll(WAIT * 1000)

    def _more(self) -> bool:
        try:
            data = self.sock.recv(65536)
        except ConnectionResetError:
            return False
        self._buffer += data
        return bool(data)


def request(method: str, id: object = 1, **params: object) -> bytes:
    """The line of a request."""
    return json.dumps({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).encode() + b"\n"
