"""What differs between two configurations, by key."""

from collections.abc import Iterator

from mtq.config.model import Config
from mtq.config.plain import plain

AT_START_ONLY = ("server.state_dir", "server.control_socket", "server.user")
"""What a running server cannot change about itself."""


def differences(old: Config, new: Config) -> list[str]:
    """The keys whose values differ, dotted, in the order of the model. A service that came or went is one key."""
    return list(_differences(plain(old), plain(new), ""))


def waiting(start: Config, now: Config) -> list[str]:
    """The keys that differ from those a server has started with, and that it cannot take up."""
    keys = [key.rpartition(".")[2] for key in AT_START_ONLY]
    return [f"server.{key}" for key in keys if getattr(start.server, key) != getattr(now.server, key)]


def _differences(old: object, new: object, where: str) -> Iterator[str]:
    if not (isinstance(old, dict) and isinstance(new, dict)):
        if old != new:
            yield where
        return
    for key in [*old, *(key for key in new if key not in old)]:
        path = f"{where}.{key}" if where else key
        if key in old and key in new:
            yield from _differences(old[key], new[key], path)
        else:
            yield path
