"""What all services of a server share."""

from dataclasses import dataclass

from mtq.access.ranges import IPv4, IPv6
from mtq.config.model import Config
from mtq.ledger import Ledger
from mtq.mail.indexes import Indexes
from mtq.mail.lock import Locks
from mtq.proxy.failures import Failures
from mtq.server.firewall import Firewall
from mtq.server.names import Names
from mtq.server.privsep.privileges import Privileges
from mtq.server.room import Room
from mtq.server.systemd.handed import Handed
from mtq.users.throttle import Throttle
from mtq.users.verify import Verifier


@dataclass
class House:
    """A reload puts another configuration, and another LAN, into it."""

    config: Config
    privileges: Privileges
    ledger: Ledger
    verifier: Verifier
    throttle: Throttle
    locks: Locks
    indexes: Indexes
    names: Names
    lan: Firewall
    failures: Failures
    room: Room
    handed: Handed

    def is_local(self, address: IPv4 | IPv6) -> bool:
        """Whether an address is on the local network."""
        return self.lan.decide(address).allowed
