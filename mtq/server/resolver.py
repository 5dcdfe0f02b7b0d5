"""Host names looked up in threads of their own: the system's resolver may take minutes, or never come back."""

import socket
import threading
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from mtq.access.ranges import IPv4, IPv6, client_address
from mtq.access.rules import Addresses

Lookup = Callable[[str], Iterable[str]]
"""The addresses of a host name as text. Raises OSError. May take any time."""

MOST = 256
"""Addresses that a name may have. One with more is a mistake, or somebody's attempt to keep us busy."""

THREADS = 8
"""Names looked up at a time."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a lookup: addresses, in order and each once, or none and why."""

    host: str
    addresses: tuple[IPv4 | IPv6, ...]
    failure: str = ""


def system(host: str) -> list[str]:
    """Ask as every other program on this machine does."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]


def look_up(host: str, lookup: Lookup) -> Answer:
    """The addresses as rules see them: IPv4 within IPv6 is IPv4, and a zone does not matter. Raises nothing."""
    try:
        found = {client_address(text) for text in lookup(host)}
    except OSError as error:
        return Answer(host, (), (error.strerror or str(error)).lower())
    except ValueError as error:
        return Answer(host, (), str(error))
    if not found:
        return Answer(host, (), "it has no address")
    if len(found) > MOST:
        return Answer(host, (), f"it has {len(found)} addresses, and {MOST} is the most that may count")
    return Answer(host, tuple(sorted(found, key=lambda address: (address.version, int(address)))))


class Resolver:
    """A few threads that look up what they are asked for and tell `answered`, each in its own thread.

    They are daemons: one that hangs does not keep the process from ending.
    """

    def __init__(self, answered: Callable[[Answer], None], lookup: Lookup = system) -> None:
        self._answered = answered
        self._lookup = lookup
        self._asked: SimpleQueue[str | None] = SimpleQueue()
        self._threads = 0

    def ask(self, host: str) -> None:
        """Have a name looked up, after those asked for before."""
        if self._threads < THREADS:
            self._threads += 1
            threading.Thread(target=self._work, name=f"names-{self._threads}", daemon=True).start()
        self._asked.put(host)

    def close(self) -> None:
        """Let the threads go, each when it comes back."""
        for _ in range(self._threads):
            self._asked.put(None)

    def _work(self) -> None:
        while (host := self._asked.get()) is not None:
            self._answered(look_up(host, self._lookup))


def addresses_now(hosts: Collection[str], within: float, lookup: Lookup = system) -> Addresses:
    """What these names stand for, as far as it is found within so many seconds: for a command, which asks once."""
    answers: SimpleQueue[Answer] = SimpleQueue()
    resolver = Resolver(answers.put, lookup)
    for host in hosts:
        resolver.ask(host)
    resolver.close()
    until = time.monotonic() + within
    known: dict[str, tuple[IPv4 | IPv6, ...]] = {}
    for _ in hosts:
        try:
            answer = answers.get(timeout=max(0.0, until - time.monotonic()))
        except Empty:
            break
        if answer.addresses:
            known[answer.host] = answer.addresses
    return known
