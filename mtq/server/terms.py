"""What a connection needs of its service, and a service of its connections: all that the two know of each other."""

import ssl
from typing import Protocol

from mtq.access.ranges import IPv4, IPv6
from mtq.errors import Refusal
from mtq.ledger import Cause, Ledger, SessionRecord
from mtq.mail.maildrop import Maildrop
from mtq.protocol.asks import Features
from mtq.protocol.sasl import Credentials, ScramKeys
from mtq.proxy.proxy import Upstream
from mtq.server.door import Door
from mtq.server.offer import Offer


class Client(Protocol):
    """A connection, as its service sees it."""

    @property
    def record(self) -> SessionRecord:
        """Its account."""

    @property
    def decided(self) -> bool:
        """Whether its slot and its lock are free."""

    @property
    def stuck(self) -> bool:
        """Whether something is to be sent that the client does not read."""

    @property
    def idle(self) -> tuple[float, float]:
        """Seconds since the client did something, and until the session ends if it goes on doing nothing."""

    def part(self, refusal: Refusal, reason: str) -> None:
        """End the session when the command in flight is done; remove nothing that was not committed."""

    def abort(self, reason: str) -> None:
        """Cut the connection."""


class Terms(Protocol):
    """A service, as its connections see it."""

    name: str
    door: Door
    ledger: Ledger
    tls: ssl.SSLContext | None
    offer: Offer

    def features(self, address: IPv4 | IPv6, inside_tls: bool) -> Features:
        """What is offered to this client as things stand."""

    async def keys(self, user: str) -> ScramKeys:
        """What SCRAM has to know of a user, unknown ones included. Raises Refusal."""

    def open_at_hand(self, credentials: Credentials, record: SessionRecord) -> Maildrop | None:
        """Open the mailbox, if the credentials are right and it can be done at once; None: `open` is to do it."""

    async def open(self, credentials: Credentials, record: SessionRecord, called: str) -> Maildrop | Upstream:
        """Check the credentials and open the mailbox, here or at another server. Raises Refusal.

        `called`: the address of ours that the client has connected to. May be cancelled while it waits for another
        server.
        """

    def cause(self, credentials: Credentials, address: IPv4 | IPv6, refusal: Refusal) -> Cause:
        """Why a login was refused. To be asked before it is counted."""

    def failed(self, credentials: Credentials, address: IPv4 | IPv6, refusal: Refusal) -> float:
        """Count a login that was refused, if it was the client's fault.

        Says how many seconds after the attempt it is to be answered.
        """

    def joined(self, connection: Client) -> None:
        """This connection was let in."""

    def left(self, connection: Client) -> None:
        """This connection is gone."""
