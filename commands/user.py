"""`mtq user`: who may log in."""

import sys
from typing import Annotated

import typer

from mtq.errors import Exit, MtqError, WrongUsage

from . import place
from .console import end, note, say_json, table

app = typer.Typer(
    add_completion=False, no_args_is_help=True, rich_markup_mode=None, help="Users and their passwords."
)

PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input, its first line.")
]


@app.command("list")
def list_users(
    context: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False
) -> None:
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
    name: str,
    password_stdin: PasswordStdin = False,
    scheme: Annotated[str, typer.Option(help="How the password is stored; APOP needs PLAIN.")] = "ARGON2ID",
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing when it went well.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
) -> None:
    """Add a user. One that is there already is left as it is (exit 1)."""
    from mtq.users import passwd_file, schemes

    file = place.config(context).users.file
    user = passwd_file.checked(name)
    scheme = scheme.upper()
    if scheme not in schemes.SCHEMES:
        raise WrongUsage(f"{scheme}: no such scheme; there are {', '.join(schemes.SCHEMES)}")
    if user in passwd_file.read(file):
        raise MtqError(f"{user}: there is such a user already; nothing was changed")
    password = _new_password(user, password_stdin)
    if scheme == "PLAIN" and b":" in password:
        raise WrongUsage("a password with a colon cannot be stored as PLAIN: the colon ends a field of the file")
    if dry_run:
        note(f"{user} would be added to {file}")
        return
    passwd_file.add(file, user, schemes.make(password, scheme))
    note(f"{user} was added to {file}", quiet)


@app.command()
def check(context: typer.Context, name: str, password_stdin: PasswordStdin = False) -> None:
    """Say whether a password is the user's (exit 0) or not (exit 1)."""
    from mtq.users import passwd_file, schemes

    file = place.config(context).users.file
    account = passwd_file.read(file).get(passwd_file.canonical(name) or "")
    if account is None:
        raise MtqError(f"{name}: there is no such user in {file}")
    try:
        scheme = schemes.of(account)
    except schemes.UnknownScheme:
        raise MtqError(f"{name}: the password scheme {account.scheme or 'none'} is not known") from None
    if scheme.check(account.secret, _password(account.name, password_stdin)):
        note(f"{account.name}: right")
        return
    note(f"{account.name}: wrong password")
    end(Exit.FAILED)


def _new_password(user: str, from_stdin: bool) -> bytes:
    password = _password(user, from_stdin)
    if not from_stdin and _ask(f"The same for {user} again: ") != password:
        raise MtqError("the two passwords differ; nothing was changed")
    return password


def _password(user: str, from_stdin: bool) -> bytes:
    password = _first_line() if from_stdin else _ask(f"Password for {user}: ")
    if not password:
        raise WrongUsage("the password is empty")
    if any(byte < 0x20 or byte == 0x7F for byte in password):
        raise WrongUsage("a password cannot hold control characters: no client could send it")
    return password


def _first_line() -> bytes:
    return sys.stdin.buffer.readline().rstrip(b"\r\n")


def _ask(prompt: str) -> bytes:
    import getpass

    if not sys.stdin.isatty():
        raise WrongUsage("no terminal to ask on; give the password with --password-stdin")
    return getpass.getpass(prompt).encode("utf-8", "surrogateescape")
