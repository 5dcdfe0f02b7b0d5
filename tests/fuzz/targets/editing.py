"""Editing a configuration in place: the octets are a TOML text, in any layout.

Every statement of it is found with every byte; what is removed is gone, what is set is there, what is added and
removed again leaves no trace, and all else means what it did.
"""

import tomllib
from collections.abc import Iterable, Iterator

from mtq.config.document import Document, Unchangeable
from mtq.config.layout import Path, join, split
from mtq.config.locate import line_of
from mtq.config.writing import Plain, alike

MOST = 6
"""Keys that are tried of one text."""

DEEPEST = 20
"""Tables and lists within each other: what is deeper the reader has refused before, for no key goes so far."""

NEW = ("services", "pop3", "max_connections")


def check(octets: bytes) -> None:
    try:
        text = octets.decode()
        data = tomllib.loads(text)
    except (ValueError, RecursionError):
        return
    if _depth(data) > DEEPEST:
        return
    assert join(split(text)) == text
    for path in list(_paths(data))[:MOST]:
        assert 1 <= line_of(text, path) <= text.count("\n") + 1
        _removed(text, path)
    _set(text)


def _removed(text: str, path: Path) -> None:
    document = Document(text)
    try:
        assert document.remove(path)
    except Unchangeable:
        return
    assert Document(document.text).get(path) is None


def _set(text: str) -> None:
    document = Document(text)
    try:
        if not document.set(NEW, 7):
            return
    except Unchangeable:
        assert document.text == text
        return
    changed = tomllib.loads(document.text)
    assert changed["services"]["pop3"].pop("max_connections") == 7
    before = tomllib.loads(text)
    before.setdefault("services", {}).setdefault("pop3", {}).pop("max_connections", None)
    assert alike(changed, before)


def _paths(data: dict[str, Plain], above: Path = ()) -> Iterator[Path]:
    for key, value in data.items():
        yield (*above, key)
        if isinstance(value, dict) and len(above) < MOST:
            yield from _paths(value, (*above, key))


def _depth(data: Plain) -> int:
    """How many tables and lists lie within each other; level by level, for it may be very many."""
    depth, level = 0, [data]
    while level := [inner for value in level for inner in _within(value)]:
        depth += 1
    return depth


def _within(value: Plain) -> Iterable[Plain]:
    match value:
        case dict():
            return value.values()
        case list():
            return value
        case _:
            return ()
