"""The door of a service: who may come in, and how many at a time. One place decides, before any TLS."""

from mtq.access.ranges import IPv4, IPv6
from mtq.access.rules import Decision
from mtq.errors import Code, Refusal
from mtq.server.firewall import Firewall
from mtq.server.room import Room

_SHUT = Decision(False, None, "the service does not run")


class Door:
    """Counts the clients that are in."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self.firewall: Firewall | None = None      # None: nobody is let in
        self.most = 0      # clients at a time
        self.most_per_address = 0      # the same for one address; 0: no limit of its own
        self._inside: dict[IPv4 | IPv6, int] = {}      # clients, by address
        self._count = 0

    @property
    def count(self) -> int:
        """How many clients are in."""
        return self._count

    def decide(self, address: IPv4 | IPv6) -> Decision:
        """Whether a client with this address may come in by the ranges, and why."""
        return _SHUT if self.firewall is None else self.firewall.decide(address)

    def admit(self, address: IPv4 | IPv6) -> Refusal | None:
        """Let a client in, or say why not. Whoever is let in has to `leave`."""
        decision = self.decide(address)
        if not decision.allowed:
            return Refusal(Code.NONE, "access denied", f"access denied: {decision.reason}")
        if self._count >= self.most:
            cause = f"{self.most} connections are open"
            return Refusal(Code.SYS_TEMP, "too many connections, try again later", cause)
        if self._room.full:
            cause = f"there are descriptors for {self._room.most} connections, and as many are open"
            return Refusal(Code.SYS_TEMP, "too many connections, try again later", cause)
        inside = self._inside.get(address, 0)
        if self.most_per_address and inside >= self.most_per_address:
            return Refusal(
                Code.SYS_TEMP,
                "too many connections from your address, try again later",
                f"{self.most_per_address} connections are open from this address",
            )
        self._count += 1
        self._inside[address] = inside + 1
        return None

    def leave(self, address: IPv4 | IPv6) -> None:
        """A client that was let in has gone."""
        self._count -= 1
        others = self._inside.pop(address) - 1
        if others:
            self._inside[address] = others
