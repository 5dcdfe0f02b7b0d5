"""Completion of the dashboard's command line: the same tree that the scripts for the shells are written from."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from .keys import Key, Keys, known
from .takes import Choices, Source, Takes
from .tree import Command, describe

if TYPE_CHECKING:
    from mtq.tui.shell.command import Candidate, Complete

Names = Callable[[Source], Iterable[str]]
"""The services or the users that there are at the moment."""


@dataclass(frozen=True)
class _Place:
    """Where on the command line the cursor is: in which command, what is expected there, after which arguments."""

    command: Command
    takes: Takes | None
    arguments: tuple[str, ...] = ()
    is_value: bool = False
    """Whether it is the value of the option before."""


def completion(context: typer.Context, names: Names) -> "Complete":
    """A way to complete the command line that a context belongs to. It is described when it is first needed."""
    made: list[Complete] = []

    def complete(words: Sequence[str]) -> "Sequence[Candidate]":
        if not made:
            top = typer.Context(context.find_root().command, info_name="mtq")
            made.append(completer(describe(top), known(), names))
        return made[0](words)

    return complete


def completer(root: Command, keys: Keys, names: Names) -> "Complete":
    """A way to complete words. `root` is `mtq` itself, whose name is not typed."""
    from mtq.tui.shell.command import Candidate

    def complete(words: Sequence[str]) -> Sequence[Candidate]:
        found = _candidates(_walk(root, words[:-1]), words[-1], _Offer(keys, names))
        return [Candidate(word, about) for word, about in found if word.isprintable()]

    return complete


def _walk(root: Command, words: Sequence[str]) -> _Place:
    command = root
    takes: Takes | None = None
    arguments: tuple[str, ...] = ()
    for word in words:
        if takes is not None:
            takes = None
        elif word.startswith("-"):
            takes = None if "=" in word else _option(command, word)
        elif not arguments and (below := _below(command, word)) is not None:
            command = below
        else:
            arguments = (*arguments, word)
    if takes is not None:
        return _Place(command, takes, is_value=True)
    return _Place(command, _argument(command, len(arguments)), arguments)


def _below(command: Command, name: str) -> Command | None:
    return next((below for below in command.commands if below.name == name), None)


def _option(command: Command, name: str) -> Takes | None:
    return next((option.takes for option in command.options if name in option.names), None)


def _argument(command: Command, position: int) -> Takes | None:
    arguments = command.arguments
    if position < len(arguments):
        return arguments[position].takes
    return arguments[-1].takes if arguments and arguments[-1].many else None


Found = Iterator[tuple[str, str]]
"""Words, each with what it is for."""


def _candidates(place: _Place, word: str, offer: "_Offer") -> Found:
    if word.startswith("-") and not place.is_value:
        name, equals, value = word.partition("=")
        if equals:
            takes = _option(place.command, name)
            yield from offer.all(takes, value, place.arguments, f"{name}=")
        else:
            yield from ((name, option.about) for option in place.command.options for name in option.names)
    elif place.command.commands and not place.is_value:
        yield from ((below.name, below.about) for below in place.command.commands if not place.arguments)
    else:
        yield from offer.all(place.takes, word, place.arguments)


@dataclass(frozen=True)
class _Offer:
    """What a parameter takes, as words."""

    keys: Keys
    names: Names

    def all(self, takes: Takes | None, word: str, arguments: Sequence[str], start: str = "") -> Found:
        """The words, with what stands before them in the same word."""
        yield from ((start + found, about) for found, about in self._all(takes, word, arguments))

    def _all(self, takes: Takes | None, word: str, arguments: Sequence[str]) -> Found:
        match takes:
            case Choices():
                yield from ((choice, "") for choice in takes.words)
            case Source.SERVICES | Source.USERS:
                yield from ((name, "") for name in self.names(takes))
            case Source.FILES:
                yield from ((path, "") for path in _paths(word))
            case Source.SETTING:
                yield from self._setting(word)
            case Source.KEY:
                yield from self._key()
            case Source.VALUE:
                yield from self._value(arguments[-1] if arguments else "", word)
            case Source.PAIRS:
                yield from self._value(arguments[-1], word) if len(arguments) % 2 else self._key()
            case _:
                return

    def _setting(self, word: str) -> Found:
        name, equals, value = word.partition("=")
        if equals:
            yield from ((f"{name}={found}", about) for found, about in self._value(name, value))
        else:
            yield from ((f"{key.name}=", key.about) for key in self.keys.service)

    def _key(self) -> Found:
        yield from ((key.name, key.about) for key in self.keys.config)
        for service in self.names(Source.SERVICES):
            if "." not in service:      # it would have to be quoted
                yield from ((f"services.{service}.{key.name}", key.about) for key in self.keys.service)

    def _value(self, name: str, word: str) -> Found:
        key = next((key for key in self._keys(name) if key.name == name.split(".", 2)[-1] or key.name == name), None)
        yield from self._all(None if key is None else key.takes, word, ())

    def _keys(self, name: str) -> Iterable[Key]:
        return self.keys.config if name in {key.name for key in self.keys.config} else self.keys.service


def _paths(word: str) -> Iterator[str]:
    """The files and folders that a path could go on with; folders end in a slash."""
    folder, _, _ = word.rpartition("/")
    where = os.path.expanduser(folder or ("/" if word.startswith("/") else "."))
    start = word[: word.rfind("/") + 1]
    with suppress(OSError), os.scandir(where) as found:
        for entry in sorted(found, key=lambda entry: entry.name):
            yield f"{start}{entry.name}{'/' if entry.is_dir() else ''}"
