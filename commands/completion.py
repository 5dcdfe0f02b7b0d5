"""`mtq completion`: the scripts that complete a command line of mtq in the shell, and the names they ask for."""

from collections.abc import Callable, Iterable
from enum import Enum
from typing import TYPE_CHECKING

import typer

from mtq.errors import Exit, MtqError

from . import place
from .console import end, say

if TYPE_CHECKING:
    from .shells.keys import Keys
    from .shells.tree import Command

app = typer.Typer(
    add_completion=False, no_args_is_help=True, rich_markup_mode=None, help="Print completion for bash, zsh or fish."
)


class Of(Enum):
    """What has names."""

    SERVICES = "services"
    USERS = "users"


@app.command()
def bash(context: typer.Context) -> None:
    """Print the script for bash. For one's own use: `eval "$(mtq completion bash)"` in ~/.bashrc."""
    from .shells import bash

    _print(context, bash.script)


@app.command()
def zsh(context: typer.Context) -> None:
    """Print the script for zsh. For one's own use: into a file `_mtq` in a folder of $fpath."""
    from .shells import zsh

    _print(context, zsh.script)


@app.command()
def fish(context: typer.Context) -> None:
    """Print the script for fish. For one's own use: into ~/.config/fish/completions/mtq.fish."""
    from .shells import fish

    _print(context, fish.script)


@app.command(hidden=True)
def names(context: typer.Context, of: Of) -> None:
    """Print names, one a line, for a script; without a word when the configuration is not there or wrong (exit 1)."""
    try:
        found = _names(context, of)
    except (MtqError, OSError):
        end(Exit.FAILED)
    if found:
        say("\n".join(found))


def names_of(context: typer.Context, of: str) -> list[str]:
    """The same names for one who completes in this process; none when the configuration is not there or wrong."""
    try:
        return _names(context, Of(of))
    except (MtqError, OSError):
        return []


def _names(context: typer.Context, of: Of) -> list[str]:
    return [name for name in _all_names(context, of) if _can_be_offered(name)]


def _all_names(context: typer.Context, of: Of) -> Iterable[str]:
    config = place.config(context)
    if of is Of.SERVICES:
        return config.services
    from mtq.users import passwd_file

    return passwd_file.read(config.users.file)


def _can_be_offered(name: str) -> bool:
    """Not what a terminal would obey, a command take for an option or a shell for somebody's home."""
    return name.isprintable() and not name.startswith(("-", "~"))


def _print(context: typer.Context, script: "Callable[[Command, Keys], str]") -> None:
    from .shells.keys import known
    from .shells.tree import describe

    top = typer.Context(context.find_root().command, info_name="mtq")
    say(script(describe(top), known()).rstrip())
