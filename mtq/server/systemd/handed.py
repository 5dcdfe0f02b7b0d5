"""Listening sockets that systemd has opened for the server (sd_listen_fds(3)).

A socket unit's `FileDescriptorName=` is the name of a service; the service then listens on these sockets and on no
others. Nobody needs the right to open a port below 1024, and clients that call during a restart wait.
"""

import os
import socket
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from dataclasses import replace
from itertools import chain

from mtq.config.kinds import Listen
from mtq.config.model import Config
from mtq.errors import MtqError

FIRST = 3
"""The first descriptor that is passed."""

MOST = 100
"""Descriptors that may be passed: more is a mistake."""


class BadHandover(MtqError):
    """What was passed cannot be served on."""


class Handed:
    """Sockets by the name of their service. They stay open, so that a service may stop and start again."""

    def __init__(self, sockets: Mapping[str, Sequence[socket.socket]]) -> None:
        self._sockets = {name: [(_place(name, sock), sock) for sock in given] for name, given in sockets.items()}

    def take(self, service: str, listen: Listen) -> list[socket.socket]:
        """Copies of a service's sockets for a place; none: nothing was passed for it. Raises OSError."""
        return [sock.dup() for place, sock in self._sockets.get(service, ()) if place == listen]

    def close(self) -> None:
        """Nobody will need them again."""
        for given in self._sockets.values():
            for _, sock in given:
                sock.close()

    def applied(self, config: Config) -> Config:
        """The configuration with the places of these sockets in it, where they replace what it says."""
        services = {
            name: replace(service, listen=tuple(dict.fromkeys(place for place, _ in self._sockets[name])))
            if name in self._sockets
            else service
            for name, service in config.services.items()
        }
        return replace(config, services=services)

    def unused(self, config: Config) -> Iterator[str]:
        """What is to be said of sockets whose name is that of no service."""
        for name, given in self._sockets.items():
            if name not in config.services:
                places = ", ".join(str(place) for place, _ in given)
                known = ", ".join(config.services) or "none"
                yield (
                    f"systemd has passed a socket ({places}) with the name {name}, and no service has it; "
                    f"FileDescriptorName= of the socket unit has to be one of: {known}"
                )


def received(environment: MutableMapping[str, str], pid: int, first: int = FIRST) -> Handed:
    """What was passed to this process; the variables that say so go. Raises BadHandover.

    To be asked once, and before a fork: it is this very process that they name.
    """
    addressee, number, names = (environment.pop(f"LISTEN_{name}", "") for name in ("PID", "FDS", "FDNAMES"))
    if addressee != str(pid) or not number:
        return Handed({})
    if not (number.isascii() and number.isdigit() and int(number) <= MOST):
        raise BadHandover(f"LISTEN_FDS={number[:20]}: not a number of sockets")
    given = names.split(":") if names else ["unknown"] * int(number)
    if len(given) != int(number):
        raise BadHandover(f"LISTEN_FDNAMES has {len(given)} names for {number} sockets")
    sockets: dict[str, list[socket.socket]] = {}
    for descriptor, name in enumerate(given, first):
        os.set_inheritable(descriptor, False)
        sockets.setdefault(name, []).append(socket.socket(fileno=descriptor))
    try:
        return Handed(sockets)
    except BadHandover:
        for sock in chain(*sockets.values()):
            sock.close()
        raise


def _place(name: str, sock: socket.socket) -> Listen:
    """Where a socket listens. Raises BadHandover if it is none for clients."""
    is_stream = sock.family in (socket.AF_INET, socket.AF_INET6) and sock.type == socket.SOCK_STREAM
    if not is_stream or not sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        raise BadHandover(
            f"systemd has passed {name}, which is no listening TCP socket: its unit needs ListenStream= with a port, "
            "and no Accept=yes"
        )
    address, port = sock.getsockname()[:2]
    is_both = address == "::" and not sock.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
    return Listen(port, None if is_both else address)
