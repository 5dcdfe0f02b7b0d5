"""What certificates say: a chain from a PEM file, its names, dates and strength, and the key that belongs to it."""

import ipaddress
import re
import warnings
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import idna
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from cryptography.x509.oid import NameOID

from mtq.errors import MtqError

OURS = "mtq"
"""The organisation in what mtq makes itself. A certificate with another one is never replaced by mtq."""

RSA_BITS, EC_BITS = 2048, 224
"""The shortest keys that OpenSSL takes at its security level 2, which Debian and others ask for."""

_BROKEN = (hashes.MD5, hashes.SHA1)

_DAMAGED = (
    ValueError,
    TypeError,      # a name that is not text
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)


class Unreadable(MtqError):
    """A file does not hold what it should: certificates, or a key, in PEM."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate, as a person wants to know it."""

    subject: str
    common_name: str | None
    names: tuple[str, ...]
    """Host names and addresses of its subjectAltName, host names in A-labels."""
    issuer: str
    serial: str
    """Hexadecimal digits, as `openssl x509 -serial` shows them."""
    not_before: datetime
    not_after: datetime
    fingerprint: str
    """SHA-256 over the whole of it, as `openssl x509 -fingerprint -sha256` shows it."""
    key_type: str
    public_key: bytes
    """SubjectPublicKeyInfo, DER; empty for a kind of key that is not known."""
    weakness: str | None
    """Why clients of today refuse it."""
    own: bool
    """Whether mtq made it."""
    parsed: x509.Certificate = field(repr=False)

    @property
    def title(self) -> str:
        """What to call it in a sentence."""
        return self.common_name or self.subject or next(iter(self.names), self.serial)

    def issued_by(self, other: "Certificate") -> bool:
        """Whether the other one's key has signed this."""
        try:
            self.parsed.verify_directly_issued_by(other.parsed)
        except UnsupportedAlgorithm:
            return True     # the names fit, which is looked at first; the signature cannot be checked here
        except (ValueError, TypeError, InvalidSignature):
            return False
        return True


@dataclass(frozen=True, slots=True)
class Chain:
    """The certificates of a file, the server's own first; never empty."""

    certificates: tuple[Certificate, ...]

    @property
    def leaf(self) -> Certificate:
        """The server's own."""
        return self.certificates[0]

    @property
    def not_after(self) -> datetime:
        """When the first of them ends to be valid."""
        return min(certificate.not_after for certificate in self.certificates)

    @property
    def path(self) -> tuple[Certificate, ...]:
        """From the server's own upwards, each issued by the next, as far as the file goes."""
        path = [self.leaf]
        rest = list(self.certificates[1:])
        while above := next((other for other in rest if path[-1].issued_by(other)), None):
            path.append(above)
            rest.remove(above)
        return tuple(path)

    @property
    def in_order(self) -> bool:
        """Whether each certifies the one before it, as TLS 1.2 wants them sent (RFC 5246, section 7.4.2)."""
        path = self.path
        return path == self.certificates[: len(path)]

    @property
    def ends_in_root(self) -> bool:
        """Whether the path leads to a certificate that vouches for itself."""
        top = self.path[-1]
        return top.issued_by(top)


def read_chain(file: Path) -> Chain:
    """Read the certificates of a PEM file. Raises Unreadable and OSError."""
    try:
        return parse_chain(file.read_bytes())
    except Unreadable as error:
        raise Unreadable(f"{file}: {error}") from None


def parse_chain(data: bytes) -> Chain:
    """Take certificates out of the content of a file. Raises Unreadable."""
    if not re.search(rb"-----BEGIN (X509 )?CERTIFICATE-----", data):
        raise Unreadable(_not_pem(data, "certificate", "x509"))
    try:
        with warnings.catch_warnings(action="ignore"):      # of certificates that bend the rules and work
            return Chain(tuple(map(_described, x509.load_pem_x509_certificates(data))))
    except _DAMAGED as error:
        raise Unreadable(f"its certificate is damaged ({error})") from None


def read_key(file: Path) -> bytes:
    """The public half of the key in a PEM file, as `Certificate.public_key`. Raises Unreadable and OSError."""
    try:
        return parse_key(file.read_bytes())
    except Unreadable as error:
        raise Unreadable(f"{file}: {error}") from None


def parse_key(data: bytes) -> bytes:
    """The public half of the first private key in the content of a file. Raises Unreadable."""
    found = re.search(rb"-----BEGIN ([A-Z0-9 ]*)PRIVATE KEY-----.*?-----END \1PRIVATE KEY-----", data, re.DOTALL)
    if found is None:
        raise Unreadable(_not_pem(data, "private key", "pkey"))
    try:
        key = load_pem_private_key(found[0], None)
    except TypeError:
        raise Unreadable(
            "the key is encrypted, and a server has nobody to ask for the passphrase; "
            "`openssl pkey -in FILE -out NEW` decrypts it"
        ) from None
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Unreadable(f"its private key is damaged or of an unknown kind ({error})") from None
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def normal(name: str) -> str | None:
    """A host name or an address as a certificate holds it; None for what none can hold."""
    try:
        return None if "%" in name else str(ipaddress.ip_address(name))
    except ValueError:
        pass
    star, bare = ("*.", name[2:]) if name.startswith("*.") else ("", name)
    try:
        return star + idna.encode(bare.removesuffix("."), uts46=True).decode()      # as trustme does
    except UnicodeError:
        return None


