"""The local authority: makes the certificates that are mtq's own, and knows when they are due.

Whatever it finds half done, because a process was killed between two files, is due: the next look makes it whole.
What mtq did not make it never replaces.
"""

import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import ifaddr
import trustme

from mtq import durable
from mtq.certificates import OURS, Certificate, Unreadable, covers, normal, parse_chain, read_chain, read_key
from mtq.durable import Replacement
from mtq.errors import MtqError

LIFETIME = timedelta(days=397)
"""What clients accept at most of a server certificate (CA/Browser Forum)."""

RENEW_BEFORE = timedelta(days=30)

NAME_LENGTH = 64
"""All that X.509 has room for in a common name; a longer one stands whole among the alternative names."""


class NotOurs(MtqError):
    """Where mtq was to write lies something that mtq did not make."""


@dataclass(frozen=True, slots=True)
class Order:
    """A certificate that is wanted, where, and the names it has to have.

    What is made has every name of this machine besides, and those of the certificate that it follows.
    """

    certificate: Path
    key: Path
    names: tuple[str, ...]
    """The first is its common name, too. Those that no certificate can hold are passed over."""
    home: Path
    """The folder where the authority lives."""

    @property
    def authority(self) -> Path:
        """The authority's certificate, beside the one that is wanted: what clients import."""
        return self.certificate.parent / "ca.pem"


@dataclass(frozen=True, slots=True)
class Made:
    """What was made, for the person who asked."""

    certificate: Path
    authority: Path
    names: tuple[str, ...]
    not_after: datetime
    serial: str
    serial_before: str | None
    """None: there was none."""
    new_authority: bool
    """Clients that trusted an earlier one have to import this."""


def fulfil(order: Order, now: datetime, force: bool = False) -> Made | None:
    """Make the certificate if it is due or forced; None if it is good for a while yet. Raises MtqError and OSError.

    Whatever fails, the old files stay. Any number of processes may ask for it at once: one makes it.
    """
    if not force and due(order, now) is None:
        return None
    for folder in (order.home, order.certificate.parent):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with durable.writing(order.home / "ca.pem"):
        if not force and due(order, now) is None:
            return None     # another process has just made it
        return _make(order, now)


def due(order: Order, now: datetime) -> str | None:
    """Why the certificate has to be made; None if it is good for a while, or not mtq's own.

    A clock that is behind is no reason: machines without a battery start in 1970. Raises Unreadable and OSError.
    """
    leaf = _there(order.certificate)
    if leaf is None:
        return "it is not there"
    if not leaf.own:
        return None
    if not order.key.exists():
        return "its key is not there"
    if not _fits(order.key, leaf):
        return "its key is another one's"
    vouching = _there(order.authority)
    if vouching is not None and vouching.own and not leaf.issued_by(vouching):
        return f"{order.authority} did not issue it"
    if vouching is not None and vouching.own and not _lasts(vouching, now):
        return f"its authority ends on {vouching.not_after:%Y-%m-%d}"
    if not _lasts(leaf, now):
        return f"it ends on {leaf.not_after:%Y-%m-%d}"
    lacking = [name for name in order.names if normal(name) and not covers(leaf.names, name)]
    return f"it is not for {', '.join(lacking)}" if lacking else None


def check_place(order: Order) -> None:
    """Raise NotOurs if something that mtq did not make lies where it would be written; Unreadable and OSError."""
    for file in (order.certificate, order.authority, order.home / "ca.pem"):
        there = _there(file)
        if there is not None and not there.own:
            raise NotOurs(f"{file} was not made by mtq, and is left alone; move it away, or choose another place")


def local_names() -> list[str]:
    """Every name and address by which a client may reach this machine."""
    names = ["localhost", socket.gethostname(), "127.0.0.1", "::1"]
    for adapter in ifaddr.get_adapters():
        names += [ip.ip if isinstance(ip.ip, str) else ip.ip[0] for ip in adapter.ips]
    return list(_distinct(names))


def _make(order: Order, now: datetime) -> Made:
    check_place(order)
    before = _there(order.certificate)
    authority, files = _authority(order, now)
    new_authority = bool(files)
    vouching = parse_chain(authority.cert_pem.bytes()).leaf
    issued = authority.issue_cert(
        *_distinct([*order.names, *local_names(), *(before.names if before else ())]),
        common_name=order.names[0][:NAME_LENGTH],
        organization_name=OURS,
        organization_unit_name="POP3",      # trustme's own word for it is a test
        not_before=now - timedelta(hours=1),      # a client whose clock is a little behind
        not_after=min(now + LIFETIME, vouching.not_after),
    )
    chain = b"".join(pem.bytes() for pem in issued.cert_chain_pems)
    if order.authority.parent != order.home:
        files.append(Replacement(order.authority, authority.cert_pem.bytes(), 0o644))
    # The certificate comes last: as long as the old one stands, the next attempt knows its names.
    files += [Replacement(order.key, issued.private_key_pem.bytes()), Replacement(order.certificate, chain, 0o644)]
    durable.replace_together(files)
    leaf = parse_chain(chain).leaf
    return Made(
        order.certificate,
        order.authority,
        leaf.names,
        leaf.not_after,
        leaf.serial,
        before.serial if before else None,
        new_authority,
    )


def _authority(order: Order, now: datetime) -> tuple[trustme.CA, list[Replacement]]:
    """The authority that is there, so that who trusts it trusts what follows; else a new one, to be written."""
    file, key = order.home / "ca.pem", order.home / "ca.key"
    there = _there(file)
    if there is not None and key.exists() and _lasts(there, now) and read_key(key) == there.public_key:
        return trustme.CA.from_pem(file.read_bytes(), key.read_bytes()), []
    unit = f"local authority of {order.names[0]}"
    made = trustme.CA(organization_name=OURS, organization_unit_name=unit[:NAME_LENGTH])
    return made, [Replacement(key, made.private_key_pem.bytes()), Replacement(file, made.cert_pem.bytes(), 0o644)]


def _there(file: Path) -> Certificate | None:
    """The first certificate of a file, if there is such a file."""
    return read_chain(file).leaf if file.exists() else None


def _lasts(certificate: Certificate, now: datetime) -> bool:
    return certificate.not_after - now > RENEW_BEFORE


def _fits(key: Path, certificate: Certificate) -> bool:
    try:
        return read_key(key) == certificate.public_key
    except Unreadable:
        return False


def _distinct(names: Iterable[str]) -> Iterator[str]:
    """As a certificate holds them, each once, without those that none can hold: a machine's name may have a `_`."""
    return iter(dict.fromkeys(filter(None, map(normal, names))))
