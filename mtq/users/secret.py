"""The server's own secret: random octets in a file, made once."""

import os
from pathlib import Path

from mtq import durable
from mtq.errors import MtqError

SECRET_OCTETS = 32


def kept(file: Path) -> bytes:
    """The secret in the file, which is made if it is not there; servers that start at once agree. Raises MtqError."""
    try:
        secret = _read(file)
        if secret is None:
            with durable.writing(file):
                secret = _read(file)
                if secret is None:
                    secret = _make(file)
    except OSError as error:
        raise MtqError(f"{file}: {(error.strerror or str(error)).lower()}") from None
    if len(secret) != SECRET_OCTETS:
        raise MtqError(f"{file}: is no secret of {SECRET_OCTETS} octets; remove it, and the next start makes another")
    return secret


def _read(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None


def _make(file: Path) -> bytes:
    secret = os.urandom(SECRET_OCTETS)
    durable.replace(file, secret, 0o600)
    return secret