def covers(names: Collection[str], host: str) -> bool:
    """Whether a certificate with these names is one for this host (RFC 9525, section 6)."""
    wanted = normal(host)
    if wanted is None or wanted in names:
        return wanted is not None
    return not _is_address(wanted) and f"*.{wanted.partition('.')[2]}" in names


def days_left(end: datetime, now: datetime) -> int:
    """Whole days until then; negative when it is past."""
    return (end - now) // timedelta(days=1)


def faults(chain: Chain, now: datetime, days: int) -> Iterator[str]:
    """What is wrong with the dates of a chain, now or within this many days. Any certificate of it counts."""
    for certificate in chain.certificates:
        which = _which(certificate, chain)
        left = days_left(certificate.not_after, now)
        if certificate.not_before > now:
            yield f"{which}is not valid before {moment(certificate.not_before)}; is this machine's clock right?"
        if certificate.not_after < now:
            yield f"{which}expired on {moment(certificate.not_after)}"
        elif left < days:
            yield f"{which}expires in {left} day{'' if left == 1 else 's'}, on {moment(certificate.not_after)}"


def weaknesses(chain: Chain) -> Iterator[str]:
    """Why clients of today refuse a chain whatever its dates."""
    for certificate in chain.certificates:
        if certificate.weakness:
            yield f"{_which(certificate, chain)}{certificate.weakness}"


def moment(time: datetime) -> str:
    """A time as a person reads it."""
    return f"{time:%Y-%m-%d %H:%M} UTC"


def _which(certificate: Certificate, chain: Chain) -> str:
    return "" if certificate is chain.leaf else f"{certificate.title}, further up the chain: "


def _described(certificate: x509.Certificate) -> Certificate:
    key_type, key_weakness, public_key = _key_of(certificate)
    organizations = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    common_names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    digits = f"{certificate.serial_number:X}"
    return Certificate(
        subject=certificate.subject.rfc4514_string(),
        common_name=str(common_names[0].value) if common_names else None,
        names=_names(certificate),
        issuer=certificate.issuer.rfc4514_string(),
        serial=digits.zfill(len(digits) + len(digits) % 2),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex(":").upper(),
        key_type=key_type,
        public_key=public_key,
        weakness=key_weakness or _weak_signature(certificate),
        own=[name.value for name in organizations] == [OURS],
        parsed=certificate,
    )


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        held = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    hosts = [name.lower() for name in held.get_values_for_type(x509.DNSName)]
    return (*hosts, *map(str, held.get_values_for_type(x509.IPAddress)))


def _key_of(certificate: x509.Certificate) -> tuple[str, str | None, bytes]:
    """Its kind, why it is weak, and itself."""
    try:
        key = certificate.public_key()
    except (UnsupportedAlgorithm, ValueError):
        return f"unknown ({certificate.public_key_algorithm_oid.dotted_string})", None, b""
    weakness = None
    match key:
        case rsa.RSAPublicKey():
            kind = f"RSA {key.key_size}"
            if key.key_size < RSA_BITS:
                weakness = f"its key is {kind}, shorter than {RSA_BITS} bits"
        case ec.EllipticCurvePublicKey():
            kind = f"EC {key.curve.name}"
            if key.key_size < EC_BITS:
                weakness = f"its key is {kind}, shorter than {EC_BITS} bits"
        case dsa.DSAPublicKey():
            kind = f"DSA {key.key_size}"
            weakness = f"its key is {kind}"
        case _:
            kind = type(key).__name__.removesuffix("PublicKey")
    return kind, weakness, key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _weak_signature(certificate: x509.Certificate) -> str | None:
    if certificate.subject == certificate.issuer:
        return None     # trusted, if at all, for itself and not for its signature
    try:
        algorithm = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return None
    return f"it is signed with {algorithm.name.upper()}" if isinstance(algorithm, _BROKEN) else None


def _not_pem(data: bytes, thing: str, openssl: str) -> str:
    """What to say of a file in which the thing is not found."""
    if data[:1] == b"\x30":     # an ASN.1 SEQUENCE: DER, or a PKCS #12 archive, which begins the same way
        return (
            f"is DER or PKCS #12, and mtq reads PEM; `openssl {openssl} -in FILE -inform DER -out NEW` "
            "or `openssl pkcs12 -in FILE -nodes -out NEW` turns it into that"
        )
    return f"there is no {thing} in it (PEM)"


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
