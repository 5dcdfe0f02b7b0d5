"""`mtq stop`: the running server ends."""

import typer

from . import remote
from .console import note
from .options import Quiet

app = typer.Typer(add_completion=False, rich_markup_mode=None)

PATIENCE = 700.0
"""Seconds a server may take to stop: `shutdown_grace` is at most 600."""


@app.command()
def stop(context: typer.Context, quiet: Quiet = False) -> None:
    """Stop the running server; commands in flight are finished first. Waits until it has ended."""
    with remote.server(context) as server:
        server.call("server.shutdown")
        for _ in server.events(silence=PATIENCE):
            pass      # until it hangs up
    note("the server has stopped", quiet)
