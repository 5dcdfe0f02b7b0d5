"""A remote server's certificates as a person reads them: whose, from when to when, and what is wrong with them."""

import ipaddress
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from mtq.proxy.steps import Step
from mtq.proxy.wire import Wire

_DER = 2      # _ssl.ENCODING_DER


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    """The host names and addresses it is for."""
    begins: datetime
    ends: datetime

    def covers(self, host: str) -> bool:
        """Whether it is for this host (RFC 6125: a star stands for one label)."""
        wildcard = "*." + host.partition(".")[2]
        return any(name.lower() in (host, wildcard) for name in self.names)


def chain(tls: ssl.SSLObject) -> list[Certificate]:
    """What the server has sent, its own certificate first. One that cannot be read is left out."""
    found = []
    for der in _sent(tls):
        try:
            found.append(_read(der))
        except ValueError:
            continue
    return found


def faults(certificates: Sequence[Certificate], host: str, now: datetime) -> list[str]:
    """What is wrong, as far as it can be told without knowing whom to trust."""
    if not certificates:
        return ["there is none that can be read"]
    own = certificates[0]
    found = []
    for certificate in certificates:
        if certificate.ends < now:
            found.append(f"{certificate.subject} has expired on {certificate.ends:%Y-%m-%d}")
        if certificate.begins > now:
            found.append(f"{certificate.subject} is not valid before {certificate.begins:%Y-%m-%d}")
    if not own.covers(host):
        found.append(f"it is not for {host} but for {', '.join(own.names) or 'no host'}")
    if own.issuer == own.subject:
        found.append("it is self-signed")
    return found


def step(wire: Wire, verdict: str | None = None) -> Step:
    """The certificates as a step tells them; `verdict` is why they were not trusted."""
    assert wire.tls is not None
    now = datetime.now(UTC)
    certificates = chain(wire.tls)
    wrong = faults(certificates, wire.server.host, now)
    text = "none"
    if certificates:
        own = certificates[0]
        text = f"{own.subject}, by {own.issuer}, until {own.ends:%Y-%m-%d} ({(own.ends - now).days} days)"
    complaints = wrong or ([verdict] if verdict else [])
    facts: dict[str, object] = {
        "verified": wire.tls.context.verify_mode is ssl.CERT_REQUIRED,
        "faults": complaints,
        "chain": [
            {
                "subject": certificate.subject,
                "issuer": certificate.issuer,
                "names": list(certificate.names),
                "begins": certificate.begins.isoformat(),
                "ends": certificate.ends.isoformat(),
            }
            for certificate in certificates
        ],
    }
    return Step("certificate", verdict is None, 0.0, "; ".join([text, *complaints]), facts)


def _sent(tls: ssl.SSLObject) -> list[bytes]:
    public = getattr(tls, "get_unverified_chain", None)
    if public is not None:      # from Python 3.13 on
        return list(public() or ())
    inner = getattr(tls, "_sslobj", None)      # before that it is there, too, but not shown
    if inner is not None and hasattr(inner, "get_unverified_chain"):
        return [certificate.public_bytes(_DER) for certificate in inner.get_unverified_chain() or ()]
    own = tls.getpeercert(binary_form=True)
    return [] if own is None else [own]


def _read(der: bytes) -> Certificate:
    """Read one. Raises ValueError."""
    from cryptography import x509

    certificate = x509.load_der_x509_certificate(der)
    names: list[str] = []
    try:
        alternative = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names += alternative.get_values_for_type(x509.DNSName)
        names += map(str, alternative.get_values_for_type(x509.IPAddress))
    except x509.ExtensionNotFound:
        pass
    return Certificate(
        _printable(certificate.subject.rfc4514_string()),
        _printable(certificate.issuer.rfc4514_string()),
        tuple(_canonical(name) for name in names),
        certificate.not_valid_before_utc,
        certificate.not_valid_after_utc,
    )


def _canonical(name: str) -> str:
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return _printable(name)


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text)
