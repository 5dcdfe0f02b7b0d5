"""`mtq reload`: the running server reads its configuration again."""

from collections.abc import Mapping
from typing import Any

import typer

from . import remote
from .console import note, say_json
from .options import Json, Quiet

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def reload(context: typer.Context, as_json: Json = False, quiet: Quiet = False) -> None:
    """Have the running server read its configuration and certificates again; no session is dropped."""
    with remote.server(context) as server:
        told = server.call("server.reload")
    if as_json:
        say_json(told)
    else:
        _narrate(told, quiet)
    complain(told)


def complain(told: Mapping[str, Any]) -> None:
    """Raises MtqError for services that could not follow a reload."""
    from mtq.control.troubles import unfollowed

    failed = unfollowed(told)
    if failed is not None:
        raise failed


def _narrate(told: Mapping[str, Any], quiet: bool) -> None:
    changed = ", ".join(told.get("changed", []))
    note(f"reloaded: {changed} changed" if changed else "reloaded: no key has changed", quiet)
    for row in told.get("certificates", []):
        if row["before"] != row["after"]:
            note(f"service {row['service']}: certificate {row['before']} before, {row['after']} now", quiet)
    for key in told.get("at_start", []):
        note(f"{key} counts from the next start of the server on", quiet)
