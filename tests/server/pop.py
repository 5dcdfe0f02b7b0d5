"""A POP3 client that does just what a test tells it to."""

import socket
import ssl
import struct
from pathlib import Path

from tests.house import WAIT


class Client:
    """One connection, spoken to line by line."""

    def __init__(
        self, port: int, host: str = "127.0.0.1", authority: Path | None = None, source: str | None = None
    ) -> None:
        """Connect; with an `authority`, inside TLS from the first byte; with a `source`, from that address."""
        own = None if source is None else (source, 0)
        self.sock: socket.socket = socket.create_connection((host, port), timeout=WAIT, source_address=own)
        self._buffer = b""
        if authority is not None:
            self.start_tls(authority)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def start_tls(self, authority: Path) -> None:
        """Do the client's part of the TLS handshake."""
        context = ssl.create_default_context(cafile=str(authority))
        self.sock = context.wrap_socket(self.sock, server_hostname="localhost")

    def send(self, data: bytes) -> None:
        """Send octets as they are."""
        self.sock.sendall(data)

    def line(self) -> bytes:
        """One line of the server's, without its end; empty when it has closed the connection."""
        while b"\r\n" not in self._buffer:
            if not self._more():
                return b""
        line, _, self._buffer = self._buffer.partition(b"\r\n")
        return line

    def ask(self, command: bytes) -> bytes:
        """Send a command and read the first line of its answer."""
        self.send(command + b"\r\n")
        return self.line()

    def body(self) -> bytes:
        """What follows the first line of a long answer, dots undone, without its end."""
        lines = []
        while (line := self.line()) != b".":
            assert line or self._buffer or self._more(), "the connection ended within an answer"
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(line + b"\r\n" for line in lines)

    def until(self, end: bytes) -> bytes:
        """Everything up to these octets, which the server will send, and with them."""
        at = 0
        while (found := self._buffer.find(end, at)) < 0:
            at = max(0, len(self._buffer) - len(end))
            assert self._more(), "the connection ended before that"
        till = found + len(end)
        text, self._buffer = self._buffer[:till], self._buffer[till:]
        return text

    def rest(self) -> bytes:
        """Everything until the server closes the connection."""
        while self._more():
            pass
        rest, self._buffer = self._buffer, b""
        return rest

    def login(self, user: str = "fred", password: str = "secret") -> bytes:
        """Read the greeting and log in; the answer of PASS."""
        assert self.line().startswith(b"+OK")
        assert self.ask(b"USER " + user.encode()).startswith(b"+OK")
        return self.ask(b"PASS " + password.encode())

    def reset(self) -> None:
        """Be gone at once, as a machine that is switched off and on again."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def _more(self) -> bool:
        try:
            data = self.sock.recv(65536)
        except (ConnectionResetError, ssl.SSLEOFError):
            return False
        self._buffer += data
        return bool(data)
