"""`mtq log`: what the running server has to say."""

import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from mtq.errors import MtqError

from . import remote
from .console import rows_of, say
from .options import Json

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def log(
    context: typer.Context,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes, until Ctrl-C.")] = False,
    count: Annotated[
        int, typer.Option("--lines", "-n", metavar="COUNT", min=1, max=1000, help="How many of the last lines.")
    ] = 20,
    as_json: Json = False,
) -> None:
    """Print the last lines of the running server's log. With --json each line is an object of its own."""
    try:
        for row in _rows(context, count, follow):
            line = {name: row.get(name) for name in ("at", "level", "text")}
            say(json.dumps(line) if as_json else f"{line['at']} {line['level']:<7} {line['text']}")
    except KeyboardInterrupt:
        if not follow:
            raise


def _rows(context: typer.Context, count: int, follow: bool) -> Iterator[Mapping[str, Any]]:
    with remote.server(context) as server:
        if follow:
            server.subscribe("log")
        yield from rows_of(server.call("log.tail", lines=count), "lines")
        if follow:
            server.discard_events()      # they are among the lines
            yield from server.events()
            raise MtqError("the server has ended")
