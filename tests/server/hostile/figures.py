"""What an attack has cost, as the kernel counts it."""

import os
import resource
from dataclasses import dataclass
from pathlib import Path

from tests.server.hostile.attacks import Attack

MIB = 1 << 20


@dataclass(frozen=True)
class Figure:
    """The measured side of an attack."""

    attack: Attack
    clients: int
    memory_before: float      # MiB, like the next
    memory: float
    descriptors_before: int
    descriptors: int
    descriptors_after: int
    sessions: int      # of another client, each whole
    slowest: float      # of these, in seconds

    @property
    def grown(self) -> float:
        """MiB that the attack has cost."""
        return self.memory - self.memory_before

    @property
    def opened(self) -> int:
        """Descriptors that it has taken."""
        return self.descriptors - self.descriptors_before

    @property
    def row(self) -> str:
        """As a row of a table."""
        return (
            f"| {self.attack.what} | {self.clients} | {self.memory_before:.0f} → {self.memory:.0f} "
            f"| {self.descriptors_before} → {self.descriptors} → {self.descriptors_after} "
            f"| {self.sessions}, {self.slowest:.2f} s |"
        )


def memory(pid: int) -> float:
    """MiB that a process has in memory."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / MIB


def descriptors(pid: int) -> int:
    """How many a process has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))
