"""`mtq penalty`: addresses whose failed logins are answered ever later."""

from typing import Annotated

import typer

from . import addresses, remote
from .console import lines, note, rows_of, say_json
from .options import DryRun, Json, Quiet

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="See which addresses guess passwords, and forgive them.",
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
    context: typer.Context,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", show_default=False)],
    quiet: Quiet = False,
    dry_run: DryRun = False,
) -> None:
    """Forget the failures of an address. An IPv6 address stands for its /64 network, as which it is listed."""
    meant = addresses.parsed(address.removesuffix("/64") if ":" in address else address)
    with remote.server(context) as server:
        if dry_run:
            from mtq.users.throttle import subscriber

            listed = {row["address"] for row in rows_of(server.call("penalty.list"), "penalties")}
            forgotten = subscriber(meant) in listed
        else:
            forgotten = bool(server.call("penalty.forget", address=str(meant)).get("forgotten"))
    done = "would begin anew" if dry_run else "begins anew"
    note(f"{address} {done}" if forgotten else f"unchanged: nothing stood against {address}", quiet)
