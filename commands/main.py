"""`mtq`: the top of the command line, and the one place where errors become exit codes."""

import importlib
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperGroup

from mtq.errors import Exit, MtqError

from . import place
from .console import misuse, note, reason, say

MODULES = {
    "serve": "serve",
    "init": "init",
    "status": "status",
    "reload": "reload",
    "stop": "stop",
    "service": "service",
    "firewall": "firewall",
    "proxy": "proxy",
    "session": "session",
    "lock": "lock",
    "penalty": "penalty",
    "user": "user",
    "mailbox": "mailbox",
    "cert": "cert",
    "config": "config",
    "log": "log",
    "tui": "tui",
    "completion": "completion",
}
"""Sub-commands and their modules, in the order of the help. A module is loaded when its command is called."""


class Loading(TyperGroup):
    """A group whose commands are loaded when they are needed."""

    def list_commands(self, ctx):  # type: ignore[no-untyped-def]  # typer's own types for this are private
        """The names of all sub-commands."""
        return list(MODULES)

    def get_command(self, ctx, cmd_name):  # type: ignore[no-untyped-def]  # likewise
        """Load a sub-command."""
        module = MODULES.get(cmd_name)
        if module is None:
            return None
        app = importlib.import_module(f".{module}", __package__).app
        command = typer.main.get_command(app)
        command.name = cmd_name
        return command


app = typer.Typer(
    cls=Loading,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    help="mtq: a POP3 server and POP3 proxy. `mtq serve --demo` shows it; `mtq init` sets it up.",
)


def _version(wanted: bool) -> None:
    if wanted:
        from .version import lines

        say("\n".join(lines()))
        raise typer.Exit


@app.callback()
def top(
    context: typer.Context,
    config: Annotated[
        Path | None, typer.Option(help="Configuration file. Else MTQ_CONFIG, else the default place.", metavar="PATH")
    ] = None,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="The versions for a bug report; then exit."),
    ] = False,
) -> None:
    """Options before any sub-command."""
    context.obj = place.place(config)


def main(arguments: Sequence[str]) -> int:
    """Run one command line (without the `mtq`) and say its exit code. Raises nothing."""
    if _is_delivery(arguments):
        from .mailbox import mta_exit

        return mta_exit(lambda: _call(arguments))
    try:
        return _call(arguments)
    except MtqError as error:
        for line in str(error).splitlines():      # one a problem: a configuration may have several
            note(f"mtq: {line}")
        return error.exit
    except typer.TyperException as error:
        note(misuse(error))
        return error.exit_code
    except typer.Abort:
        note("mtq: aborted, nothing was changed")
        return Exit.FAILED
    except SystemExit:
        return Exit.FAILED      # whoever read us has gone: typer ends like this and silences the flush at exit
    except OSError as error:
        note(f"mtq: {reason(error)}")
        return Exit.FAILED


def run() -> None:
    """The console script."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="surrogateescape")        # names and paths in another encoding, as they are
    sys.exit(main(sys.argv[1:]))


def _call(arguments: Sequence[str]) -> int:
    result = app(list(arguments), prog_name="mtq", standalone_mode=False)
    return result if isinstance(result, int) else Exit.DONE


def _is_delivery(arguments: Sequence[str]) -> bool:
    """Whether this is `mtq [--config PATH] mailbox deliver …`, whose exit codes are an MTA's."""
    rest = iter(arguments)
    words = []
    for argument in rest:
        if argument == "--config":
            next(rest, None)
        elif not argument.startswith("-"):
            words.append(argument)
    return words[:2] == ["mailbox", "deliver"]
