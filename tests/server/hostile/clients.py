"""What hostile clients do, one socket at a time; of tests of one attack and of the soak with all of them."""

import socket
import ssl
import struct
import time
from contextlib import suppress

ROUNDS = 50
"""Times that a client tries to send on, a millisecond apart, before it is taken to be held up."""


def client_hello(name: str = "localhost") -> bytes:
    """The first octets of a TLS client that asks for this name."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with suppress(ssl.SSLWantReadError):
        ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname=name).do_handshake()
    return outgoing.read()


def said(sock: socket.socket) -> bytes:
    """What the server says next; nothing if it has hung up."""
    try:
        return sock.recv(1000)
    except ConnectionResetError:
        return b""


def answers(sock: socket.socket, lines: int) -> bytes:
    """What the server says in so many lines, or until it hangs up."""
    heard = b""
    while heard.count(b"\n") < lines and (more := said(sock)):
        heard += more
    return heard


def log_in(sock: socket.socket, user: str, password: str = "secret") -> bytes:
    """Say who one is; what is answered, greeting included."""
    sock.sendall(f"USER {user}\r\nPASS {password}\r\n".encode())
    return answers(sock, 3)


def pour(sock: socket.socket, data: bytes, most: int) -> int:
    """Send for as long as the server takes it, and so many octets at most; how many it took."""
    sock.setblocking(False)
    sent = held_up = 0
    while sent < most and held_up < ROUNDS:
        try:
            sent += sock.send(data)
            held_up = 0
        except BlockingIOError:
            held_up += 1
            time.sleep(0.001)
        except ConnectionError:
            break
    return sent


def reset(sock: socket.socket) -> None:
    """Be gone at once, as a machine that is switched off and on again."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()
