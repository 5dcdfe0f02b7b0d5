"""An array or inline table as it is written: items come and go, and every other byte stays.

An item that is added gets the line and the indentation that its neighbours have; one that is added and removed again
leaves the text as it was. A comment behind an item on its line goes with it, comments on lines of their own stay.
"""

import re
from collections.abc import Collection, Sequence
from typing import NamedTuple

from mtq.config.layout import DEPTH, tokens, trivial

_LINE_END = re.compile(r"\r?\n")


class Item(NamedTuple):
    """An item: what stands before it since the last comma, the item, and what stands before its own comma."""

    gap: str
    text: str
    after: str = ""

    @property
    def begins_line(self) -> bool:
        """Whether it is the first on its line."""
        return "\n" in self.gap

    @property
    def indent(self) -> str:
        """The space before it on its line."""
        return self.gap.rpartition("\n")[2]


class Listed(NamedTuple):
    """The whole. `closed`: a comma stands after the last item, too; `end` is what stands before the bracket."""

    brackets: str
    items: tuple[Item, ...]
    closed: bool
    end: str

    @property
    def text(self) -> str:
        """As it is written."""
        inner = ",".join(f"{item.gap}{item.text}{item.after}" for item in self.items)
        return f"{self.brackets[0]}{inner}{',' if self.closed else ''}{self.end}{self.brackets[1]}"

    def with_text(self, index: int, text: str) -> "Listed":
        """With another text for an item."""
        item = self.items[index]._replace(text=text)
        return self._replace(items=(*self.items[:index], item, *self.items[index + 1 :]))

    def adding(self, texts: Sequence[str]) -> "Listed":
        """With further items at the end."""
        listed = self
        if texts and not self.items:
            listed, texts = self._first(texts[0]), texts[1:]
        if not texts:
            return listed
        last = listed.items[-1]
        return listed._in_lines(texts) if last.begins_line else listed._in_line(texts)

    def without(self, indexes: Collection[int]) -> "Listed":
        """Without some of the items."""
        items, end = list(self.items), self.end
        for index in sorted(indexes, reverse=True):
            item = items.pop(index)
            if index == len(items):
                end = _joined(item, end, last=True)
                continue
            after = items[index]
            takes_its_place = index == 0 and "\n" not in after.gap
            items[index] = after._replace(gap=item.gap if takes_its_place else _joined(item, after.gap))
        return self._replace(items=tuple(items), closed=self.closed and bool(items), end=end)

    def _first(self, text: str) -> "Listed":
        lines = self.end.rpartition("\n")
        if not lines[1]:
            return self._replace(items=(Item(self.end, text),), closed=False)
        above, closing = lines[0] + lines[1], lines[2]
        comment = re.search(r"([ \t]*)#.*\Z", above.rstrip("\r\n"))
        indent = comment[1] if comment and "\n" in above[: comment.start()] else closing + "    "
        return self._replace(items=(Item(above + indent, text),), closed=True, end=_line_end(above) + closing)

    def _in_line(self, texts: Sequence[str]) -> "Listed":
        last = self.items[-1]
        gap = last.gap if len(self.items) > 1 else " "
        return self._replace(items=(*self.items, *(Item(gap, text) for text in texts)))

    def _in_lines(self, texts: Sequence[str]) -> "Listed":
        """Each on a line of its own. What is left of the last item's line, a comment perhaps, stays there."""
        last = self.items[-1]
        line_end = _LINE_END.search(self.end)
        rest, below = (self.end[: line_end.start()], self.end[line_end.start() :]) if line_end else ("", self.end)
        new_line = (line_end[0] if line_end else _line_end(last.gap)) + last.indent
        first = Item(rest + new_line, texts[0])
        return self._replace(items=(*self.items, first, *(Item(new_line, text) for text in texts[1:])), end=below)


def read(text: str) -> Listed:
    """The parts of an array or inline table. `text` gives the same again."""
    whole = tokens(text)
    parts: list[list[str]] = [[]]
    depth = 0
    for piece in whole[1:-1]:
        depth += DEPTH.get(piece, 0)
        if piece == "," and depth == 0:
            parts.append([])
        else:
            parts[-1].append(piece)
    brackets = whole[0] + whole[-1]
    items = [_item(part) for part in parts]
    if items[-1].text:
        return Listed(brackets, (*items[:-1], items[-1]._replace(after="")), False, items[-1].after)
    return Listed(brackets, tuple(items[:-1]), len(items) > 1, items[-1].gap)


def _item(part: list[str]) -> Item:
    start, stop = 0, len(part)
    while start < stop and trivial(part[start]):
        start += 1
    while stop > start and trivial(part[stop - 1]):
        stop -= 1
    return Item("".join(part[:start]), "".join(part[start:stop]), "".join(part[stop:]))


def _joined(item: Item, after: str, last: bool = False) -> str:
    """What stands in the place of an item that is removed: what stood before and after it, without its line."""
    line_end = _LINE_END.search(after)
    if not item.begins_line:
        return after
    if line_end is None:
        return item.gap if not last or "#" in item.gap else after
    return item.gap[: len(item.gap) - len(item.indent)] + after[line_end.end() :]


def _line_end(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"
