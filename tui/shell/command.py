"""What the command line is given by whoever starts the dashboard: ways to run and to complete a command."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Outcome:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str


class Run(Protocol):
    """Runs a command line of mtq, given without the `mtq`. To be cancelled ends the command."""

    def __call__(self, arguments: Sequence[str], columns: int, stdin: bytes) -> Awaitable[Outcome]:
        """`columns`: the width of the terminal that the command is to see."""


@dataclass(frozen=True)
class Candidate:
    """A word that could stand where the cursor is: what it completes the word to, and what it is for."""

    word: str
    about: str = ""


Complete = Callable[[Sequence[str]], Sequence[Candidate]]
"""What the last of these words could be completed to. May read files."""


async def nothing_runs(arguments: Sequence[str], columns: int, stdin: bytes) -> Outcome:
    """For a dashboard that was given no way to run commands."""
    return Outcome(1, "", "this dashboard runs no commands")
