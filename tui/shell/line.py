"""A line that is being typed: its words, and how one of them is completed. No I/O."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from .command import Candidate


@dataclass(frozen=True)
class Typed:
    """The words of a line up to the cursor, the last of them being typed; `start` is where that begins."""

    words: tuple[str, ...]
    start: int


def typed(line: str) -> Typed:
    """Read a line up to the cursor, as a shell does: quotes may be open still."""
    words: list[str] = []
    word, start, quote, begun, escaped = "", len(line), "", False, False
    for at, character in enumerate(line):
        if not begun and not character.isspace():
            start, begun = at, True
        if escaped:
            word, escaped = word + character, False
        elif character == "\\" and quote != "'":
            escaped = True
        elif quote:
            word, quote = (word, "") if character == quote else (word + character, quote)
        elif character in "'\"":
            quote = character
        elif character.isspace():
            if begun:
                words.append(word)
            word, start, begun = "", len(line), False
        else:
            word += character
    return Typed((*words, word), start if begun else len(line))


def completed(line: str, candidates: Sequence[Candidate]) -> str:
    """The line with its last word completed as far as all candidates agree, and a space after the only one."""
    found = typed(line)
    fitting = [candidate.word for candidate in candidates if candidate.word.startswith(found.words[-1])]
    if not fitting:
        return line
    word = _common(fitting)
    whole = len(fitting) == 1 and not word.endswith(("=", ".", "/"))
    if word == found.words[-1] and not whole:
        return line
    return line[: found.start] + _quoted(word) + (" " if whole else "")


def _common(words: Sequence[str]) -> str:
    """What all of them begin with."""
    first, last = min(words), max(words)
    same = next((at for at, character in enumerate(first) if last[at : at + 1] != character), len(first))
    return first[:same]


def _quoted(word: str) -> str:
    return shlex.quote(word) if word else word


class History:
    """Lines that were typed, to go back to. What is being typed is not lost."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._at = 0
        self._draft = ""

    def enter(self, line: str) -> None:
        """A line was typed."""
        if line in self._lines:
            self._lines.remove(line)
        self._lines.append(line)
        self._lines = self._lines[-MOST:]
        self._at = len(self._lines)

    def older(self, line: str) -> str:
        """The line before the one that is shown."""
        if self._at == len(self._lines):
            self._draft = line
        self._at = max(0, self._at - 1)
        return self._lines[self._at] if self._lines else line

    def newer(self, line: str) -> str:
        """The line after it; after the last, what was being typed."""
        if self._at >= len(self._lines):
            return line
        self._at += 1
        return self._lines[self._at] if self._at < len(self._lines) else self._draft


MOST = 500
"""Lines of history that are kept."""
