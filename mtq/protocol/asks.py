"""What a session asks of the world around it and is answered, and what the world tells it to offer."""

from dataclasses import dataclass
from functools import lru_cache

from mtq.errors import Refusal
from mtq.protocol import sasl
from mtq.protocol.listing import Listing


@dataclass(frozen=True, slots=True)
class Features:
    """What this connection is offered as things stand; TLS and policy change it."""

    mechanisms: tuple[bytes, ...] = (b"PLAIN", b"LOGIN")
    clear_text: bool = True
    stls: bool = False
    timestamp: bytes | None = None

    @property
    def shows_password(self) -> bool:
        """Whether a password is ever taken in the clear here, be it inside TLS."""
        return _shows_password(self.mechanisms)

    @property
    def password(self) -> bool:
        """Whether USER and PASS may be used: as PLAIN or LOGIN may, for they show as much."""
        return self.clear_text and _shows_password(self.mechanisms)

    @property
    def offered(self) -> tuple[bytes, ...]:
        """The SASL mechanisms that may be used now."""
        return tuple(m for m in self.mechanisms if self.clear_text or m not in sasl.CLEAR_TEXT)


@lru_cache
def _shows_password(mechanisms: tuple[bytes, ...]) -> bool:
    return not sasl.CLEAR_TEXT.keys().isdisjoint(mechanisms)


@dataclass(frozen=True, slots=True)
class Login:
    """Check the credentials and open the maildrop. Answer: Listing or Refusal."""

    credentials: sasl.Credentials


@dataclass(frozen=True, slots=True)
class Keys:
    """Look up what SCRAM has to know of a user. Answer: ScramKeys, for an unknown user too, or Refusal."""

    user: str


@dataclass(frozen=True, slots=True)
class Fetch:
    """Read a message. Answer: Piece after Piece until the last, or Refusal."""

    number: int
    lines: int | None = None


@dataclass(frozen=True, slots=True)
class Commit:
    """Remove these messages and give the maildrop free. Answer: Committed."""

    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StartTls:
    """Begin the TLS handshake; from now on nothing that came in the clear is received. Answer: the new Features."""


@dataclass(frozen=True, slots=True)
class Bye:
    """The session is over: send what is left and close. There is no answer."""

    reason: str


Ask = Login | Keys | Fetch | Commit | StartTls | Bye


@dataclass(frozen=True, slots=True)
class Piece:
    """Some of a message's file, as it is stored."""

    data: bytes
    last: bool


@dataclass(frozen=True, slots=True)
class Committed:
    """How many messages could not be removed."""

    stayed: int


Answer = Listing | sasl.ScramKeys | Refusal | Piece | Committed | Features
