"""Keys of an inline table, changed as `listed` changes items: `{ enabled = true, dialup.timeout = 60 }`."""

from collections.abc import Callable

from mtq.config import listed
from mtq.config.layout import Path, Statement, split
from mtq.config.writing import dotted

Change = Callable[[str | None], str]
"""From a value's text (None: it is not there) to another."""


def changed(text: str, path: Path, change: Change) -> str:
    """The text of a value after the change of what the path names in it; the value itself for the path ()."""
    if not path:
        return change(text)
    table = listed.read(text)
    for index, pair in enumerate(_pairs(table)):
        if path[: len(pair.path)] == pair.path:
            value = changed(pair.value, path[len(pair.path) :], change)
            return table.with_text(index, pair.before + value).text
    return table.adding([f"{dotted(path)} = {change(None)}"]).text


def without(text: str, path: Path) -> str:
    """The text of an inline table without a key, or without all keys of a table in it."""
    table = listed.read(text)
    gone = []
    for index, pair in enumerate(_pairs(table)):
        if pair.path[: len(path)] == path:
            gone.append(index)
        elif path[: len(pair.path)] == pair.path:
            value = without(pair.value, path[len(pair.path) :])
            table = table.with_text(index, pair.before + value)
    return table.without(gone).text


def _pairs(table: listed.Listed) -> list[Statement]:
    return [split(item.text)[0] for item in table.items]
