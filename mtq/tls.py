"""Certificates: made (by a local authority of our own), loaded, judged by their days left."""

import ipaddress
import ssl
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mtq import durable
from mtq.errors import MtqError

LIFETIME = timedelta(days=397)
"""What clients accept at most of a server certificate (CA/Browser Forum)."""

RENEW_BEFORE = timedelta(days=30)

COMMON_NAME_LENGTH = 64
"""All that X.509 has room for; a longer name stands whole among the alternative names."""

VERSIONS = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}


class BadCertificate(MtqError):
    """A certificate or key cannot be used."""


@dataclass(frozen=True, slots=True)
class Made:
    """What was made, for the person who asked."""

    certificate: Path
    authority: Path


def server_context(certificate: Path, key: Path, min_version: str) -> ssl.SSLContext:
    """What a listener needs. Raises BadCertificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    lowest = VERSIONS[min_version]
    if lowest < ssl.TLSVersion.TLSv1_2:
        # OpenSSL's default security level has no cipher left for these versions.
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        context.minimum_version = lowest      # 1.0 and 1.1 are deprecated, and the administrator asked for them
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    try:
        for file in (certificate, key):
            file.open("rb").close()     # load_cert_chain does not say which of the two it cannot read
        context.load_cert_chain(certificate, key, _no_passphrase)
    except ssl.SSLError as error:
        raise BadCertificate(
            f"{certificate} and {key}: not a certificate and its key ({error.reason or 'not PEM'})"
        ) from None
    except OSError as error:
        raise BadCertificate(f"{error.filename or certificate}: {(error.strerror or str(error)).lower()}") from None
    return context


def _no_passphrase() -> str:
    # Without this OpenSSL asks for the passphrase of an encrypted key on the terminal, and nothing starts.
    return ""


def make_if_due(certificate: Path, key: Path, hostname: str, now: datetime | None = None) -> Made | None:
    """Make or renew the certificate that mtq keeps itself; None if it is good for a while yet. Raises OSError.

    The authority beside it is kept, so that a client which trusts it once trusts what follows.
    """
    moment = now or datetime.now(UTC)
    if certificate.exists() and key.exists() and expires(certificate) - moment > RENEW_BEFORE:
        return None
    return make(certificate, key, hostname, moment)


def make(certificate: Path, key: Path, hostname: str, now: datetime) -> Made:
    """Make a certificate for this machine's names and addresses, and the authority that vouches for it.

    It has a common name: fetchmail accepts none without.
    """
    import trustme

    folder = certificate.parent
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    ca_file, ca_key = folder / "ca.pem", folder / "ca.key"
    if ca_file.exists() and ca_key.exists():
        authority = trustme.CA.from_pem(ca_file.read_bytes(), ca_key.read_bytes())
    else:
        authority = trustme.CA(organization_name="mtq", organization_unit_name=f"local authority of {hostname}")
        durable.replace(ca_key, authority.private_key_pem.bytes())
        durable.replace(ca_file, authority.cert_pem.bytes(), 0o644)
    leaf = authority.issue_cert(
        *filter(_nameable, _identities(hostname)),
        common_name=hostname[:COMMON_NAME_LENGTH],
        organization_name="mtq",
        not_before=now - timedelta(hours=1),      # a client whose clock is a little behind
        not_after=now + LIFETIME,
    )
    durable.replace(key, leaf.private_key_pem.bytes())
    chain = b"".join(pem.bytes() for pem in leaf.cert_chain_pems)
    durable.replace(certificate, chain, 0o644)
    return Made(certificate, ca_file)


def expires(certificate: Path) -> datetime:
    """When the first certificate of a PEM file ends to be valid. Raises BadCertificate."""
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc
    except (OSError, ValueError) as error:
        raise BadCertificate(f"{certificate}: not a certificate ({error})") from None


def _identities(hostname: str) -> list[str]:
    """Every name and address by which a client may reach this machine."""
    import socket

    import ifaddr

    names = {"localhost": None, hostname: None, socket.gethostname(): None, "127.0.0.1": None, "::1": None}
    for adapter in ifaddr.get_adapters():
        for ip in adapter.ips:
            names[ip.ip if isinstance(ip.ip, str) else ip.ip[0]] = None
    return list(names)


def _nameable(identity: str) -> bool:
    """Whether a certificate can hold the name. A machine may have one with an underscore, a certificate may not."""
    import idna

    try:
        ipaddress.ip_address(identity)
    except ValueError:
        try:
            idna.encode(identity, uts46=True)       # as trustme does
        except idna.IDNAError:
            return False
    return True
