"""Loading at once what the server loads late, for a worker that will not be able to read the program."""

import importlib
from contextlib import suppress

from mtq.users.schemes import SCHEMES

LATE = (
    "cryptography.hazmat.backends.openssl.backend",
    "cryptography.x509",
    "difflib",
    "encodings.idna",
    "encodings.punycode",
    "idna.uts46data",
    "ifaddr",
    "mtq.authority",
    "mtq.config.locate",
    "mtq.server.metrics.figures",
    "trustme",
    "uvloop",
)
"""Modules that are imported where they are needed, or that a library imports there."""

CHEAP = {
    "BLF-CRYPT": "$2b$04$" + "." * 53,
    "SHA512-CRYPT": "$6$rounds=1000$salt$" + "." * 86,
    "SHA256-CRYPT": "$5$rounds=1000$salt$" + "." * 43,
    "SSHA": "A" * 40,
}
"""Stored passwords that nobody has and that are soon checked: a check loads what its scheme needs."""


def preload() -> None:
    """Load it."""
    for module in LATE:
        with suppress(ImportError):       # uvloop: not everywhere
            importlib.import_module(module)
    for name, scheme in SCHEMES.items():
        scheme.check(CHEAP.get(name, ""), b"password")
