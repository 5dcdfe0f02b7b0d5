"""In which line of a TOML text a key stands. TOML libraries do not say; this runs only when there is an error."""

from collections.abc import Iterator

from mtq.config.layout import KeyPath, Kind, split
from mtq.config.listed import read


def line_of(text: str, path: KeyPath) -> int:
    """The line, from 1, of the key with this path or of the innermost table around it that is written down.

    The text is TOML. Path elements are keys and, within arrays, indexes.
    """
    lines: dict[KeyPath, int] = {}
    for key, line in _lines(text, (), 1):
        lines.setdefault(key, line)
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def _lines(text: str, table: KeyPath, line: int) -> Iterator[tuple[KeyPath, int]]:
    """Every key, table and array item of a text with its line; `table` is around it all."""
    for statement in split(text):
        path = table + statement.path
        if statement.kind is Kind.HEADER:
            yield path, line
        elif statement.kind is Kind.PAIR:
            for depth in range(len(table + statement.section) + 1, len(path) + 1):
                yield path[:depth], line
            yield from _items(statement.value, path, line)
        line += statement.text.count("\n")


def _items(value: str, path: KeyPath, line: int) -> Iterator[tuple[KeyPath, int]]:
    if value[0] not in "[{":
        return
    for index, item in enumerate(read(value).items):
        line += item.gap.count("\n")
        if value[0] == "{":
            yield from _lines(item.text, path, line)
        else:
            yield (*path, index), line
            yield from _items(item.text, (*path, index), line)
        line += (item.text + item.after).count("\n")
