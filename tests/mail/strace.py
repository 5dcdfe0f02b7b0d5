"""A program killed, or failed by the kernel, at one system call after the other. It is strace that does it."""

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.mail.outsider import ROOT

LOOKING = {
    *("brk", "mmap", "mremap", "munmap", "mprotect", "madvise", "futex", "rt_sigaction", "ioctl", "fcntl", "lseek"),
    *("getpid", "getuid", "geteuid", "getcwd", "uname", "getrandom", "newfstatat", "fstat", "getdents64", "read"),
}
"""Calls that change nothing that others could see: to be killed at one is to be killed at the next that does."""


@dataclass(frozen=True)
class Call:
    """The system call `name` for the `count`th time in a program's life."""

    name: str
    count: int


@dataclass(frozen=True)
class Program:
    """A Python program with its arguments."""

    text: str
    arguments: tuple[str | bytes, ...]

    def calls(self, about: bytes) -> list[Call]:
        """Run it through, and say what changes it made or tried from the first call on that names `about`."""
        with tempfile.TemporaryDirectory() as folder:
            log = Path(folder) / "log"
            done = self._under("--output", str(log), "--string-limit", "4096")
            assert done.returncode == 0, done.stderr
            lines = log.read_bytes().splitlines()
        counts: Counter[str] = Counter()
        found: list[Call] = []
        for line in lines:
            name = re.match(rb"(?:[0-9]+ +)?([a-z0-9_]+)\(", line)
            if name is None:
                continue
            call = Call(name[1].decode(), counts[name[1].decode()] + 1)
            counts[call.name] = call.count
            if found or (about in line and call.name != "execve"):
                found.append(call)
        return [call for call in found if call.name not in LOOKING]

    def logged(self, log: Path, *names: str) -> None:
        """Run it through and log these calls, with the paths of open files."""
        done = self._under("--output", str(log), "--trace", ",".join(names), "--decode-fds=path")
        assert done.returncode == 0, done.stderr

    def killed_at(self, call: Call) -> None:
        """Run it and kill it when it makes this call: the call is not carried out."""
        done = self._under(*_inject(call, "signal=KILL"))
        assert done.returncode == -signal.SIGKILL, (call, done.stderr)

    def failed_at(self, call: Call, error: str) -> "subprocess.CompletedProcess[bytes]":
        """Run it and have this call fail."""
        return self._under(*_inject(call, f"error={error}"))

    def _under(self, *options: str) -> "subprocess.CompletedProcess[bytes]":
        program = [sys.executable, "-c", self.text, *self.arguments]
        command = ["strace", "--follow-forks", *options, *program]
        return subprocess.run(command, cwd=ROOT, capture_output=True, timeout=60)


def at_each(calls: Iterable[Call], work: Callable[[int, Call], None]) -> None:
    """Do something at each call, numbered; a few at once, for most of the time is spent waiting for the disk."""
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(work, number, call) for number, call in enumerate(calls)]:
            done.result()


def _inject(call: Call, what: str) -> list[str]:
    return ["--output", os.devnull, "--trace", call.name, "--inject", f"{call.name}:{what}:when={call.count}"]
