"""What a service needs of files before it can serve: its certificate and its ranges."""

import ssl
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mtq import certificates, tls
from mtq.access import firewall_file
from mtq.access.policy import Policy
from mtq.access.ranges import Range
from mtq.access.rules import Mode
from mtq.config.model import Config, TlsMode
from mtq.config.model import Service as Settings
from mtq.config.read import enabled
from mtq.errors import MtqError

Read = Callable[[Path], bytes]


@dataclass(frozen=True)
class Identity:
    """The certificate that a service shows. What else is known is of the first in its chain."""

    context: ssl.SSLContext
    serial: str      # in hexadecimal
    expires: datetime | None = None


@dataclass(frozen=True)
class Provisions:
    """All that was read. `ranges` is what the policy was made of: the same again needs no compiling."""

    identity: Identity | None      # None: the service speaks no TLS
    ranges: tuple[object, ...]
    policy: Policy


def provide(settings: Settings, config: Config, read: Read = Path.read_bytes) -> Provisions:
    """Read what a service needs. Takes its time. `read` gives a file's content or raises OSError. Raises MtqError."""
    identity = identify(settings, config, read)
    file: Sequence[Range] = firewall_file.read(settings.firewall_file, read)
    lan = config.server.lan if settings.access is Mode.FIREWALL_AND_LAN else ()
    policy = Policy(settings.access, settings.firewall, file, lan)
    return Provisions(identity, (settings.access, settings.firewall, tuple(file), lan), policy)


def policy_as_far_as_known(settings: Settings, config: Config, read: Read = Path.read_bytes) -> Policy:
    """The access control of a service that does not run, to be listed: without its file if that cannot be read."""
    try:
        file = firewall_file.read(settings.firewall_file, read)
    except MtqError:
        file = ()
    return Policy(settings.access, settings.firewall, file, config.server.lan)


def identify(settings: Settings, config: Config, read: Read = Path.read_bytes) -> Identity | None:
    """Read the certificate that a service shows; None if it speaks no TLS. Raises MtqError."""
    if settings.tls is TlsMode.OFF:
        return None
    lowest = settings.min_version or config.tls.min_version
    certificate, key = certificate_of(settings, config)
    shown = b""

    def noting(file: Path) -> bytes:
        nonlocal shown
        data = read(file)
        if file == certificate:
            shown = data      # the very octets that are served: the file may be another one by now
        return data

    context = tls.server_context(certificate, key, lowest.value, noting)
    try:
        leaf = certificates.parse_chain(shown).leaf
        return Identity(context, leaf.serial, leaf.not_after)
    except certificates.Unreadable:
        return Identity(context, "unknown")      # OpenSSL can serve what is odd in it


def shortcomings(config: Config) -> Iterator[str]:
    """Why enabled services would fail, as far as it can be told without serving."""
    for name, settings in enabled(config).items():
        try:
            firewall_file.read(settings.firewall_file)
            made_later = settings.certificate is None and not config.tls.certificate.exists()
            if not made_later:
                identify(settings, config)
        except MtqError as error:
            yield f"services.{name}: {error}"


def certificate_of(settings: Settings, config: Config) -> tuple[Path, Path]:
    """The files of a service's certificate and its key."""
    return settings.certificate or config.tls.certificate, settings.key or config.tls.key
