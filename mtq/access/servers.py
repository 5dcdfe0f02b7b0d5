"""A remote server in each form in which it may be written, and the patterns that admit some.

    pop.isp.com   pop.isp.com:995   192.0.2.7   [2001:db8::1]:110        a server
    pop.isp.com   pop.isp.com:995   *.isp.com   *.isp.com:995            a pattern

What comes out is canonical: one server has one name, however it was written. A name that a resolver would take for
an address in some old way of writing it (127.1, 0x7f000001, 2130706433) is no server.
"""

import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache

from mtq.access.ranges import IPv4, IPv6

ALLOWED = "a host name or address, a domain's names (*.isp.com), either with a port (pop.isp.com:995)"

REMEMBERED = 256
"""Hosts of which what was worked out is kept: each proxied login names one, and most the same few."""

_LABEL = r"(?!-)[a-z0-9_-]{1,63}(?<!-)"
_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(\.{_LABEL})*\Z")
_NUMBER = re.compile(r"(0x[0-9a-f]*|[0-9]+)\Z")     # as inet_aton(3) reads it
_PORT = re.compile(r"[1-9][0-9]{0,4}\Z")


class BadServer(ValueError):
    """The text names no server. The message says why, and repeats nothing of it."""


@dataclass(frozen=True, slots=True)
class Server:
    """A host by name (lower case, A-labels) or address, and the port if one was given."""

    host: str
    port: int | None = None

    @property
    def address(self) -> IPv4 | IPv6 | None:
        """The address, if the host was given by its address."""
        return _address_of(self.host)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Pattern:
    """An entry of an allow-list."""

    text: str
    server: Server
    wildcard: bool = False
    """All names below the server's, and not that name itself."""

    def covers(self, host: str) -> bool:
        """Whether the host is meant, its port apart."""
        return host.endswith("." + self.server.host) if self.wildcard else host == self.server.host


@lru_cache(REMEMBERED)
def parse(written: str) -> Server:
    """The server that is written. Raises BadServer."""
    if written.startswith("["):
        inside, bracket, port = written[1:].partition("]")
        if not bracket or (port and not port.startswith(":")):
            raise BadServer("a bracket is not closed")
        return Server(_address(inside), _port(port[1:]) if port else None)
    if written.count(":") > 1:
        return Server(_address(written))
    host, colon, port = written.partition(":")
    return Server(_host(host), _port(port) if colon else None)


def pattern(written: str) -> Pattern:
    """The pattern that is written. Raises BadServer."""
    text = written.strip()
    wildcard = text.startswith("*.")
    server = parse(text[2:] if wildcard else text)
    if wildcard and server.address is not None:
        raise BadServer("no name lies below an address")
    return Pattern(text, server, wildcard)


@lru_cache(REMEMBERED)
def _address_of(host: str) -> IPv4 | IPv6 | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _address(text: str) -> str:
    try:
        address = ipaddress.IPv6Address(text)
    except ValueError:
        raise BadServer("not an IPv6 address") from None
    if address.scope_id is not None:
        raise BadServer("an address cannot name an interface")
    return str(address.ipv4_mapped or address)


def _port(text: str) -> int:
    if not _PORT.match(text) or int(text) > 65535:
        raise BadServer("not a port")
    return int(text)


def _host(text: str) -> str:
    name = (text if text.isascii() else _ascii(text)).lower().removesuffix(".")
    if not _NAME.match(name):
        raise BadServer("not a host name")
    if not _NUMBER.match(name.rpartition(".")[2]):
        return name
    try:
        return str(ipaddress.IPv4Address(name))
    except ValueError:
        raise BadServer("a number that is no address in its usual form") from None


def _ascii(name: str) -> str:
    """The name as DNS has it (IDNA 2008 after UTS 46, as browsers do)."""
    import idna

    try:
        return idna.encode(name, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        raise BadServer("not a host name") from None
