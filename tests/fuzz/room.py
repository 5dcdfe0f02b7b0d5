"""Where the inputs of a target are kept, and the words of its language."""

import ast
from pathlib import Path

ROOM = Path(__file__).parent

WORK = ROOM.parents[1] / "build" / "fuzz"
"""Where a hunt puts what it finds."""

FINDINGS = WORK / "findings"


def corpus(target: str) -> Path:
    """The folder with the inputs that a target is shown in every test run."""
    return ROOM / "corpus" / target


def dictionary(target: str) -> Path:
    """The file of its words, one a line, as libFuzzer reads them: in quotes, with escapes as in C."""
    return ROOM / "dictionaries" / f"{target}.txt"


def words(target: str) -> list[bytes]:
    """The words in it."""
    return [ast.literal_eval(f"b{line}") for line in dictionary(target).read_text("ascii").splitlines()]
