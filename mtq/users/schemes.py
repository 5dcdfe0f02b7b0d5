"""Password schemes: how a stored password is made and checked."""

import hmac
from typing import Protocol

from mtq.users.passwd_file import Account


class UnknownScheme(ValueError):
    """No such scheme is built in."""


class Scheme(Protocol):
    """One way to store a password."""

    costly: bool
    """Whether a check takes so long that it must not run on the event loop."""

    def make(self, password: bytes) -> str:
        """What to store for a password, without the scheme's name."""

    def check(self, secret: str, password: bytes) -> bool:
        """Whether the password is the stored one. False also for a stored value that is malformed."""


class Plain:
    """{PLAIN}: the password itself. The one scheme that APOP can work with."""

    costly = False

    def make(self, password: bytes) -> str:
        return password.decode("utf-8", "surrogateescape")

    def check(self, secret: str, password: bytes) -> bool:
        # An empty field is an account without a password, not one that the empty password opens.
        return bool(secret) and hmac.compare_digest(secret.encode("utf-8", "surrogateescape"), password)


class Argon2id:
    """{ARGON2ID} (RFC 9106). One lane, because Dovecot's libsodium reads no other; 64 MiB and three passes."""

    costly = True

    def make(self, password: bytes) -> str:
        from argon2 import PasswordHasher

        return PasswordHasher(time_cost=3, memory_cost=65536, parallelism=1).hash(password)

    def check(self, secret: str, password: bytes) -> bool:
        from argon2 import PasswordHasher
        from argon2.exceptions import VerificationError

        try:
            return PasswordHasher().verify(secret, password)
        except (VerificationError, ValueError):     # ValueError: not a hash, or not even ASCII
            return False


SCHEMES: dict[str, Scheme] = {"PLAIN": Plain(), "ARGON2ID": Argon2id()}
DEFAULT = "ARGON2ID"


def of(account: Account) -> Scheme:
    """The scheme of an account's stored password. Raises UnknownScheme."""
    try:
        return SCHEMES[account.scheme]
    except KeyError:
        raise UnknownScheme(account.scheme) from None


def make(password: bytes, scheme: str = DEFAULT) -> str:
    """What to write into the users file for a password."""
    return f"{{{scheme}}}{SCHEMES[scheme].make(password)}"
