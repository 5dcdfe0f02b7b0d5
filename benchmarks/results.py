"""What a run of the comparison has found: kept as JSON beside this file, told as Markdown, drawn by plot.py."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

LESSER = ("twisted",)
"""Servers that do less: Twisted tells wrong sizes, keeps no index and no log, and lets several in at once."""

FILE = Path(__file__).with_name("results.json")


@dataclass(frozen=True)
class Result:
    """One piece of work: each server's figure in each round, mtq's first, and the share that is aimed at."""

    work: str
    unit: str
    target: str
    figures: dict[str, list[float]]

    @property
    def ours(self) -> list[float]:
        """mtq's figures."""
        return next(iter(self.figures.values()))

    @property
    def others(self) -> dict[str, list[float]]:
        """The other servers' figures."""
        return dict(list(self.figures.items())[1:])

    def shares(self, other: str) -> list[float]:
        """mtq's figure by another server's, round by round."""
        pairs = zip(self.ours, self.figures[other], strict=True)
        return [own / its if its else float("inf") for own, its in pairs]

    @property
    def best(self) -> str | None:
        """The other server that needs least, of those that do as much."""
        equals = [name for name in self.others if name not in LESSER]
        return min(equals, key=lambda name: median(self.others[name]), default=None)

    def lines(self) -> list[str]:
        """The lines of the table: one for each other server."""
        first = f"| {self.work} | {median(self.ours):.3g} {self.unit}"
        if not self.others:
            return [f"{first} | - | - | - | {self.target} |"]
        told = []
        for name, theirs in self.others.items():
            shares = self.shares(name)
            share = f"**{median(shares):.2f}** ({min(shares):.2f}-{max(shares):.2f})"
            told.append(f"{first} | {name} | {median(theirs):.3g} {self.unit} | {share} | {self.target} |")
        return told


@dataclass
class Run:
    """A whole run: when and where it was, and what was found."""

    date: str
    machine: str
    versions: dict[str, str]
    rounds: int
    results: list[Result] = field(default_factory=list)

    def write(self, file: Path = FILE) -> None:
        """Keep it in place of the one before."""
        file.write_text(json.dumps(asdict(self), indent=1) + "\n")


def read(file: Path = FILE) -> Run:
    """The run that is kept."""
    kept = json.loads(file.read_text())
    return Run(**{**kept, "results": [Result(**each) for each in kept["results"]]})
