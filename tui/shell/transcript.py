"""What was typed on the command line and what came of it, as text. No I/O.

What a command says may hold names from the network: of terminal codes only those for bold and plain are obeyed.
"""

import re
from collections import deque

from rich.text import Text

from ..wording import harmless
from .command import Outcome

KEPT = 2000
"""Lines that are kept."""

_STYLE = re.compile(r"\x1b\[([0-9;]*)m")


class Transcript:
    """The last lines, oldest first."""

    def __init__(self) -> None:
        self.lines: deque[Text] = deque(maxlen=KEPT)

    def typed(self, line: str) -> None:
        """A command line was typed."""
        self.lines.append(Text(f": {harmless(line)}", style="bold"))

    def remark(self, text: str) -> None:
        """Something else is to be said."""
        self.lines.extend(Text(harmless(line)) for line in text.splitlines())

    def came(self, outcome: Outcome) -> None:
        """A command has ended."""
        self.lines.extend(_lines(outcome.out))
        self.lines.extend(_lines(outcome.err))
        if outcome.code:
            self.lines.append(Text(f"exit code {outcome.code}", style="dim"))


def _lines(said: str) -> list[Text]:
    return [_line(line) for line in said.expandtabs().replace("\r\n", "\n").rstrip("\n").split("\n")] if said else []


def _line(line: str) -> Text:
    text, bold, at = Text(), False, 0
    for code in _STYLE.finditer(line):
        text.append(harmless(line[at : code.start()]), "bold" if bold else "")
        bold = "1" in code[1].split(";") or (bold and code[1] not in ("", "0", "22"))
        at = code.end()
    text.append(harmless(line[at:]), "bold" if bold else "")
    return text
