"""What kind of address it is: one of the internet, or one that leads into somebody's own network."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from mtq.access.servers import REMEMBERED

Address = IPv4Address | IPv6Address

_SHARED = IPv4Network("100.64.0.0/10")
_UNIQUE_LOCAL = IPv6Network("fc00::/7")
_GLOBAL_UNICAST = IPv6Network("2000::/3")

_EMBEDDING = (
    (IPv6Network("::ffff:0:0/96"), 0),        # mapped (RFC 4291)
    (IPv6Network("64:ff9b::/96"), 0),         # NAT64 (RFC 6052)
    (IPv6Network("2002::/16"), 80),           # 6to4 (RFC 3056)
)
"""Networks whose addresses stand for an IPv4 address, and how many bits lie behind it."""


def embedded(address: Address) -> IPv4Address | None:
    """The IPv4 address to which an IPv6 address leads."""
    if isinstance(address, IPv6Address):
        for network, behind in _EMBEDDING:
            if address in network:
                return IPv4Address(int(address) >> behind & 0xFFFFFFFF)
    return None


@lru_cache(REMEMBERED)
def special(address: Address) -> str | None:
    """Why it is no address of the public internet, in a word; None if it is one."""
    inner = embedded(address)
    if inner is not None:
        kind = _special_v4(inner)
        return None if kind is None else f"{kind}, as {inner}"
    return _special_v4(address) if isinstance(address, IPv4Address) else _special_v6(address)


@lru_cache(REMEMBERED)
def nowhere(address: Address) -> bool:
    """Whether no other machine can have it."""
    meant = embedded(address) or address
    return meant.is_unspecified or meant.is_multicast


def _special_v4(address: IPv4Address) -> str | None:
    kind = _kind(address)
    if kind is not None:
        return kind
    if address.is_reserved:
        return "reserved"
    return "private" if address.is_private or address in _SHARED else None


def _special_v6(address: IPv6Address) -> str | None:
    kind = _kind(address)
    if kind is not None:
        return kind
    if address in _UNIQUE_LOCAL or address.is_site_local:
        return "private"
    # Beyond what is global unicast: IPv4-compatible, ISATAP's kin and NAT64 of one's own network, for instance.
    # Within it: Teredo, documentation.
    return None if address in _GLOBAL_UNICAST and address.is_global else "reserved"


def _kind(address: Address) -> str | None:
    if address.is_loopback:
        return "loopback"
    if address.is_unspecified:
        return "unspecified"
    if address.is_link_local:
        return "link-local"
    return "multicast" if address.is_multicast else None
