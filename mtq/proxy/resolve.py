"""From a host to its addresses, in the order in which they should be tried."""

import asyncio
import ipaddress
import socket

from mtq.access.servers import Server
from mtq.proxy.addresses import Address
from mtq.proxy.refusals import Trouble, Unreachable
from mtq.proxy.threads import Threads

AT_A_TIME = 8
"""Names that are looked up at a time: a name server that does not answer holds up a thread for long."""


class Resolver:
    """Looks names up by the system's own means."""

    def __init__(self) -> None:
        self._threads = Threads(AT_A_TIME)

    async def addresses(self, server: Server, seconds: float) -> tuple[Address, ...]:
        """The addresses of a host, at least one. Raises Unreachable."""
        address = server.address
        if address is not None:
            return (address,)
        try:
            async with asyncio.timeout(seconds):
                found = await self._threads.run(lambda: look_up(server.host))
        except TimeoutError:
            raise Unreachable(Trouble.NAME, server, "no answer from the name server") from None
        except (OSError, UnicodeError) as error:
            detail = getattr(error, "strerror", None) or str(error)
            raise Unreachable(Trouble.NAME, server, detail.lower()) from None
        if not found:
            raise Unreachable(Trouble.NAME, server, "it has no address")
        return found


def look_up(host: str) -> tuple[Address, ...]:
    """What the system says, without repetition. Blocks. Raises OSError."""
    rows = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    internet = [str(row[4][0]) for row in rows if row[0] in (socket.AF_INET, socket.AF_INET6)]
    return tuple(dict.fromkeys(ipaddress.ip_address(text) for text in internet))
