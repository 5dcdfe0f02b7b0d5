"""`mtq lock`: who has which mailbox to itself."""

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mtq.config.model import Config
from mtq.errors import Exit, MtqError, Refusal

from . import place, remote
from .console import card, end, lines, note, reason, rows_of, say_json
from .options import DryRun, Json, Quiet

if TYPE_CHECKING:
    from mtq.control.client import Client
    from mtq.mail.lock import Held

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="See who holds which mailbox, and release it.",
)

Row = Mapping[str, Any]

Mailbox = Annotated[
    str, typer.Argument(metavar="MAILBOX", show_default=False, help="A user, or the path of a mailbox.")
]


@app.command("list")
def list_locks(context: typer.Context, as_json: Json = False) -> None:
    """List the mailboxes that are locked, and who holds them. Without a running server, as the mailboxes tell."""
    server = remote.server_if_running(context)
    failures: list[OSError] = []
    if server is not None:
        with server:
            rows = rows_of(server.call("lock.list"), "locks")
    else:
        rows = _from_mailboxes(place.config(context), failures)
    if as_json:
        say_json({"locks": rows})
    else:
        lines(rows, "No mailbox is locked.")
    for failure in failures:
        note(f"mtq: {reason(failure)}")
    if failures:
        end(Exit.FAILED)      # what could not be looked at may be locked


@app.command()
def show(context: typer.Context, mailbox: Mailbox, as_json: Json = False) -> None:
    """Show who holds a mailbox. Since when, from where, and when it will be free. Exit 1: nobody does."""
    server = remote.server_if_running(context)
    row = None
    if server is not None:
        with server:
            row = _told(server, mailbox)
    if row is None:
        user, path = _meant(context, mailbox)
        row = _row_of(path, user)
    if as_json:
        say_json(row)
    elif row is not None:
        card(row)
    if row is None:
        note(f"{mailbox} is not locked")
        end(Exit.FAILED)


@app.command()
def release(context: typer.Context, mailbox: Mailbox, quiet: Quiet = False, dry_run: DryRun = False) -> None:
    """End the session that holds a mailbox. It removes nothing."""
    with remote.server(context) as server:
        row = _told(server, mailbox)
        if row is None:
            _check_that_nobody_else_holds(context, mailbox)
            note(f"unchanged: {mailbox} is not locked", quiet)
            return
        session = f"session {row['session']} of {row['user']} from {row['address']}"
        if dry_run:
            note(f"{row['mailbox']} would be released: {session} would be ended")
        elif server.call("lock.release", mailbox=row["mailbox"]).get("released"):
            note(f"{row['mailbox']} was released: {session} was ended", quiet)
        else:
            note(f"unchanged: {mailbox} is not locked any more", quiet)


def _told(server: "Client", mailbox: str) -> Row | None:
    """What the running server tells of a mailbox's lock."""
    for row in rows_of(server.call("lock.list"), "locks"):
        if _is_path(mailbox):
            if _same(mailbox, str(row["mailbox"])):
                return row
        elif row["user"] == mailbox.lower():
            return row
    return None


def _check_that_nobody_else_holds(context: typer.Context, mailbox: str) -> None:
    """Raises MtqError if another process than the running server has the lock."""
    from mtq.mail.lock import held

    try:
        _, path = _meant(context, mailbox)
        found = held(os.fsencode(path))
    except (MtqError, OSError):
        return      # there is no such mailbox: nobody holds it
    if found is not None:
        process = "another process" if found.pid is None else f"process {found.pid}"
        raise MtqError(f"{path} is locked by {process}, not by the server that is running; end that process")


# From the mailboxes themselves


def _from_mailboxes(config: Config, failures: list[OSError]) -> list[Row]:
    """All locks, as the mailboxes tell; of one that several users have, once."""
    rows: dict[str, Row] = {}
    for user, path in _mailboxes(config):
        try:
            row = _row_of(path, user)
        except OSError as error:
            failures.append(error)
            continue
        if row is not None:
            rows.setdefault(path, row)
    return list(rows.values())


def _row_of(path: str, user: str | None) -> Row | None:
    """A lock as its mailbox tells of it; when it will go only the server knows. Raises OSError."""
    from mtq.mail.lock import held

    found = held(os.fsencode(path))
    return None if found is None else _row(path, user, found)


def _row(path: str, user: str | None, found: "Held") -> Row:
    holder = found.holder
    return {
        "mailbox": path,
        "user": user or (holder and holder.user),
        "service": holder and holder.service,
        "session": holder and holder.session,
        "address": holder and holder.address,
        "since": holder and holder.since,
        "idle_seconds": None,
        "releases_in": None,
    }


def _mailboxes(config: Config) -> Iterator[tuple[str, str]]:
    """Every user and the path of the mailbox."""
    from mtq.mail.root import MailRoot
    from mtq.users import passwd_file

    root = MailRoot(config.mailboxes.path)
    for account in passwd_file.read(config.users.file).values():
        with suppress(Refusal):      # there is no place for it
            yield account.name, os.fsdecode(root.mailbox(account.name, account.home))


def _meant(context: typer.Context, mailbox: str) -> tuple[str | None, str]:
    """The user, if one was named, and the path of the mailbox. Raises MtqError if there is no such user or path."""
    if _is_path(mailbox):
        if not os.path.isdir(mailbox):
            raise MtqError(f"{mailbox}: there is no such mailbox")
        return None, os.path.abspath(mailbox)
    config = place.config(context)
    for user, path in _mailboxes(config):
        if user == mailbox.lower():
            return user, path
    raise MtqError(f"{mailbox}: there is no such user in {config.users.file}; a path has a slash in it")


def _is_path(mailbox: str) -> bool:
    return "/" in mailbox


def _same(one: str, other: str) -> bool:
    """Whether two paths are the same mailbox."""
    try:
        return os.path.samefile(one, other)
    except OSError:
        return os.path.abspath(one) == os.path.abspath(other)
