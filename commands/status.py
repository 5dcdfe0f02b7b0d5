"""`mtq status`, `mtq reload` and `mtq stop`: the running server."""

from collections.abc import Mapping
from typing import Any

import typer

from mtq.errors import MtqError

from . import remote
from .console import lines, note, rows_of, say, say_json
from .options import Json, Quiet

STOPPING = 700.0
"""Seconds a server may take to stop: `shutdown_grace` is at most 600."""

status_app = typer.Typer(add_completion=False, rich_markup_mode=None)
reload_app = typer.Typer(add_completion=False, rich_markup_mode=None)
stop_app = typer.Typer(add_completion=False, rich_markup_mode=None)


@status_app.command()
def status(context: typer.Context, as_json: Json = False) -> None:
    """Say what the running server does: services, sessions, locks, totals. Exit 4: none is running."""
    with remote.server(context) as server:
        found = server.status
    if as_json:
        say_json(found)
        return
    say(f"mtq {found['version']}, process {found['pid']}, on {found['hostname']} since {found['since']}")
    say(f"configuration {found['config']}")
    say(f"{found['sessions']} sessions, {found['locks']} locked mailboxes")
    say(", ".join(f"{name.replace('_', ' ')} {count}" for name, count in _table(found, "totals").items()))
    lines(rows_of(found, "services"), "No service is configured.")
    for warning in _list(found, "warnings"):
        note(f"warning: {warning}")


@reload_app.command()
def reload(context: typer.Context, as_json: Json = False, quiet: Quiet = False) -> None:
    """Have the running server read its configuration and certificates again; no session is dropped."""
    with remote.server(context) as server:
        told = server.call("server.reload")
    if as_json:
        say_json(told)
    else:
        narrate(told, quiet)
    complain(told)


@stop_app.command()
def stop(context: typer.Context, quiet: Quiet = False) -> None:
    """Stop the running server; commands in flight are finished first. Waits until it has ended."""
    with remote.server(context) as server:
        server.call("server.shutdown")
        for _ in server.events(silence=STOPPING):
            pass
    note("stopped", quiet)


def narrate(told: Mapping[str, Any], quiet: bool) -> None:
    """Say what a reload has brought."""
    changed = ", ".join(_list(told, "changed"))
    note(f"reloaded: {changed} changed" if changed else "reloaded: nothing has changed", quiet)
    for row in _list(told, "certificates"):
        if row["before"] != row["after"]:
            note(f"{row['service']} serves another certificate: {row['before']} before, {row['after']} now", quiet)
    for key in _list(told, "at_start"):
        note(f"{key} counts from the next start of the server on", quiet)


def complain(told: Mapping[str, Any]) -> None:
    """Raises MtqError for services that could not follow."""
    failed = [f"service {row['service']} goes on as before: {row['error']}" for row in _list(told, "failed")]
    if failed:
        raise MtqError("\n".join(failed))


def _list(data: Mapping[str, Any], name: str) -> list[Any]:
    found: list[Any] = data.get(name) or []
    return found


def _table(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = data.get(name) or {}
    return found
