"""The command line as plain data: each command with its options, arguments and sub-commands.

`about` is the first sentence of a help, for a line in a menu; `text` is all of it, for the reference.
"""

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

import typer
from typer.core import TyperArgument, TyperGroup, TyperOption

from .takes import TAKES, Choices, Source, Takes


@dataclass(frozen=True)
class Option:
    """An option. `takes` is None for a flag."""

    names: tuple[str, ...]
    about: str
    word: str
    takes: Takes | None
    repeatable: bool = False
    required: bool = False
    default: str = ""
    text: str = ""


@dataclass(frozen=True)
class Argument:
    """An argument. After one that is `many` there is no other."""

    word: str
    takes: Takes
    many: bool = False
    required: bool = True
    text: str = ""


@dataclass(frozen=True)
class Command:
    """A command or a group of commands, with the names that lead to it: `("mtq", "user", "add")`."""

    path: tuple[str, ...]
    about: str
    options: tuple[Option, ...]
    arguments: tuple[Argument, ...]
    commands: tuple["Command", ...]
    text: str = ""

    @property
    def name(self) -> str:
        """The last of its names."""
        return self.path[-1]

    def all(self) -> Iterator["Command"]:
        """The command and everything below it."""
        yield self
        for command in self.commands:
            yield from command.all()


def describe(context: typer.Context, path: tuple[str, ...] = ("mtq",)) -> Command:
    """The command of a context and all below it, except what is hidden. Loads every module of the command line."""
    command = context.command
    parameters = [p for p in command.get_params(context) if not getattr(p, "hidden", False)]
    return Command(
        path,
        _sentence(command.help or ""),
        tuple(_option(p) for p in parameters if isinstance(p, TyperOption)),
        tuple(_argument(p) for p in parameters if isinstance(p, TyperArgument)),
        tuple(_below(context, path)),
        inspect.cleandoc(command.help or ""),
    )


def _below(context: typer.Context, path: tuple[str, ...]) -> Iterator[Command]:
    group = context.command
    if not isinstance(group, TyperGroup):
        return
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is not None and not command.hidden:
            yield describe(typer.Context(command, parent=context, info_name=name), (*path, name))


def _option(option: TyperOption) -> Option:
    names = (*option.opts, *option.secondary_opts)
    takes = None if option.is_flag or option.count else _takes(option)
    about, text = _sentence(option.help or ""), _joined(option.help or "")
    default = "" if takes is None else _default(option.default)
    return Option(names, about, _word(option), takes, option.multiple, option.required, default, text)


def _argument(argument: TyperArgument) -> Argument:
    text = _joined(argument.help or "")
    return Argument(_word(argument), _takes(argument), argument.nargs != 1, argument.required, text)


def _default(value: object) -> str:
    if isinstance(value, Enum):
        return str(value.value)
    return str(value) if isinstance(value, str | int) else ""


def _takes(parameter: TyperOption | TyperArgument) -> Takes:
    choices = getattr(parameter.type, "choices", None)
    if choices:
        return Choices(tuple(str(choice) for choice in choices))
    known = TAKES.get(_word(parameter))
    if known is not None:
        return known
    return Source.FILES if parameter.type.name in ("path", "file", "directory") else Source.NOWHERE


def _word(parameter: TyperOption | TyperArgument) -> str:
    word = parameter.metavar or (parameter.name or "").upper()
    word = re.sub(r"(\.\.\.|…)$", "", word)
    return re.sub(r"^\[(.*)\]$", r"\1", word)


def _sentence(text: str) -> str:
    """The first sentence of a help, on one line and without its full stop."""
    paragraph = _joined(text.partition("\n\n")[0])
    return re.split(r"\.\s", paragraph)[0].removesuffix(".")


def _joined(text: str) -> str:
    return " ".join(text.split())
