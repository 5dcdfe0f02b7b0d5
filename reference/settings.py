"""The configuration as plain data, out of its model: each table with its keys, what they may hold, their defaults."""

import dataclasses
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mtq.config.model import UNSET, Config
from mtq.config.plain import plain


@dataclass(frozen=True)
class Key:
    """A key of a table. `default` is TOML; empty if the key is unset by default."""

    name: str
    allowed: str
    default: str
    about: str


@dataclass(frozen=True)
class Table:
    """A table: its name as it stands between brackets."""

    name: str
    about: str
    keys: tuple[Key, ...]


def tables() -> list[Table]:
    """All tables, in the order of the model."""
    return list(_below(Config, ""))


def _below(model: Any, prefix: str) -> Iterator[Table]:     # Any: dataclasses.fields has no type for a class of them
    for field in dataclasses.fields(model):
        about = field.metadata["about"]
        if "table" in field.metadata:
            yield from _table(field.metadata["table"], f"{prefix}{field.name}", about)
        elif "tables" in field.metadata:
            name = '"HOST"' if "names" in field.metadata else "NAME"
            yield from _table(field.metadata["tables"], f"{prefix}{field.name}.{name}", about)


def _table(model: Any, name: str, about: str) -> Iterator[Table]:
    yield Table(name, about, tuple(_keys(model)))
    yield from _below(model, f"{name}.")


def _keys(model: Any) -> Iterator[Key]:
    default = plain(model())
    for field in dataclasses.fields(model):
        if "kind" in field.metadata:
            kind = field.metadata["kind"]
            yield Key(field.name, kind.allowed, _toml(default[field.name]), field.metadata["about"])


def _toml(value: object) -> str:
    if value is None or value in ("", str(UNSET)):
        return ""
    return json.dumps(value, ensure_ascii=False)        # what a default holds is written alike in JSON and TOML
