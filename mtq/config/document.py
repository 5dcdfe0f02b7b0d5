"""A configuration's text, changed key by key: whatever a change is not about keeps every byte.

Each change is made twice, in the text and in the plain data that tomllib reads from it. The two have to agree
afterwards, so a fault in here changes nothing. tomlkit writes new keys and values; the rest of it is not used: its
0.15 refuses some valid files, loses spaces in others, and puts a new key below the comment of the next table.
"""

import copy
import tomllib
from collections.abc import Callable, Mapping, Sequence

from mtq.config import inline, listed
from mtq.config.layout import Path, join, split
from mtq.config.placement import give, holder, insert, remove_table
from mtq.config.writing import Plain, alike, dotted, written
from mtq.errors import MtqError


class Unchangeable(MtqError):
    """The change cannot be made; nothing was changed."""


class Document:
    """A text that tomllib accepts."""

    def __init__(self, text: str) -> None:
        self._data: dict[str, Plain] = tomllib.loads(text)
        self._line_end = "\r\n" if "\r\n" in text else "\n"
        self._open = bool(text) and not text.endswith("\n")      # the last line has no end, and is not to get one
        self._text = text + self._line_end if self._open else text

    @property
    def text(self) -> str:
        """The text as it is now."""
        return self._text.removesuffix(self._line_end) if self._open else self._text

    def get(self, path: Path) -> Plain:
        """What is written at this path, as plain data that is not to be changed; None if nothing is."""
        return _at(self._data, path)

    def set(self, path: Path, value: Plain) -> bool:
        """Write a value, in a new table if there is none yet; False if that is its value already.

        A list keeps the items that it has in common with the new one as they are written. Raises Unchangeable.
        """
        old = self.get(path)
        if alike(old, value):
            return False
        if isinstance(old, dict) or isinstance(value, dict):
            raise Unchangeable(f"{dotted(path)}: a table is changed key by key")
        if isinstance(old, list) and isinstance(value, list):
            self._rewrite(path, lambda text: _relisted(text or "[]", old, value), value)
        else:
            self._rewrite(path, lambda _: written(value), value)
        return True

    def remove(self, path: Path) -> bool:
        """Remove a key, or a table with all in it; False if it is not there."""
        if self.get(path) is None:
            return False
        statements = split(self._text)
        found = holder(statements, path)
        if found is None:
            remove_table(statements, path)
        elif statements[found].path == path:
            del statements[found]
        else:
            inner = path[len(statements[found].path) :]
            give(statements, found, inline.without(statements[found].value, inner))
        expected = copy.deepcopy(self._data)
        del _table(expected, path)[path[-1]]
        self._settle(join(statements), expected, path)
        return True

    def append(self, path: Path, items: Sequence[Plain]) -> None:
        """Put items at the end of a list. A lone value becomes a list, a key that is not there is made.

        Raises Unchangeable.
        """
        if not items:
            return
        old = self.get(path)
        before = old if isinstance(old, list) else [] if old is None else [old]

        def longer(text: str | None) -> str:
            array = text if isinstance(old, list) else f"[{text or ''}]"
            return listed.read(array or "[]").adding(list(map(written, items))).text

        self._rewrite(path, longer, [*before, *items])

    def discard(self, path: Path, unwanted: Callable[[Plain], bool]) -> list[Plain]:
        """Remove items from a list and say which. A list that loses all of them stays as an empty one.

        A lone value in place of a list stays. Raises Unchangeable.
        """
        old = self.get(path)
        if not isinstance(old, list):
            return []
        gone = {index: item for index, item in enumerate(old) if unwanted(item)}
        if gone:
            left = [item for index, item in enumerate(old) if index not in gone]
            self._rewrite(path, lambda text: listed.read(text or "[]").without(gone).text, left)
        return list(gone.values())

    def amend(self, path: Path, change: Callable[[Plain], Plain]) -> None:
        """Change items of a list where they stand, with their comments. A lone value in place of a list stays.

        Raises Unchangeable.
        """
        old = self.get(path)
        if not isinstance(old, list):
            return
        new = [change(item) for item in old]
        texts = {index: written(item) for index, item in enumerate(new) if not alike(item, old[index])}
        if texts:
            self._rewrite(path, lambda text: _amended(text or "[]", texts), new)

    def _rewrite(self, path: Path, change: inline.Change, value: Plain) -> None:
        """Put what `change` makes of the text of a value in its place; it then means `value`."""
        expected = copy.deepcopy(self._data)
        _table(expected, path)[path[-1]] = value
        statements = split(self._text)
        found = holder(statements, path)
        if found is not None:
            inner = path[len(statements[found].path) :]
            give(statements, found, inline.changed(statements[found].value, inner, change))
        elif self.get(path) is None:
            insert(statements, path, change(None), self._line_end)
        else:
            raise Unchangeable(f"{dotted(path)}: written as tables in double brackets; make a list of it first")
        self._settle(join(statements), expected)

    def _settle(self, text: str, expected: dict[str, Plain], removed: Path = ()) -> None:
        """Take the new text if it means what is expected; tables that were there by what was removed alone may go."""
        try:
            found = tomllib.loads(text)
        except tomllib.TOMLDecodeError:
            found = {}
        for depth in range(len(removed) - 1, 0, -1):
            table = _table(expected, removed[:depth])
            if not table[removed[depth - 1]] and _at(found, removed[:depth]) is None:
                del table[removed[depth - 1]]
        if not alike(found, expected):
            raise Unchangeable("the file is written in a way that mtq cannot change safely; change it by hand")
        self._text, self._data = text, expected


def _at(data: Plain, path: Path) -> Plain:
    for part in path:
        if not isinstance(data, dict) or part not in data:
            return None
        data = data[part]
    return data


def _table(data: dict[str, Plain], path: Path) -> dict[str, Plain]:
    """The table around a key, made where it is not there."""
    for depth, part in enumerate(path[:-1], 1):
        data = data.setdefault(part, {})
        if not isinstance(data, dict):
            raise Unchangeable(f"{dotted(path[:depth])}: no table, so there cannot be {dotted(path)}")
    return data


def _amended(text: str, items: Mapping[int, str]) -> str:
    array = listed.read(text)
    for index, item in items.items():
        array = array.with_text(index, item)
    return array.text


def _relisted(text: str, old: list[Plain], new: list[Plain]) -> str:
    """The text of a list after it was given other items: those that stay are left as they are written."""
    have, wanted = [written(item) for item in old], [written(item) for item in new]
    staying = set(wanted)
    gone = [index for index, item in enumerate(have) if item not in staying]
    kept = [item for item in have if item in staying]
    if kept != wanted[: len(kept)]:
        return written(new)
    return listed.read(text).adding(wanted[len(kept) :]).without(gone).text
