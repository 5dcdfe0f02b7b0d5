"""A remote server's certificates as a step tells them: whose, until when, and what is wrong with them."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime

from mtq import certificates
from mtq.certificates import Certificate, Chain, Unreadable
from mtq.proxy.steps import Step
from mtq.proxy.wire import Wire

_DER = 2      # _ssl.ENCODING_DER


def step(wire: Wire, verdict: str | None = None) -> Step:
    """The certificates of a connection inside TLS; `verdict` is why they were not trusted."""
    assert wire.tls is not None
    facts: dict[str, object] = {"verified": wire.tls.context.verify_mode is ssl.CERT_REQUIRED}
    try:
        chain = certificates.parse_chain("".join(map(ssl.DER_cert_to_PEM_cert, _sent(wire.tls))).encode())
    except Unreadable as error:
        return Step("certificate", verdict is None, 0.0, verdict or str(error), facts)
    now = datetime.now(UTC)
    wrong = list(faults(chain, wire.server.host, now)) or ([verdict] if verdict else [])
    facts["faults"] = wrong
    facts["chain"] = [_facts(certificate) for certificate in chain.certificates]
    own = chain.leaf
    days = certificates.days_left(own.not_after, now)
    text = _printable(f"{own.title}, by {own.issuer}, until {own.not_after:%Y-%m-%d} ({days} days)")
    return Step("certificate", verdict is None, 0.0, "; ".join([text, *wrong]), facts)


def faults(chain: Chain, host: str, now: datetime) -> Iterator[str]:
    """What is wrong, as far as it can be told without knowing whom to trust."""
    yield from certificates.faults(chain, now, 0)
    yield from certificates.weaknesses(chain)
    own = chain.leaf
    if not certificates.covers(own.names, host):
        yield f"it is not for {host} but for {_printable(', '.join(own.names)) or 'no host'}"
    if own.issued_by(own):
        yield "it is self-signed"


def _facts(certificate: Certificate) -> dict[str, object]:
    return {
        "subject": _printable(certificate.subject),
        "issuer": _printable(certificate.issuer),
        "names": [_printable(name) for name in certificate.names],
        "serial": certificate.serial,
        "fingerprint": certificate.fingerprint,
        "not_before": certificate.not_before.isoformat(),
        "not_after": certificate.not_after.isoformat(),
    }


def _sent(tls: ssl.SSLSocket) -> list[bytes]:
    """What the server has sent, its own certificate first."""
    public = getattr(tls, "get_unverified_chain", None)
    if public is not None:      # from Python 3.13 on
        return list(public() or ())
    inner = getattr(tls, "_sslobj", None)      # before that it is there, too, but not shown
    if inner is not None and hasattr(inner, "get_unverified_chain"):
        return [certificate.public_bytes(_DER) for certificate in inner.get_unverified_chain() or ()]
    own = tls.getpeercert(binary_form=True)
    return [] if own is None else [own]


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text)
