"""The columns of a table: what they say of a row, how rows are put in order and found, what fits. No I/O."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from .topics import Row
from .wording import ABSENT as NOTHING
from .wording import shown

GAP = 2
"""Cells between two columns."""

DISPENSABLE = 4
"""Columns of a rank below this go before others are cut."""


class Tone(Enum):
    """How much a row asks for attention."""

    PLAIN = "plain"
    QUIET = "quiet"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True)
class Column:
    """A column. `say` makes the text of a value; `text`, if given, of the whole row. `rank`: the lowest goes first
    when there is no room. `most` is its greatest width; one that `grows` takes what is left; of what is too long the
    beginning is seen, or what it ends in."""

    key: str
    title: str
    say: Callable[[object], str] = shown
    text: Callable[[Row], str] | None = None
    right: bool = False
    rank: int = 5
    least: int = 4
    most: int = 30
    grows: bool = False
    keeps_end: bool = False
    optional: bool = False
    """Not there while there is nothing in it."""

    def of(self, row: Row) -> str:
        """What stands in it."""
        return self.text(row) if self.text is not None else self.say(row.get(self.key))

    def order(self, row: Row) -> tuple[int, float, str]:
        """What a row is put in order by: numbers before text, what is absent last."""
        value = row.get(self.key)
        if value is None or value == "":
            return ABSENT
        if isinstance(value, int | float):
            return 0, float(value), ""
        text = str(value)
        is_number = text.isascii() and text.isdigit() and len(text) < 16
        return (0, float(text), "") if is_number else (1, 0.0, text.lower())


ABSENT = (2, 0.0, "")


def ordered(found: Sequence[Row], column: Column | None, reverse: bool) -> Sequence[Row]:
    """The rows by a column; what is absent stays last either way."""
    if column is None:
        return found
    keys = [column.order(row) for row in found]
    present = [(key, row) for key, row in zip(keys, found, strict=True) if key != ABSENT]
    absent = [row for key, row in zip(keys, found, strict=True) if key == ABSENT]
    return [row for _, row in sorted(present, key=lambda pair: pair[0], reverse=reverse)] + absent


def matching(found: Sequence[Row], columns: Sequence[Column], wanted: str) -> Sequence[Row]:
    """The rows that have these words in them."""
    if not wanted.split():
        return found
    return [row for row in found if has_words(" ".join(column.of(row) for column in columns), wanted)]


def has_words(text: str, wanted: str) -> bool:
    """Whether a text has all these words in it, wherever and in whichever case; `!word`: does not have it."""
    lower = text.lower()
    return all(
        (word[1:] not in lower) if len(word) > 1 and word[0] == "!" else (word in lower)
        for word in wanted.lower().split()
    )


@dataclass(frozen=True)
class Placed:
    """A column that is shown, and its width."""

    column: Column
    width: int


def placed(columns: Sequence[Column], contents: Sequence[int], room: int) -> list[Placed]:
    """The columns that fit, with their widths. `contents`: the widest content of each, in cells."""
    wanted = [
        (column, max(len(column.title) + 1, min(max(content, column.least), column.most)))
        for column, content in zip(columns, contents, strict=True)
        if content > len(NOTHING) or not column.optional
    ]
    while len(wanted) > 1 and _total(wanted) > room:
        dispensable = any(column.rank < DISPENSABLE for column, _ in wanted)
        wanted = (None if dispensable else _narrower(wanted, room)) or _fewer(wanted)
    spare = room - _total(wanted)
    growing = [column for column, _ in wanted if column.grows]
    share = max(0, spare) // len(growing) if growing else 0
    return [Placed(column, width + share if column.grows else width) for column, width in wanted]


def _total(wanted: Sequence[tuple[Column, int]]) -> int:
    return sum(width for _, width in wanted) + GAP * (len(wanted) - 1)


def _narrower(wanted: Sequence[tuple[Column, int]], room: int) -> list[tuple[Column, int]] | None:
    """The same columns, the widest cut as far as they allow; None if that does not help."""
    widths = [width for _, width in wanted]
    least = [max(len(column.title) + 1, column.least) for column, _ in wanted]
    for _ in range(_total(wanted) - room):
        at = max(range(len(widths)), key=lambda at: (widths[at] > least[at], widths[at]))
        if widths[at] <= least[at]:
            return None
        widths[at] -= 1
    return [(column, width) for (column, _), width in zip(wanted, widths, strict=True)]


def _fewer(wanted: list[tuple[Column, int]]) -> list[tuple[Column, int]]:
    """Without the column that matters least; of two the one further to the right."""
    worst = min(range(len(wanted)), key=lambda at: (wanted[at][0].rank, -at))
    return wanted[:worst] + wanted[worst + 1 :]
