"""File systems of a test's own: full ones, and ones that may not be written to.

A function that wants them runs in a process with mounts of its own; whatever it mounts goes with it.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import mtq

ROOT = Path(mtq.__file__).parents[1]
_UNSHARE = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--map-root-user"]


def in_own_mounts(function: Callable[[Path], None], folder: Path, *further: str) -> None:
    """Run a function of a test's module, by its name, in a process with mounts of its own; what fails there fails.

    `further`: what else is to be the process's own, as unshare(1) calls it.

    pytest's own words for what an assertion has found are missing there.
    """
    module, name = function.__module__, function.__name__
    call = f"import pathlib, sys, {module} as tests; tests.{name}(pathlib.Path(sys.argv[1]))"
    command = [*_UNSHARE, *further, sys.executable, "-c", call, str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def tmpfs(folder: Path, options: str) -> None:
    """Mount an empty file system in memory on a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=True)


def fill(folder: Path) -> None:
    """Leave no octet free on a file system."""
    with open(folder / "ballast", "wb", buffering=0) as file:
        for piece in (1 << 16, 1 << 12, 1):
            try:
                while True:
                    file.write(bytes(piece))
            except OSError:
                pass


def read_only(folder: Path) -> None:
    """Let nobody, root included, write to a folder from now on."""
    subprocess.run(["mount", "--bind", folder, folder], check=True)
    subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)
