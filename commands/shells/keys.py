"""The keys of the configuration, out of its model, with what may stand there."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mtq.config.kinds import Choice, Switch
from mtq.config.model import Config, Mechanism, Mechanisms, PathKind, Service

from .takes import Choices, Source, Takes


@dataclass(frozen=True)
class Key:
    """One key, dotted from the top of its table."""

    name: str
    about: str
    takes: Takes


@dataclass(frozen=True)
class Keys:
    """What can be set: `config` without the services, and `service` within the table of one."""

    config: tuple[Key, ...]
    service: tuple[Key, ...]


def known() -> Keys:
    """All keys that there are, but those of tables whose names are an administrator's own."""
    return Keys(tuple(_keys(Config)), tuple(_keys(Service)))


def _keys(model: Any, table: str = "") -> Iterator[Key]:     # Any: dataclasses.fields has no type for a class of them
    for field in dataclasses.fields(model):
        name = f"{table}{field.name}"
        if "table" in field.metadata:
            yield from _keys(field.metadata["table"], f"{name}.")
        elif "kind" in field.metadata:
            yield Key(name, field.metadata["about"], _takes(field.metadata["kind"]))


def _takes(kind: object) -> Takes:
    match kind:
        case Choice():
            return Choices(tuple(word.value for word in kind.words))
        case Switch():
            return Choices(("true", "false"))
        case Mechanisms():
            return Choices(("auto", *(word.value for word in Mechanism)))
        case PathKind():
            return Source.FILES
        case _:
            return Source.NOWHERE
