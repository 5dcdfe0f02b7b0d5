"""What a command says: data goes to stdout, narration to stderr. Colour and boxes only on a terminal."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, NoReturn

import typer

from mtq.errors import Exit


def say(text: str) -> None:
    """Data, for a person or a program."""
    # Flushed, so that a reader who has gone is noticed here and not when Python ends.
    print(text, flush=True)      # noqa: T201 - this is the one place that prints


def note(text: str, quiet: bool = False) -> None:
    """Narration: what was done, what to do next."""
    if quiet:
        return
    try:
        print(text, file=sys.stderr, flush=True)      # noqa: T201 - this is the one place that prints
    except (OSError, ValueError):
        # A full disk behind a redirected stderr is not to change the exit code, not by the flush at exit either.
        sys.stderr = open(os.devnull, "w")      # noqa: SIM115 - open until the process ends


def counted(number: object, thing: str) -> str:
    """So many of a thing: `1 session`, `2 sessions`."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def say_json(data: object) -> None:
    """Data for a program, alone on stdout. Times are ISO 8601 in UTC."""
    import json

    say(json.dumps(data, indent=2, default=_text))


def reason(error: OSError) -> str:
    """What went wrong with a file, for a person."""
    where = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, str | bytes) else ""
    return f"{where}{(error.strerror or str(error)).lower()}"


def misuse(error: typer.TyperException) -> str:
    """A line about a command that was called in a wrong way; the help itself, for a group that was called alone."""
    message = error.format_message()
    if "\n" in message:
        return message
    command = getattr(getattr(error, "ctx", None), "command_path", "mtq")
    return f"mtq: {message[:1].lower()}{message[1:].rstrip('.')}; see `{command} --help`"


@contextmanager
def progress(what: str, total: int, quiet: bool = False) -> Iterator[Callable[[int], None]]:
    """A bar while something takes long, on a terminal only; call what is given with how much more is done."""
    if quiet or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bars:
        bar = bars.add_task(what, total=total)
        yield lambda done: bars.advance(bar, done)
        bars.update(bar, completed=total)


def table(columns: Sequence[str], rows: Sequence[Sequence[object]], empty: str) -> None:
    """Rows under headings: boxes on a terminal, plain columns elsewhere. `empty` says why there are none."""
    if not rows:
        note(empty)
        return
    cells = [["" if cell is None else str(cell) for cell in row] for row in rows]
    if sys.stdout.isatty():
        from rich.console import Console
        from rich.table import Column, Table
        from rich.text import Text

        # Folded, not cut: a path or a fingerprint is of use only whole.
        boxed = Table(*(Column(column.replace("_", " "), overflow="fold") for column in columns))
        for row in cells:
            boxed.add_row(*(Text(cell) for cell in row))
        Console().print(boxed)
        return
    widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
    for row in ([column.upper() for column in columns], *cells):
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def rows_of(data: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """The rows of a list that the server has told."""
    found = data.get(name)
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def lines(rows: Sequence[Mapping[str, Any]], empty: str) -> None:
    """Rows that all have the same keys as a table. `empty` says why there are none."""
    columns = list(rows[0]) if rows else []
    table(columns, [[_cell(row[column]) for column in columns] for row in rows], empty)


def card(row: Mapping[str, Any]) -> None:
    """One thing, a line for each of its fields that it has."""
    table(("field", "value"), [(name, _cell(value)) for name, value in row.items() if value is not None], "")


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return value


def _text(value: object) -> str:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)


def end(code: Exit) -> NoReturn:
    """End the command with this exit code."""
    raise typer.Exit(int(code))
