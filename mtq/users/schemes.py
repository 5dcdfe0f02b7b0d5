"""Password schemes: how a stored password is made and checked."""

import hmac
from typing import Any, Protocol

from mtq.users import scram
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


class Crypt:
    """The schemes of crypt(3) and the salted SHA-1 of LDAP, as `doveadm pw` writes them."""

    costly = True

    def __init__(self, hash_name: str, prefix: str = "") -> None:
        self._hash_name = hash_name
        self._prefix = prefix       # what the library wants to see before the value, and the file has as the scheme

    def make(self, password: bytes) -> str:
        made: str = self._hash().hash(password)
        return made.removeprefix(self._prefix)

    def check(self, secret: str, password: bytes) -> bool:
        try:
            right: bool = self._hash().verify(password, self._prefix + secret)
        except ValueError:      # not a hash of this scheme, or a password that it cannot have
            return False
        return right

    def _hash(self) -> Any:     # Any: the library's classes are made at run time and have no types
        import passlib.hash  # type: ignore[import-untyped]  # ships no types

        return getattr(passlib.hash, self._hash_name)


class Blowfish(Crypt):
    """{BLF-CRYPT}: only the first 72 octets of a password count, as in every implementation of it."""

    def make(self, password: bytes) -> str:
        return super().make(password[:72])

    def check(self, secret: str, password: bytes) -> bool:
        return super().check(secret, password[:72])


SCHEMES: dict[str, Scheme] = {
    "ARGON2ID": Argon2id(),
    scram.SCHEME: scram.ScramSha256(),
    "BLF-CRYPT": Blowfish("bcrypt"),
    "SHA512-CRYPT": Crypt("sha512_crypt"),
    "SHA256-CRYPT": Crypt("sha256_crypt"),
    "SSHA": Crypt("ldap_salted_sha1", "{SSHA}"),
    "PLAIN": Plain(),
}
DEFAULT = "ARGON2ID"

_CRYPT = {"$2": "BLF-CRYPT", "$5": "SHA256-CRYPT", "$6": "SHA512-CRYPT"}
"""What a value of crypt(3) begins with. Dovecot takes one without a scheme, or under {CRYPT}, by this."""


def of(account: Account) -> Scheme:
    """The scheme of an account's stored password. Raises UnknownScheme."""
    name = account.scheme
    if name in ("", "CRYPT"):
        name = _CRYPT.get(account.secret[:2], name)
    try:
        return SCHEMES[name]
    except KeyError:
        raise UnknownScheme(name) from None


def make(password: bytes, scheme: str = DEFAULT) -> str:
    """What to write into the users file for a password."""
    return f"{{{scheme}}}{SCHEMES[scheme].make(password)}"
