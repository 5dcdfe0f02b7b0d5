"""`mtq status`: what the running server does."""

import typer

from . import remote
from .console import counted, lines, note, rows_of, say, say_json
from .options import Json

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def status(context: typer.Context, as_json: Json = False) -> None:
    """Say what the running server does: services, sessions, locks, totals. Exit 4: none is running."""
    with remote.server(context) as server:
        found = server.status
    if as_json:
        say_json(found)
        return
    say(f"mtq {found['version']}, process {found['pid']}, on {found['hostname']} since {found['since']}")
    say(f"configuration {found['config']}")
    locks = "1 locked mailbox" if found["locks"] == 1 else f"{found['locks']} locked mailboxes"
    say(f"{counted(found['sessions'], 'session')}, {locks}")
    totals = found.get("totals")
    if isinstance(totals, dict):
        say("since then: " + ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in totals.items()))
    lines(rows_of(found, "services"), "No service is configured: `mtq service add NAME --listen WHERE`.")
    warnings = found.get("warnings")
    for warning in warnings if isinstance(warnings, list) else []:
        note(f"warning: {warning}")
