"""Failed logins by address: each is answered later than the one before. No account is ever locked.

Nothing here reads a clock: every call says what time it is, in seconds on a clock that only goes forward.
"""

import hashlib
import secrets
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, IPv6Network

LONGEST = 15.0
"""Seconds up to which the delay of an address grows; a configured delay above that stays as it is."""

FORGIVEN = 900.0
"""Seconds without a failure after which an address is forgotten."""

ADDRESSES = 10_000
"""Addresses that are kept. Past that the one whose last failure is the longest ago is forgotten."""

GUESSES = 16
"""Different wrong passwords of an address that are known again."""

_NETWORK = 64
"""A subscriber has at least this much of IPv6, and may use any address in it."""


@dataclass(frozen=True, slots=True)
class Penalty:
    """What stands against an address. Seconds: the delay of its last failure, and how long until it is forgotten."""

    address: str
    failures: int
    delay: float
    left: float


@dataclass(slots=True)
class _Offender:
    failures: int = 0
    last: float = 0.0
    guesses: deque[bytes] = field(default_factory=lambda: deque(maxlen=GUESSES))


class Throttle:
    """The memory of failed logins."""

    def __init__(self, delay: float) -> None:
        self.delay = delay      # seconds, of a first failure; 0 switches all delays off
        self._offenders: OrderedDict[str, _Offender] = OrderedDict()      # the longest quiet first
        self._key = secrets.token_bytes(32)

    def failed(self, address: IPv4Address | IPv6Address, user: str, secret: bytes | None, now: float) -> float:
        """Count a failed login; say how many seconds after the attempt it is to be answered.

        The same wrong password again is a device that was not told of the new one, and counts once. `secret` is
        None where the client did not show it (APOP, SCRAM).
        """
        self._forgive(now)
        name = subscriber(address)
        offender = self._offenders.setdefault(name, _Offender())
        self._offenders.move_to_end(name)
        offender.last = now
        if secret is None or not self._again(offender, user, secret):
            offender.failures += 1
        if len(self._offenders) > ADDRESSES:
            self._offenders.popitem(last=False)
        return self._delay(offender.failures)

    def repeats(self, address: IPv4Address | IPv6Address, user: str, secret: bytes | None) -> bool:
        """Whether this very guess was made from there before. To be asked before it is counted."""
        offender = self._offenders.get(subscriber(address))
        return offender is not None and secret is not None and self._mark(user, secret) in offender.guesses

    def count(self, now: float) -> int:
        """How many addresses have something against them."""
        self._forgive(now)
        return len(self._offenders)

    def penalties(self, now: float) -> list[Penalty]:
        """All that are not forgotten, the latest first."""
        self._forgive(now)
        return [
            Penalty(name, o.failures, self._delay(o.failures), o.last + FORGIVEN - now)
            for name, o in reversed(self._offenders.items())
        ]

    def forget(self, address: IPv4Address | IPv6Address) -> bool:
        """Begin anew with an address; False if there was nothing against it."""
        return self._offenders.pop(subscriber(address), None) is not None

    def _delay(self, failures: int) -> float:
        doubled: float = self.delay * 2 ** min(failures - 1, 16)
        return max(self.delay, min(LONGEST, doubled))

    def _again(self, offender: _Offender, user: str, secret: bytes) -> bool:
        """Whether this very guess was made before; from now on it was."""
        guess = self._mark(user, secret)
        if guess in offender.guesses:
            return True
        offender.guesses.append(guess)
        return False

    def _mark(self, user: str, secret: bytes) -> bytes:
        """By what a guess is known again: it does not tell the password."""
        text = user.encode("utf-8", "surrogateescape") + b"\0" + secret
        return hashlib.blake2b(text, key=self._key, digest_size=16).digest()

    def _forgive(self, now: float) -> None:
        while self._offenders:
            name, oldest = next(iter(self._offenders.items()))
            if oldest.last + FORGIVEN > now:
                return
            del self._offenders[name]


def subscriber(address: IPv4Address | IPv6Address) -> str:
    """As whom an address counts: itself, or for IPv6 the network that one subscriber has."""
    if isinstance(address, IPv4Address):
        return str(address)
    return str(IPv6Network((int(address), _NETWORK), strict=False))
