"""`mtq penalty`: addresses whose failed logins are answered ever later."""

from typing import Annotated

import typer

from . import remote
from .console import lines, note, rows_of, say_json
from .options import Json, Quiet

app = typer.Typer(
    add_completion=False, no_args_is_help=True, rich_markup_mode=None, help="Addresses that fail to log in."
)


@app.command("list")
def list_penalties(context: typer.Context, as_json: Json = False) -> None:
    """List addresses whose failed logins are answered ever later."""
    with remote.server(context) as server:
        found = server.call("penalty.list")
    if as_json:
        say_json(found)
    else:
        lines(rows_of(found, "penalties"), "No login has failed lately.")


@app.command()
def forget(
    context: typer.Context, address: Annotated[str, typer.Argument(metavar="ADDRESS")], quiet: Quiet = False
) -> None:
    """Let an address begin anew. An IPv6 address stands for its /64 network."""
    with remote.server(context) as server:
        told = server.call("penalty.forget", address=address)
    note(f"{address} begins anew" if told.get("forgotten") else f"unchanged: nothing stood against {address}", quiet)
