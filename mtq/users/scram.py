"""Passwords as SCRAM-SHA-256 keeps them (RFC 5802, RFC 7677), and what of a users file can be used for it."""

import base64
import hashlib
import hmac
import os
import re
from dataclasses import dataclass, field

SCHEME = "SCRAM-SHA-256"
DIGEST = "sha256"
DIGEST_OCTETS = 32

SALT_OCTETS = 16
ITERATIONS = 4096
"""What is written: RFC 7677's minimum and Dovecot's figure. A client has to do them, be it a till or a printer, and
a file of which some entries came from `doveadm pw` does not tell by the figure who is in it."""

FEWEST = 4096
"""Dovecot takes no entry with less."""

MOST = 1_000_000
"""Half a second of a core: a password that comes by USER, PLAIN or LOGIN is checked by doing all of them here, and an
entry with 2147483647, which Dovecot would take, would hold a core for a quarter of an hour at each login.
"""

_STORED = re.compile(r"([1-9][0-9]{0,6}),([A-Za-z0-9+/=]+),([A-Za-z0-9+/=]+),([A-Za-z0-9+/=]+)")


@dataclass(frozen=True, slots=True)
class Keys:
    """What is kept of a password (RFC 5802, section 3)."""

    iterations: int
    salt: bytes
    stored_key: bytes = field(repr=False)
    server_key: bytes = field(repr=False)

    def __str__(self) -> str:
        fields = (base64.b64encode(part).decode() for part in (self.salt, self.stored_key, self.server_key))
        return ",".join([str(self.iterations), *fields])


@dataclass(frozen=True, slots=True)
class Form:
    """What can be told of an entry from outside: what the server's first message shows, and what it costs."""

    salt_octets: int
    iterations: int
    derived: bool
    """The keys are worked out for each exchange, from a password that is stored as it is."""


SCHEMES = frozenset({SCHEME, "PLAIN"})
"""The schemes that SCRAM can work with."""

DERIVED = Form(SALT_OCTETS, ITERATIONS, derived=True)


class ScramSha256:
    """{SCRAM-SHA-256}, as `doveadm pw` writes it: iterations, salt, stored key and server key."""

    costly = True

    def make(self, password: bytes) -> str:
        return str(derive(prepared(password), os.urandom(SALT_OCTETS), ITERATIONS))

    def check(self, secret: str, password: bytes) -> bool:
        keys = read(secret)
        if keys is None or password.endswith(b"\0"):     # HMAC, which is inside, does not see NULs at the end
            return False
        # The entry may have been made of the password as it is: Dovecot does not prepare it.
        return any(_are_of(keys, form) for form in {prepared(password), password})


def read(stored: str) -> Keys | None:
    """The keys in a stored value; None for one that is malformed or outside the bounds."""
    found = _STORED.fullmatch(stored)
    if found is None or not FEWEST <= int(found[1]) <= MOST:
        return None
    try:
        salt, stored_key, server_key = (base64.b64decode(part, validate=True) for part in found.groups()[1:])
    except ValueError:
        return None
    if not salt or len(stored_key) != DIGEST_OCTETS or len(server_key) != DIGEST_OCTETS:
        return None
    return Keys(int(found[1]), salt, stored_key, server_key)


def derive(password: bytes, salt: bytes, iterations: int) -> Keys:
    """The keys of a password that has been prepared."""
    salted = hashlib.pbkdf2_hmac(DIGEST, password, salt, iterations)
    client_key = hmac.digest(salted, b"Client Key", DIGEST)
    return Keys(iterations, salt, hashlib.sha256(client_key).digest(), hmac.digest(salted, b"Server Key", DIGEST))


def usable(scheme: str, secret: str) -> Keys | bytes | None:
    """What an entry has for SCRAM: the keys, the password itself to derive them from, or nothing."""
    if scheme == SCHEME:
        return read(secret)
    if scheme == "PLAIN" and secret:
        return secret.encode("utf-8", "surrogateescape")
    return None


def form(scheme: str, secret: str) -> Form | None:
    """The form of an entry; None for one that cannot be used for SCRAM."""
    match usable(scheme, secret):
        case Keys() as keys:
            return Form(len(keys.salt), keys.iterations, derived=False)
        case bytes():
            return DERIVED
        case None:
            return None


def prepared(password: bytes) -> bytes:
    """The password in the one form that a client hashes, whatever keyboard it was typed on (SASLprep, RFC 4013).

    What SASLprep forbids, or of which it leaves nothing, stays as it is, for many a client does not prepare at all.
    Characters that are younger than SASLprep's Unicode 3.2 are let through.
    """
    if password.isascii():
        return password
    from mtq.users.saslprep import Forbidden, saslprep

    try:
        return saslprep(password.decode()).encode() or password
    except (UnicodeDecodeError, Forbidden):
        return password


def _are_of(keys: Keys, password: bytes) -> bool:
    made = derive(password, keys.salt, keys.iterations)
    return hmac.compare_digest(made.stored_key, keys.stored_key)
