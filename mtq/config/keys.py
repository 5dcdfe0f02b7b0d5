"""What a key path names in the configuration: a value or a table, by the model."""

import dataclasses
from collections.abc import Mapping
from typing import Any, NamedTuple

from mtq.config.kinds import Kind
from mtq.config.layout import Path
from mtq.config.model import Config, Target
from mtq.config.wording import named, nearest, unknown
from mtq.errors import MtqError


class UnknownKey(MtqError):
    """There is no such key."""


class NoSuchTable(MtqError):
    """The service or target is not there that the key belongs to."""


class Key(NamedTuple):
    """A key that there is. `kind` is what it may hold; None for a table."""

    path: Path
    kind: Kind[object] | None


def find(config: Config, path: Path, new_target: bool = False) -> Key:
    """The key that a path names. Raises UnknownKey and NoSuchTable, which name the nearest that there is.

    A shell takes quotes away, so `targets.pop.isp.com.port` is understood as `targets."pop.isp.com".port`.
    `new_target`: a target need not be there yet.
    """
    return _in_table(config, (), path, new_target)


def _in_table(table: Any, here: Path, path: Path, new_target: bool) -> Key:     # Any: some dataclass of the model
    if not path:
        return Key(here, None)
    name, rest = path[0], path[1:]
    fields = {field.name: field.metadata for field in dataclasses.fields(table)}
    here += (name,)
    if name not in fields:
        raise UnknownKey(f"{named(here)}{unknown(name, fields)}")
    if "table" in fields[name]:
        return _in_table(getattr(table, name), here, rest, new_target)
    if "tables" in fields[name]:
        return _in_named_tables(fields[name]["tables"], getattr(table, name), here, rest, new_target)
    if rest:
        raise UnknownKey(f"{named(here + rest)}: unknown key; {named(here)} is a value and no table")
    return Key(here, fields[name]["kind"])


def _in_named_tables(model: type, tables: Mapping[str, Any], here: Path, path: Path, new_target: bool) -> Key:
    if not path:
        return Key(here, None)
    name, rest = _host(tables, path) if model is Target else (path[0], path[1:])
    here += (name,)
    if name in tables:
        return _in_table(tables[name], here, rest, new_target)
    if model is Target and new_target:
        return _in_table(Target(), here, rest, new_target)
    raise NoSuchTable(f"{named(here)}: there is no such {model.__name__.lower()}; {nearest(name, tables)}")


def _host(targets: Mapping[str, Target], path: Path) -> tuple[str, Path]:
    """The name of a target and the key in it. A target has no tables in it, so all but the last part is the name."""
    whole = ".".join(path)
    if whole in targets or len(path) == 1:
        return whole, ()
    return ".".join(path[:-1]), path[-1:]
