"""A range of addresses, in each form in which it may be written.

    192.0.2.7   192.0.2.0/24   192.168.1.*   10.0.0.5-10.0.0.99   2001:db8::/32   mail.example.com

`!` before a range excludes it.
"""

import ipaddress
import re
from functools import lru_cache
from typing import NamedTuple

IPv4 = ipaddress.IPv4Address
IPv6 = ipaddress.IPv6Address

ALLOWED = (
    "an address (192.0.2.7), a network (192.0.2.0/24), a wildcard (192.168.1.*), "
    'a span (10.0.0.5-10.0.0.99) or a host name; "!" before it excludes'
)

_LABEL = r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)"
_HOST = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(\.{_LABEL})*\.?\Z")
_OCTETS = {str(number): number for number in range(256)}
_LENGTHS = {str(bits): bits for bits in range(33)}
_HEXTET = re.compile(r"[0-9A-Fa-f]{1,4}\Z")


class BadRange(ValueError):
    """The text is no range."""


class Span(NamedTuple):
    """All addresses of one family from `low` to `high`, both included."""

    version: int
    low: int
    high: int


class Range(NamedTuple):
    """What was written: the addresses of one family from `low` to `high`, or a host name, kept resolved while we run.

    A tuple, and flat: there may be a hundred thousand, and Python's garbage collection looks through each of them.
    """

    text: str
    exclude: bool
    version: int
    low: int
    high: int
    host: str | None = None

    @property
    def span(self) -> Span | None:
        """What it covers; None for a host name."""
        return Span(self.version, self.low, self.high) if self.host is None else None


@lru_cache(4096)
def client_address(text: str) -> IPv4 | IPv6:
    """The address of a client as rules see it: IPv4 on an IPv6 socket is IPv4. Raises ValueError."""
    address = ipaddress.ip_address(text.partition("%")[0] if ":" in text else text)
    if isinstance(address, IPv6) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def parse(written: str) -> Range:
    """The range that is written. Raises BadRange."""
    text = written.strip()
    exclude = text.startswith("!")
    bare = text[1:].strip() if exclude else text
    text = f"!{bare}" if exclude else bare
    span = _span(bare)
    if span is not None:
        return Range(text, exclude, *span)
    last_label = bare.rstrip(".").rpartition(".")[2]
    # No top domain is without a letter: 10.0.0.5-99 is a span gone wrong, and must not pass for a host name.
    if _HOST.match(bare) and any(character.isalpha() for character in last_label):
        return Range(text, exclude, 0, 0, -1, bare.rstrip(".").lower())
    raise BadRange(written)


def parse_file(text: str) -> list[Range]:
    """The ranges of a file: one a line, `#` begins a comment. Raises BadRange with the line's number."""
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        written = line.partition("#")[0].strip()
        if not written:
            continue
        try:
            found.append(parse(written))
        except BadRange:
            raise BadRange(f"line {number}: {_shown(written)} is not {ALLOWED}") from None
    return found


def _shown(written: str) -> str:
    """For a terminal: lists come from elsewhere, and may hold anything."""
    text = written if written.isprintable() else written.encode("unicode_escape").decode()
    return text if len(text) <= 60 else text[:57] + "…"


def _span(text: str) -> Span | None:
    try:
        if "*" in text:
            return _wildcard(text)
        if "/" in text:
            return _network(text)
        first, dash, last = text.partition("-")
        if dash and (":" in text or (first.strip()[-1:].isdigit() and last.strip()[:1].isdigit())):
            return _between(first.strip(), last.strip())
        version, number = _number(text)
        return Span(version, number, number)
    except ValueError:
        return None


def _network(text: str) -> Span:
    address, _, length = text.partition("/")
    if ":" not in address and length in _LENGTHS:
        free = 32 - _LENGTHS[length]
        low = _ipv4(address) >> free << free
        return Span(4, low, low + (1 << free) - 1)
    network = ipaddress.ip_network(text, strict=False)
    first = network.network_address
    if isinstance(first, IPv6) and first.ipv4_mapped is not None and network.prefixlen >= 96:
        network = ipaddress.ip_network((first.ipv4_mapped, network.prefixlen - 96))
    return Span(network.version, int(network.network_address), int(network.broadcast_address))


def _between(first: str, last: str) -> Span:
    (version, low), (version_of_last, high) = _number(first), _number(last)
    if version != version_of_last or low > high:
        raise BadRange(f"{first}-{last}")
    return Span(version, low, high)


def _number(text: str) -> tuple[int, int]:
    """The family of an address and its number. Raises ValueError."""
    if ":" not in text:
        return 4, _ipv4(text)
    address = client_address(text)
    return address.version, int(address)


def _ipv4(text: str) -> int:
    """The number of an IPv4 address: `ipaddress` takes five times as long. Raises ValueError."""
    first, second, third, last = text.split(".")
    try:
        return _OCTETS[first] << 24 | _OCTETS[second] << 16 | _OCTETS[third] << 8 | _OCTETS[last]
    except KeyError:
        raise BadRange(text) from None


def _wildcard(text: str) -> Span:
    """192.168.1.*, 10.*.*.*, 10.*, 2001:db8:1:*: stars stand at the end."""
    separator, count, bits = (":", 8, 16) if ":" in text else (".", 4, 8)
    parts = text.split(separator)
    fixed = [part for part in parts if part != "*"]
    if len(parts) > count or "*" in parts[: len(fixed)]:
        raise BadRange(text)
    low = 0
    for part in fixed:
        low = low << bits | _part(part, separator)
    free = (count - len(fixed)) * bits
    return Span(6 if separator == ":" else 4, low << free, (low + 1 << free) - 1)


def _part(part: str, separator: str) -> int:
    if separator == ":":
        if not _HEXTET.match(part):
            raise BadRange(part)
        return int(part, 16)
    if part not in _OCTETS:
        raise BadRange(part)
    return _OCTETS[part]
