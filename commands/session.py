"""`mtq session`: who is connected."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mtq.errors import MtqError, WrongUsage

from . import addresses, remote
from .console import lines, note, rows_of, say_json
from .options import DryRun, Json, Quiet

if TYPE_CHECKING:
    from mtq.control.chosen import Chosen

app = typer.Typer(
    add_completion=False, no_args_is_help=True, rich_markup_mode=None, help="See who is connected, and end sessions."
)


@app.command("list")
def list_sessions(context: typer.Context, as_json: Json = False) -> None:
    """List the sessions of the running server."""
    with remote.server(context) as server:
        found = server.call("session.list")
    if as_json:
        say_json(found)
    else:
        lines(rows_of(found, "sessions"), "No session is open.")


@app.command()
def kick(
    context: typer.Context,
    session: Annotated[str | None, typer.Argument(metavar="[ID]", show_default=False, help="The session.")] = None,
    user: Annotated[str | None, typer.Option(metavar="USER", help="All sessions of this user.")] = None,
    address: Annotated[str | None, typer.Option(metavar="ADDRESS", help="All sessions from this address.")] = None,
    quiet: Quiet = False,
    dry_run: DryRun = False,
) -> None:
    """End sessions. One that has not said QUIT removes nothing. Exit 1: there is no such session."""
    from mtq.control.chosen import chosen

    source = None if address is None else str(addresses.parsed(address))
    meant = chosen(session, user, source)
    if meant is None:
        raise WrongUsage("say which session: one of ID, --user and --address")
    with remote.server(context) as server:
        if dry_run:
            _say_who(rows_of(server.call("session.list"), "sessions"), meant, quiet)
            return
        told = server.call("session.kick", id=session, user=user, address=source)
    for row in rows_of(told, "sessions"):
        note(f"{_named(row)} was ended", quiet)


def _say_who(sessions: list[Mapping[str, Any]], meant: "Chosen", quiet: bool) -> None:
    would = [row for row in sessions if meant.means(row["id"], row["user"], row["address"])]
    if not would:
        raise MtqError(meant.nobody())
    for row in would:
        note(f"{_named(row)} would be ended", quiet)


def _named(row: Mapping[str, Any]) -> str:
    return f"session {row['id']} of {row['user'] or 'nobody yet'} from {row['address']}"
