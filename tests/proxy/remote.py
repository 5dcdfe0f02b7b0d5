"""A remote server that says what a test has it say: one function a connection, in a thread of its own."""

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress

from tests.house import WAIT


class Peer:
    """One connection, as the remote server has it."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.heard: list[bytes] = []
        self.news = threading.Condition()
        self._buffer = b""

    def say(self, data: bytes) -> None:
        """Send octets as they are."""
        self.sock.sendall(data)

    def hear(self) -> bytes:
        """The next line, without its end; empty when the other side has hung up."""
        while b"\r\n" not in self._buffer:
            try:
                data = self.sock.recv(65536)
            except ConnectionResetError:
                data = b""
            if not data:
                return b""
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\r\n")
        with self.news:
            self.heard.append(line)
            self.news.notify_all()
        return line

    def answer(self, *lines: bytes) -> None:
        """For each of these lines hear one and say it."""
        for line in lines:
            self.hear()
            self.say(line + b"\r\n")

    def start_tls(self, context: ssl.SSLContext) -> None:
        """Do the server's part of the handshake."""
        self.sock = context.wrap_socket(self.sock, server_side=True)

    def wait_for_the_end(self) -> None:
        """Until the other side has hung up."""
        while self.hear():
            pass


Talk = Callable[[Peer], None]


class Remote:
    """Listens; the first connection gets the first talk, the second the second, and there are no more."""

    def __init__(self, *talks: Talk, host: str = "127.0.0.1") -> None:
        self.peers: list[Peer] = []
        self._talks = talks
        self._called = threading.Event()
        self._faults: list[BaseException] = []
        self._listening = socket.create_server((host, 0))
        self._listening.settimeout(WAIT)
        self.port: int = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Remote":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if len(self.peers) < len(self._talks):      # nobody has called: let it go
            with suppress(OSError):
                self._listening.shutdown(socket.SHUT_RDWR)
        self._thread.join(WAIT)
        self._listening.close()
        assert not self._thread.is_alive()
        if kind is None:
            assert not self._faults, self._faults

    @property
    def heard(self) -> list[list[bytes]]:
        """The lines heard, connection by connection."""
        return [peer.heard for peer in self.peers]

    def wait_for_lines(self, number: int) -> None:
        """Until somebody has called and said so many lines."""
        assert self._called.wait(WAIT)
        peer = self.peers[0]
        with peer.news:
            assert peer.news.wait_for(lambda: len(peer.heard) >= number, WAIT)

    def _run(self) -> None:
        for talk in self._talks:
            try:
                sock, _ = self._listening.accept()
            except OSError:
                return
            with sock:
                sock.settimeout(WAIT)
                peer = Peer(sock)
                self.peers.append(peer)
                self._called.set()
                try:
                    talk(peer)
                except (ConnectionError, ssl.SSLError):
                    pass        # the proxy has hung up, as it may
                except BaseException as error:
                    self._faults.append(error)
                finally:
                    peer.sock.close()


STAMP = b"<1896.697170952@dbc.mtview.ca.us>"
"""Of RFC 1939's example, where fred's secret is not ours."""

READY = b"+OK ready\r\n"
WITH_APOP = b"+OK ready " + STAMP + b"\r\n"
