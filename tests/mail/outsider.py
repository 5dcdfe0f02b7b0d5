"""Other processes and other people: what one process run by root cannot show."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import mtq

ROOT = Path(mtq.__file__).parents[1]
NOBODY = 65534
SOMEBODY = 4321 if os.geteuid() == 0 else os.geteuid()
"""Whom a folder is given to, where we may give it away."""


def python(program: str, *arguments: str | bytes) -> "subprocess.Popen[bytes]":
    """Run a program in another process, with pipes to and from it."""
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def small_disk(at: bytes, octets: int) -> list[str | bytes]:
    """A command that runs the command after it with a disk of this size mounted there, for it alone."""
    private = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"])]
    mount = f'mount -t tmpfs -o mode=755,size={octets} tmpfs "$0" && exec "$@"'
    return [*private, "sh", "-c", mount, at]


@contextmanager
def unprivileged() -> Iterator[None]:
    """Be somebody whom permissions bind. Root would read and write all the same."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@contextmanager
def public_folder() -> Iterator[bytes]:
    """A folder that everybody may reach; pytest's own are closed to others."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        yield os.fsencode(name)
