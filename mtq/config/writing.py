"""How TOML writes keys and values. tomlkit does it; it is loaded for what is no plain number or word."""

import re
from collections.abc import Sequence
from datetime import date, time
from typing import Any

Plain = Any
"""What TOML holds: tables, lists, strings, numbers, booleans, times. There is no narrower type for it."""

_BARE = re.compile(r"[A-Za-z0-9_-]+\Z")


def dotted(path: Sequence[str]) -> str:
    """A key, its parts quoted where they have to be."""
    return ".".join(part if _BARE.match(part) else _scalar(part) for part in path)


def written(value: Plain) -> str:
    """A value, on one line."""
    if isinstance(value, list):
        return f"[{', '.join(map(written, value))}]"
    if isinstance(value, dict):
        pairs = ", ".join(f"{dotted((key,))} = {written(item)}" for key, item in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    return _scalar(value)


def alike(one: Plain, other: Plain) -> bool:
    """Whether two values are the same to TOML, for which 1 is neither 1.0 nor true."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, date | time):
        return bool(one.isoformat() == other.isoformat())      # the zone counts, too
    return repr(one) == repr(other)      # a number that is none (nan) equals itself here


def _scalar(value: Plain) -> str:
    if isinstance(value, int):
        return str(value).lower()
    import tomlkit

    return tomlkit.item(value).as_string()
