"""Listening sockets: what `listen` says, bound."""

import errno
import os
import socket

from mtq.config.kinds import Listen
from mtq.errors import MtqError

BACKLOG = 512
"""Connections that may wait to be accepted; the kernel's own limit (net.core.somaxconn) may be lower."""


class CannotListen(MtqError):
    """A port cannot be had."""


def bind(listen: Listen) -> list[socket.socket]:
    """The sockets for one place to listen: one, or for a bare port one of each address family this host has.

    Raises CannotListen, and then leaves none open.
    """
    if listen.address is not None:
        family = socket.AF_INET6 if ":" in listen.address else socket.AF_INET
        return [_bind(family, listen.address, listen)]
    bound = [_bind(socket.AF_INET, "0.0.0.0", listen)]      # noqa: S104 - a bare port is meant for every address
    try:
        bound.append(_bind(socket.AF_INET6, "::", listen))
    except _NoSuchFamily:
        pass        # a host without IPv6
    except CannotListen:
        bound[0].close()
        raise
    return bound


class _NoSuchFamily(CannotListen):
    """The host does not speak this version of IP."""


def _bind(family: socket.AddressFamily, address: str, listen: Listen) -> socket.socket:
    try:
        sock = socket.socket(family, socket.SOCK_STREAM)
    except OSError:
        raise _NoSuchFamily(f"{listen}: this host has no {family.name}") from None
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind((address, listen.port))
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        if listen.address is None and family == socket.AF_INET6 and error.errno == errno.EADDRNOTAVAIL:
            raise _NoSuchFamily(f"{listen}: this host has no IPv6") from None
        raise CannotListen(f"port {listen}: {_reason(error)}") from None
    sock.setblocking(False)
    return sock


def _reason(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "something else listens there"
    if error.errno == errno.EACCES:
        return f"only root may open ports below 1024 (this is user {os.geteuid()})"
    if error.errno == errno.EADDRNOTAVAIL:
        return "this machine has no such address"
    return (error.strerror or str(error)).lower()
