"""Addresses and servers as they are typed and as the server shows them."""

from mtq.access import ranges, servers
from mtq.access.ranges import IPv4, IPv6
from mtq.access.servers import Server
from mtq.errors import WrongUsage


def parsed(text: str) -> IPv4 | IPv6:
    """The address that is meant; IPv4 within IPv6 is IPv4. Raises WrongUsage."""
    try:
        return ranges.client_address(text)
    except ValueError:
        raise WrongUsage(f"{text} is no address; one looks like 192.0.2.7 or 2001:db8::7") from None


def server_named(text: str) -> Server:
    """The server that is meant. Raises WrongUsage."""
    try:
        return servers.parse(text)
    except servers.BadServer as wrong:
        raise WrongUsage(f"{text!r} is no server: {wrong}; allowed is HOST or HOST:PORT") from None
