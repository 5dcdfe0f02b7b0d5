"""Certificates for listeners: loaded, judged as a client does, and mtq's own made when they are due."""

import ssl
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from mtq.errors import MtqError
from mtq.memfile import memfile, name_of

if TYPE_CHECKING:
    from mtq.authority import Made

VERSIONS = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}


ALPN = "pop3"
"""What is spoken inside (RFC 7301; the name is IANA's). Python's ssl does not let a server refuse a client that asks
for other protocols only: one that then speaks HTTP is hung up on by the session."""


class BadCertificate(MtqError):
    """A certificate or key cannot be used."""


def server_context(
    certificate: Path, key: Path, min_version: str, read: Callable[[Path], bytes] = Path.read_bytes
) -> ssl.SSLContext:
    """What a listener needs. `read` gives a file's content or raises OSError. Raises BadCertificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    lowest = VERSIONS[min_version]
    if lowest < ssl.TLSVersion.TLSv1_2:
        # OpenSSL's default security level has no cipher left for these versions.
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        context.minimum_version = lowest      # 1.0 and 1.1 are deprecated, and the administrator asked for them
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.set_alpn_protocols([ALPN])
    # A fifth of the cost of a TLS login, for clients that come again within the hour and have kept them: few do, and
    # what they save is the signature alone.
    context.num_tickets = 0
    try:
        # OpenSSL takes names alone. The key may have come from one who may read it, to one who may not.
        with memfile(read(certificate)) as chain, memfile(read(key)) as secret:
            context.load_cert_chain(name_of(chain), name_of(secret), _no_passphrase)
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


NO_ISSUER = (2, 20, 21)
"""OpenSSL's verify codes (openssl-verification-options(1)) that say where a chain stops."""


def leads_to_an_authority(serving: ssl.SSLContext, authority: Path | None = None) -> bool | None:
    """Whether a client that trusts this system's authorities, and the one given, finds its way to one of them.

    None: it refuses for another reason, before or after. A handshake in memory finds out; dates and names apart.
    """
    asking = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    asking.check_hostname = False
    asking.load_default_certs()
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    waiting = [asking.wrap_bio(to_client, to_server), serving.wrap_bio(to_server, to_client, server_side=True)]
    try:
        if authority is not None:
            asking.load_verify_locations(authority)
        while waiting:
            side = waiting.pop(0)
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                waiting.append(side)
    except ssl.SSLCertVerificationError as error:
        return False if error.verify_code in NO_ISSUER else None
    except OSError:     # of a handshake, or of the authority's file
        return None
    return True


def make_if_due(certificate: Path, key: Path, hostname: str, now: datetime | None = None) -> "Made | None":
    """Make or renew the certificate that mtq keeps itself; None if it is good for a while yet.

    The authority beside it is kept, so that a client which trusts it once trusts what follows. `authority.due` says
    when. Raises MtqError and OSError; the old files then stand.
    """
    from mtq import authority

    order = authority.Order(certificate, key, (hostname,), certificate.parent)
    return authority.fulfil(order, now or datetime.now(UTC))


def make(certificate: Path, key: Path, hostname: str, now: datetime) -> "Made":
    """Make a certificate for this machine's names and addresses, whether it is due or not. Raises as above."""
    from mtq import authority

    made = authority.fulfil(authority.Order(certificate, key, (hostname,), certificate.parent), now, force=True)
    assert made is not None
    return made


def expires(certificate: Path) -> datetime:
    """When the first certificate of a PEM file ends to be valid. Raises BadCertificate."""
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc
    except (OSError, ValueError) as error:
        raise BadCertificate(f"{certificate}: not a certificate ({error})") from None
