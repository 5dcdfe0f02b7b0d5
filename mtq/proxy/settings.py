"""How a service's proxy behaves, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from mtq.access.servers import Pattern


class Tls(Enum):
    """How to speak TLS to a remote server."""

    AUTO = "auto"
    IMPLICIT = "implicit"
    STARTTLS = "starttls"
    OFF = "off"


class Auth(Enum):
    """How to log in there."""

    AUTO = "auto"
    APOP = "apop"
    PLAIN = "plain"
    USER = "user"


@dataclass(frozen=True, slots=True)
class Exceptions:
    """What differs for one remote server; None: nothing does."""

    port: int | None = None
    tls: Tls | None = None
    verify: bool | None = None
    ca_file: Path | None = None
    auth: Auth = Auth.AUTO


@dataclass(frozen=True, slots=True)
class Settings:
    """A proxy's settings."""

    delimiter: str = "#"
    only_allowed: bool = True
    allow: tuple[Pattern, ...] = ()
    tls: Tls = Tls.AUTO
    verify: bool = True
    ca_file: Path | None = None
    allow_private_targets: bool = False
    connect_timeout: float = 30.0
    """Seconds: for the name, for each port that is tried, and for each answer while logging in."""
    exceptions: Mapping[str, Exceptions] = field(default_factory=dict)
    """By canonical host name or address."""
