"""`mtq status`: what the running server does."""

from typing import Annotated

import typer

from mtq.errors import Exit, WrongUsage

from . import remote
from .console import counted, end, lines, note, rows_of, say, say_json
from .options import Json
from .passwords import FromStdin, password

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def status(
    context: typer.Context,
    as_json: Json = False,
    check: Annotated[
        bool, typer.Option("--check", help="Call every running service as a client does. Exit 1: something is wrong.")
    ] = False,
    user: Annotated[
        str | None, typer.Option(metavar="USER", help="With --check: log in as this user, too.")
    ] = None,
    password_stdin: FromStdin = False,
) -> None:
    """Show what the running server does.

    Its services, sessions, locks and totals, and what it warns of. Exit 4: none is running.
    """
    if check:
        _check(context, as_json, user, password_stdin)
        return
    if user is not None or password_stdin:
        raise WrongUsage("--user and --password-stdin are for --check")
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


def _check(context: typer.Context, as_json: bool, user: str | None, password_stdin: bool) -> None:
    from dataclasses import asdict

    from . import health

    if password_stdin and user is None:
        raise WrongUsage("a password is of use only with --user")
    account = None if user is None else health.Account(user, password(user, password_stdin))
    with remote.server(context) as server:
        found = health.examine(server, account)
    wrong = any(finding.error for finding in found)
    if as_json:
        say_json({"ok": not wrong, "checks": [asdict(finding) for finding in found]})
    else:
        lines([asdict(finding) for finding in found], "")
    if wrong:
        end(Exit.FAILED)
