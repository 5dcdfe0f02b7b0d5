"""SASL mechanisms, each a machine that takes the client's responses one by one (RFC 5034, RFC 4422)."""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol


class BadResponse(Exception):
    """The client's response does not follow the mechanism. The message is for the client."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """The server's turn: what to send to the client, not yet in base64."""

    text: bytes


@dataclass(frozen=True, slots=True)
class Password:
    """A name and a password in the clear, as the client gave them."""

    user: str
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Apop:
    """A name and the digest of timestamp and password (RFC 1939, section 7)."""

    user: str
    timestamp: bytes
    digest: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Scram:
    """A name, and whether its client has proved that it knows the password (RFC 5802)."""

    user: str
    proved: bool


Credentials = Password | Apop | Scram


@dataclass(frozen=True, slots=True)
class ScramKeys:
    """What a server keeps of a password for SCRAM (RFC 5802, section 3), and its nonce for one exchange."""

    iterations: int
    salt: bytes
    stored_key: bytes = field(repr=False)
    server_key: bytes = field(repr=False)
    nonce: bytes            # printable ASCII without a comma


@dataclass(frozen=True, slots=True)
class Lookup:
    """Neither side's turn: the mechanism has to know the keys of its user first."""

    user: str
    challenge: Callable[[ScramKeys], Challenge]
    """What the mechanism says once it knows them."""


class Mechanism(Protocol):
    """One exchange."""

    def step(self, response: bytes | None) -> Challenge | Lookup | Credentials:
        """Take a response (None: the client sent none with AUTH). Raises BadResponse."""


def name(raw: bytes) -> str:
    """A user name as text. Bytes that are no UTF-8 become a name that nobody has."""
    return raw.decode("utf-8", "surrogateescape")


class Plain:
    """PLAIN (RFC 4616): authorization identity, name and password in one response."""

    def step(self, response: bytes | None) -> Challenge | Credentials:
        if response is None:
            return Challenge(b"")
        parts = response.split(b"\0")
        if len(parts) != 3 or not parts[1]:
            raise BadResponse("malformed PLAIN response")
        authorization, user, secret = parts
        if authorization not in (b"", user):
            raise BadResponse("acting for another user is not supported")
        no_line_ends(user, secret)
        return Password(name(user), secret)


class Login:
    """LOGIN (never standardised; what Outlook and printers know): name, then password."""

    def __init__(self) -> None:
        self._user: bytes | None = None

    def step(self, response: bytes | None) -> Challenge | Credentials:
        if response is None:
            return Challenge(b"Username:")
        if self._user is None:
            self._user = response
            return Challenge(b"Password:")
        if not self._user:
            raise BadResponse("no user name given")
        no_line_ends(self._user, response)
        return Password(name(self._user), response)


def no_line_ends(*fields: bytes) -> None:
    """Refuse a field that holds a line end or NUL. Raises BadResponse."""
    # A proxied login repeats these as commands to another server: none of them may hold a second line.
    if any(byte in part for part in fields for byte in (b"\r", b"\n", b"\0")):
        raise BadResponse("a name or password cannot hold a line end or NUL")


CLEAR_TEXT: Mapping[bytes, type[Plain] | type[Login]] = {b"PLAIN": Plain, b"LOGIN": Login}
"""The mechanisms that show the password to whoever reads the line."""


def decode(response: bytes) -> bytes:
    """A response off the wire. Raises BadResponse for what is no base64."""
    try:
        return base64.b64decode(response, validate=True)
    except binascii.Error:
        raise BadResponse("not base64") from None


def encode(challenge: bytes) -> bytes:
    """A challenge for the wire."""
    return b"+ " + base64.b64encode(challenge) + b"\r\n"
