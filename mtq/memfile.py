"""Octets as an open file that has no name on any disk: for what takes files alone, or travels as one."""

import os
import tempfile
from typing import IO


def memfile(data: bytes) -> IO[bytes]:
    """An open file with this content, to be read from its start; it is gone when it is closed. Raises OSError."""
    file: IO[bytes]
    if hasattr(os, "memfd_create"):
        file = os.fdopen(os.memfd_create("mtq", os.MFD_CLOEXEC), "w+b")
    else:
        file = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it; nameless before anything is in it
    file.write(data)
    file.seek(0)
    return file


def name_of(file: IO[bytes]) -> str:
    """A path by which this process can open the file."""
    folder = "/proc/self/fd" if os.path.isdir("/proc/self/fd") else "/dev/fd"
    return f"{folder}/{file.fileno()}"
