"""This server's own listeners, which are never targets."""

import socket
from collections.abc import Callable, Iterable
from ipaddress import ip_address

from mtq.proxy.addresses import Address, embedded

Listener = tuple[str | None, int]
"""An address (None: every one) and a port."""


def meets(listeners: Iterable[Listener], address: Address, port: int, is_here: Callable[[Address], bool]) -> bool:
    """Whether a connection to this address and port would come to one of these listeners."""
    meant = embedded(address) or address
    for listening, its_port in listeners:
        if its_port != port:
            continue
        everywhere = listening is None or ip_address(listening).is_unspecified
        if (everywhere and is_here(meant)) or str(meant) == listening:
            return True
    return False


def is_here(address: Address) -> bool:
    """Whether this machine has the address. Nothing is sent to find out."""
    if address.is_loopback or address.is_unspecified:
        return True
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.setblocking(False)
            probe.connect((str(address), 9))
            return str(probe.getsockname()[0]) == str(address)
    except OSError:
        return False
