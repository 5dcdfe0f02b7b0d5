"""Certificates of every kind for tests: what authorities issue, and what they never would."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

NOW = datetime.now(UTC).replace(microsecond=0)

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey | dsa.DSAPrivateKey


@cache
def rsa_key(bits: int) -> rsa.RSAPrivateKey:
    """Always the same one, because it takes its time to make."""
    return rsa.generate_private_key(65537, bits)


@dataclass(frozen=True)
class Issued:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: Key

    @property
    def pem(self) -> bytes:
        """The certificate alone."""
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        """The key alone."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def write(self, folder: Path, *further: "Issued") -> None:
        """Write server.pem, with further certificates after its own, and server.key."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "server.pem").write_bytes(b"".join(issued.pem for issued in (self, *further)))
        (folder / "server.key").write_bytes(self.key_pem)
        (folder / "server.key").chmod(0o600)


def issue(
    title: str | None,
    by: Issued | None = None,
    *,
    names: Sequence[str] = (),
    start: datetime = NOW - timedelta(days=1),
    end: datetime = NOW + timedelta(days=90),
    key: Key | None = None,
    authority: bool = False,
    organization: str | None = None,
    serial: int | None = None,
) -> Issued:
    """Issue a certificate; by itself, if by nobody else. `title` is its common name."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            *([x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization)] if organization else []),
            *([x509.NameAttribute(NameOID.COMMON_NAME, title)] if title else []),
        ]
    )
    signer = by.key if by else key
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(list(map(_name, names))), critical=False)
    algorithm = None if isinstance(signer, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return Issued(builder.sign(signer, algorithm), key)


def signed_with(algorithm: str, issued: Issued) -> Issued:
    """The same, said to be signed with "md5" or "sha1", which nothing of today will do any more: RSA alone."""
    sha256, wanted = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b", {"md5": b"\x04", "sha1": b"\x05"}[algorithm]
    der = issued.certificate.public_bytes(Encoding.DER)
    assert der.count(sha256) == 2
    return Issued(x509.load_der_x509_certificate(der.replace(sha256, sha256[:-1] + wanted)), issued.key)


def _name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
