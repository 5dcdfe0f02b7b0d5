"""`mtq user`: who may log in."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mtq.errors import Exit, MtqError, WrongUsage

from . import place
from .console import end, note, say_json, table
from .options import DryRun, Json, Quiet, User
from .passwords import FromStdin, ask, password

if TYPE_CHECKING:
    from mtq.users.passwd_file import Account

app = typer.Typer(
    add_completion=False, no_args_is_help=True, rich_markup_mode=None, help="Add, change, check and remove users."
)


SchemeName = Annotated[
    str,
    typer.Option(
        "--scheme",
        metavar="SCHEME",
        help="How the password is stored; SCRAM needs SCRAM-SHA-256 or PLAIN, APOP needs PLAIN.",
    ),
]


@app.command("list")
def list_users(context: typer.Context, as_json: Json = False) -> None:
    """List the users."""
    from mtq.users import passwd_file, schemes

    accounts = passwd_file.read(place.config(context).users.file).values()
    rows = [(a.name, a.scheme or "none", a.scheme in schemes.SCHEMES, a.home or None) for a in accounts]
    if as_json:
        say_json({"users": [dict(zip(("name", "scheme", "can_log_in", "home"), row, strict=True)) for row in rows]})
        return
    table(
        ("name", "scheme", "can_log_in", "home"),
        [(name, scheme, "yes" if able else "no", home) for name, scheme, able, home in rows],
        "There are no users yet: `mtq user add NAME`.",
    )


@app.command()
def add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME")],
    password_stdin: FromStdin = False,
    scheme: SchemeName = "ARGON2ID",
    quiet: Quiet = False,
    dry_run: DryRun = False,
) -> None:
    """Add a user. One that is there already is left as it is (exit 1)."""
    from mtq.users import passwd_file

    file = place.config(context).users.file
    user = passwd_file.checked(name)
    scheme = _known(scheme)
    if user in passwd_file.read(file):
        raise MtqError(f"{user}: there is such a user already; nothing was changed")
    stored = _new_password(user, password_stdin, scheme)
    if dry_run:
        note(f"{user} would be added to {file}")
        return
    passwd_file.add(file, user, stored)
    note(f"{user} was added to {file}", quiet)


@app.command()
def passwd(
    context: typer.Context,
    name: User,
    password_stdin: FromStdin = False,
    scheme: SchemeName = "ARGON2ID",
    quiet: Quiet = False,
    dry_run: DryRun = False,
) -> None:
    """Give a user another password. The other fields stay."""
    file = place.config(context).users.file
    account = _account(file, name)
    stored = _new_password(account.name, password_stdin, _known(scheme))
    if dry_run:
        note(f"{account.name} would have another password in {file}")
        return
    from mtq.users import passwd_file

    passwd_file.set_password(file, account.name, stored)
    note(f"{account.name} has another password in {file}", quiet)


@app.command()
def remove(context: typer.Context, name: User, quiet: Quiet = False, dry_run: DryRun = False) -> None:
    """Remove a user from the users file. The mailbox stays where it is."""
    from mtq.users import passwd_file

    file = place.config(context).users.file
    if dry_run:
        there = passwd_file.canonical(name) in passwd_file.read(file)
        note(f"{name} would be removed from {file}" if there else f"unchanged: no user {name} in {file}")
    elif passwd_file.remove(file, name):
        note(f"{name} was removed from {file}; the mailbox was left as it is", quiet)
    else:
        note(f"unchanged: no user {name} in {file}", quiet)


@app.command()
def check(context: typer.Context, name: User, password_stdin: FromStdin = False) -> None:
    """Say whether a password is the user's. Exit 1: it is not."""
    from mtq.users import schemes

    account = _account(place.config(context).users.file, name)
    try:
        scheme = schemes.of(account)
    except schemes.UnknownScheme:
        raise MtqError(f"{name}: the password scheme {account.scheme or 'none'} is not known") from None
    if scheme.check(account.secret, password(account.name, password_stdin)):
        note(f"{account.name}: right")
        return
    note(f"{account.name}: wrong password")
    end(Exit.FAILED)


def _account(file: Path, name: str) -> "Account":
    from mtq.users import passwd_file

    account = passwd_file.read(file).get(passwd_file.canonical(name) or "")
    if account is None:
        raise MtqError(f"{name}: there is no such user in {file}")
    return account


def _known(scheme: str) -> str:
    from mtq.users import schemes

    if scheme.upper() not in schemes.SCHEMES:
        raise WrongUsage(f"{scheme}: no such scheme; there are {', '.join(schemes.SCHEMES)}")
    return scheme.upper()


def _new_password(user: str, from_stdin: bool, scheme: str) -> str:
    """Ask for a new password; what to store of it."""
    from mtq.users import schemes

    given = password(user, from_stdin)
    if not from_stdin and ask(f"The same for {user} again: ") != given:
        raise MtqError("the two passwords differ; nothing was changed")
    if scheme == "PLAIN" and b":" in given:
        raise WrongUsage("a password with a colon cannot be stored as PLAIN: the colon ends a field of the file")
    return schemes.make(given, scheme)
