"""Hostile clients of every kind. Each does its worst for a second or a few, and may be told to do it again."""

import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress

from tests.house import WAIT, House
from tests.server.hostile.clients import client_hello, log_in, pour, reset
from tests.server.hostile.figures import MIB
from tests.server.pop import Client

Enemy = Callable[[House, str, threading.Event], None]
"""Takes the first three octets of the addresses that are its own, and leaves off when it is over."""

HELLO = client_hello()

NONSENSE = (
    b"AUTH PLAIN " + b"A" * 12_000, b"AUTH LOGIN\r\n!!", b"\0" * 200, b"", b"USER \xff", b"GET / HTTP/1.1",
)  # fmt: skip


def call(port: int, address: str) -> socket.socket:
    """One connection."""
    return socket.create_connection(("127.0.0.1", port), timeout=WAIT, source_address=(address, 0))


@contextmanager
def crowd(port: int, network: str, number: int, addresses: int = 4) -> Iterator[list[socket.socket]]:
    """So many connections, from so many addresses."""
    with ExitStack() as held:
        yield [held.enter_context(call(port, f"{network}.{1 + n % addresses}")) for n in range(number)]


def send(sock: socket.socket, data: bytes) -> None:
    """Send to a server that may have hung up."""
    with suppress(OSError):
        sock.send(data)


# Who only connects


def slow_loris(house: House, network: str, over: threading.Event) -> None:
    with crowd(house.pop3, network, 50) as socks:
        for octet in b"USER fred":
            for sock in socks:
                send(sock, bytes([octet]))
            if over.wait(0.5):
                return


def says_nothing(house: House, network: str, over: threading.Event) -> None:
    with crowd(house.pop3, network, 150, addresses=10), crowd(house.pop3s, network, 150, addresses=10):
        over.wait(2)


def floods(house: House, network: str, over: threading.Event) -> None:
    with crowd(house.pop3, network, 100, addresses=1):
        over.wait(0.2)


def resets(house: House, network: str, over: threading.Event) -> None:
    for number in range(50):
        reset(call(house.pop3s if number % 2 else house.pop3, f"{network}.1"))
    over.wait(0.2)


# TLS


def stalls_in_tls(house: House, network: str, over: threading.Event) -> None:
    with crowd(house.pop3s, network, 40) as inside, crowd(house.pop3, network, 40) as behind_stls:
        for number, sock in enumerate(inside):
            send(sock, HELLO[: number * 7])
        for sock in behind_stls:
            send(sock, b"STLS\r\n" + HELLO[:5])
        over.wait(2)


def mistakes_the_port(house: House, network: str, over: threading.Event) -> None:
    with crowd(house.pop3s, network, 20) as plain, crowd(house.pop3, network, 20) as tls:
        for sock in plain:
            send(sock, b"USER fred\r\nPASS secret\r\n")
        for sock in tls:
            send(sock, HELLO * 20)
        over.wait(0.2)


def renegotiates(house: House, network: str, over: threading.Event) -> None:
    for version, commands in (("-tls1_2", b"R\n" * 20), ("-tls1_3", b"K\n" * 200)):
        command = ["openssl", "s_client", "-connect", f"127.0.0.1:{house.pop3s}", "-bind", f"{network}.1", version]
        subprocess.run(command, input=commands, capture_output=True, timeout=WAIT)
    over.wait(0.5)


def injects_behind_stls(house: House, network: str, over: threading.Event) -> None:
    for behind in (b"USER fred\r\nPASS secret\r\nRETR 1\r\nDELE 1\r\nQUIT\r\n", b"USER fred\r\n" * 5000, b"US"):
        with Client(house.pop3, source=f"{network}.1") as client:
            client.line()
            client.send(b"STLS\r\n" + behind)
            client.line()
            client.start_tls(house.authority)
            client.send(b"DELE 1\r\nQUIT\r\n")
            client.rest()
    over.wait(0.2)


# Commands


def never_ends_a_line(house: House, network: str, over: threading.Event) -> None:
    with crowd(house.pop3, network, 5) as socks:
        for sock in socks:
            pour(sock, b"x" * 65536, 2 * MIB)
    over.wait(0.2)


def talks_nonsense(house: House, network: str, over: threading.Event) -> None:
    for line in NONSENSE:
        with crowd(house.pop3, network, 4) as socks:
            for sock in socks:
                send(sock, (line + b"\r\n") * 20)
    over.wait(0.2)


def pipelines(house: House, network: str, over: threading.Event) -> None:
    with crowd(house.pop3, network, 4) as socks:
        for sock in socks:
            pour(sock, b"CAPA\r\n" * 20_000, 120_000)
        over.wait(1)


def never_reads(house: House, network: str, over: threading.Event) -> None:
    with crowd(house.pop3, network, 5) as plain, ExitStack() as held:
        for number, sock in enumerate(plain):
            log_in(sock, f"mallory{number}")
            send(sock, b"RETR 1\r\n" * 20)
        for number in range(5, 10):
            client = held.enter_context(Client(house.pop3s, authority=house.authority, source=f"{network}.1"))
            client.send(b"USER mallory%d\r\nPASS secret\r\n" % number + b"RETR 1\r\n" * 20)
        over.wait(4)


# Passwords


def guesses(house: House, network: str, over: threading.Event) -> None:
    with crowd(house.pop3, network, 5, addresses=1) as socks:
        for number, sock in enumerate(socks):
            send(sock, b"USER fred\r\nPASS guess %d\r\n" % number)
        over.wait(3)


def guesses_from_everywhere(house: House, network: str, over: threading.Event) -> None:
    with crowd(house.pop3, network, 80, addresses=80) as socks:
        for number, sock in enumerate(socks):
            send(sock, b"USER wilma\r\nPASS guess %d\r\n" % number)
        over.wait(3)


ENEMIES: tuple[Enemy, ...] = (
    slow_loris, says_nothing, floods, resets, stalls_in_tls, mistakes_the_port, renegotiates, injects_behind_stls,
    never_ends_a_line, talks_nonsense, pipelines, never_reads, guesses, guesses_from_everywhere,
)  # fmt: skip
"""All of them."""
