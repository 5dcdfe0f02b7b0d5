"""`mtq reload`: the running server reads its configuration again."""

from collections.abc import Collection, Mapping
from typing import Any

import typer

from . import remote
from .console import note, say_json
from .options import DryRun, Json, Quiet

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def reload(context: typer.Context, as_json: Json = False, quiet: Quiet = False, dry_run: DryRun = False) -> None:
    """Have the running server read its configuration again.

    And its certificates. No session is dropped, and an invalid file changes nothing.
    """
    with remote.server(context) as server:
        asked = {"dry_run": True} if dry_run else {}      # a server of an earlier version reloads as ever
        told = server.call("server.reload", within=remote.RELOAD, **asked)
    if as_json:
        say_json(told)
    elif dry_run:
        note(f"would change: {_keys(told)}" if told.get("changed") else "unchanged: no key would change", quiet)
    else:
        _narrate(told, quiet)
    complain(told)


def complain(told: Mapping[str, Any], services: Collection[str] | None = None) -> None:
    """Raises MtqError for services that could not follow a reload: for any of these, or of all."""
    from mtq.control.troubles import unfollowed

    failed = unfollowed(told, services)
    if failed is not None:
        raise failed


def say_what_waits(told: Mapping[str, Any], quiet: bool) -> None:
    """Say what the running server cannot take up."""
    for key in told.get("at_start", []):
        note(f"{key} counts from the next start of the server on", quiet)


def _narrate(told: Mapping[str, Any], quiet: bool) -> None:
    note(f"reloaded: {_keys(told)} changed" if told.get("changed") else "reloaded: no key has changed", quiet)
    for row in told.get("certificates", []):
        if row["before"] not in (None, row["after"]):
            note(f"service {row['service']}: certificate {row['before']} before, {row['after']} now", quiet)
    say_what_waits(told, quiet)


def _keys(told: Mapping[str, Any]) -> str:
    return ", ".join(told.get("changed", []))
