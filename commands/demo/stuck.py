"""The client of the demonstration that looks stuck: it logs in, reads a message, and says nothing more."""

import socket
import threading
from contextlib import suppress

ADDRESS = "127.0.0.66"
"""Where it comes from: an address of this machine that nobody else uses."""

PATIENCE = 20.0
"""Seconds the server may take to answer it."""


def call(port: int, user: str, password: str) -> None:
    """Log in as this user and hold the mailbox until the server ends the session. Returns at once."""
    threading.Thread(target=_hold, args=(port, user, password), name="stuck client", daemon=True).start()


def _hold(port: int, user: str, password: str) -> None:
    with suppress(OSError), _connected(port) as sock:
        answers = sock.makefile("rb")
        answers.readline()
        for command in (f"USER {user}", f"PASS {password}", "STAT"):
            sock.sendall(f"{command}\r\n".encode())
            answers.readline()
        sock.settimeout(None)
        sock.recv(1)      # nothing comes until the server has had enough


def _connected(port: int) -> socket.socket:
    """From an address of its own, where the machine has it."""
    where = ("127.0.0.1", port)
    try:
        return socket.create_connection(where, PATIENCE, source_address=(ADDRESS, 0))
    except OSError:
        return socket.create_connection(where, PATIENCE)
