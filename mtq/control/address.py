"""What the path of a Unix socket has to be like."""

import os
from pathlib import Path

from mtq.errors import MtqError

LONGEST = 107
"""Octets of a path (unix(7): `sun_path` has 108, the last of them NUL)."""


def check(path: Path) -> None:
    """Raises MtqError for a path that no socket can have."""
    octets = len(os.fsencode(path))
    if octets > LONGEST:
        raise MtqError(
            f"{path}: the path of a socket has at most {LONGEST} octets, this one has {octets}; "
            "set server.control_socket to a shorter one"
        )
