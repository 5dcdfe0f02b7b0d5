"""Addresses as they are typed and as the server shows them."""

from mtq.access import ranges
from mtq.access.ranges import IPv4, IPv6
from mtq.errors import WrongUsage


def parsed(text: str) -> IPv4 | IPv6:
    """The address that is meant; IPv4 within IPv6 is IPv4. Raises WrongUsage."""
    try:
        return ranges.client_address(text)
    except ValueError:
        raise WrongUsage(f"{text} is no address; one looks like 192.0.2.7 or 2001:db8::7") from None
