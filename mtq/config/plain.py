"""A configuration as plain data: what `mtq config show` prints, as TOML or as JSON."""

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any

from mtq.config.kinds import Listen, MaybeListen
from mtq.config.model import Entry, Mechanisms


def plain(value: Any) -> Any:    # Any: what TOML and JSON hold has no narrower type
    """The value as tables, lists, strings, numbers and None."""
    match value:
        case Entry():
            return _entry(value)
        case Listen() | Path():
            return str(value)
        case Enum():
            return value.value
        case tuple():
            return [plain(item) for item in value]
        case Mapping():
            return {name: plain(item) for name, item in value.items()}
        case _ if dataclasses.is_dataclass(value):
            return {field.name: _of_field(field, getattr(value, field.name)) for field in dataclasses.fields(value)}
        case _:
            return value


def without_absent(value: Any) -> Any:
    """The same without what is None, which TOML cannot say."""
    if isinstance(value, dict):
        return {name: without_absent(item) for name, item in value.items() if item is not None}
    return value


def _of_field(field: "dataclasses.Field[Any]", value: Any) -> Any:
    kind = field.metadata.get("kind")
    return kind.none if value is None and isinstance(kind, Mechanisms | MaybeListen) else plain(value)


def _entry(entry: Entry) -> str | dict[str, str | datetime]:
    if entry.until is None and not entry.comment:
        return entry.range.text
    table: dict[str, str | datetime] = {"range": entry.range.text}
    if entry.until is not None:
        table["until"] = entry.until
    if entry.comment:
        table["comment"] = entry.comment
    return table
