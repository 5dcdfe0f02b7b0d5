"""`mtq stop`: the running server ends."""

import typer

from . import remote
from .console import counted, note
from .options import DryRun, Quiet

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def stop(context: typer.Context, quiet: Quiet = False, dry_run: DryRun = False) -> None:
    """Stop the running server. Commands in flight are finished first; it waits until the server has ended."""
    with remote.server(context) as server:
        if dry_run:
            open_ = counted(server.status["sessions"], "session")
            note(f"the server, process {server.status['pid']}, would be stopped; {open_} would end", quiet)
            return
        server.call("server.shutdown")
        for _ in server.events(silence=remote.PATIENCE):
            pass      # until it hangs up
    note("the server has stopped", quiet)
