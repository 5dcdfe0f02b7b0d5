"""`mtq mailbox`: what lies in the mailboxes, delivery into them, and mail that comes from elsewhere."""

import os
import sys
from collections.abc import Callable, Iterator
from typing import Annotated

import typer

from mtq.config.model import Config
from mtq.errors import MtqError, Refusal
from mtq.mail.root import MailRoot
from mtq.users import passwd_file
from mtq.users.passwd_file import Account

from . import place
from .console import card, misuse, note, reason, say_json, table
from .options import DryRun, Json, Quiet, User

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="See mailboxes; deliver, import, adopt mail.",
)

class NoSuchUser(MtqError):
    """There is no such user."""


@app.command("list")
def list_mailboxes(context: typer.Context, as_json: Json = False) -> None:
    """List every user's mailbox, with messages and octets."""
    config = place.config(context)
    rows = [_state(config, account) for account in passwd_file.read(config.users.file).values()]
    if as_json:
        say_json({"mailboxes": rows})
        return
    table(
        ("user", "messages", "octets", "mailbox"),
        [(r["user"], r["messages"], r["octets"], r["error"] or r["mailbox"]) for r in rows],
        "There are no users yet: `mtq user add NAME`.",
    )


@app.command()
def status(context: typer.Context, user: User, as_json: Json = False) -> None:
    """Show one user's mailbox."""
    config = place.config(context)
    row = _state(config, _account(config, user))
    if as_json:
        say_json(row)
    else:
        card(row)
    if row["error"]:
        raise MtqError(str(row["error"]))


@app.command()
def deliver(context: typer.Context, user: User) -> None:
    """Deliver a message from standard input.

    This is what a mail server calls, once a message.

    Exit codes are those of sysexits.h: 0 delivered, 64 usage, 67 no such user, 75 anything else: try again later.
    """
    from mtq.mail.deliver import deliver as put

    config = place.config(context)
    if not config.users.file.exists():
        raise MtqError(f"{config.users.file}: the users file is not there; `mtq init` makes it")
    put(_mailbox(config, _account(config, user)), _standard_input())


@app.command("import")
def import_mail(
    context: typer.Context,
    user: User,
    path: Annotated[str, typer.Argument(metavar="PATH", help="An mbox, or a Maildir (its inbox).")],
    as_json: Json = False,
    quiet: Quiet = False,
    dry_run: DryRun = False,
) -> None:
    """Import the messages of an mbox or a Maildir. Interrupted or run again, it makes no duplicates."""
    from . import migration

    config = place.config(context)
    account = _account(config, user)
    migration.bring_in(account.name, _mailbox(config, account), path, as_json, quiet, dry_run)


@app.command()
def adopt(
    context: typer.Context,
    user: User,
    uidl_format: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="UIDL_FORMAT",
            help="Dovecot's pop3_uidl_format. Else what doveconf says, else its default.",
        ),
    ] = None,
    origin: Annotated[
        str | None,
        typer.Option("--from", metavar="ORIGIN", help="dovecot or courier; needed where both have left a list."),
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
    dry_run: DryRun = False,
) -> None:
    """Keep the unique ids that Dovecot or Courier gave. So no client downloads its mail twice."""
    from . import migration

    config = place.config(context)
    account = _account(config, user)
    migration.adopt(account.name, _mailbox(config, account), uidl_format, origin, as_json, quiet, dry_run)


def mta_exit(call: Callable[[], int]) -> int:
    """Run `deliver` and turn its outcome into what an MTA understands; the unforeseen keeps the mail queued."""
    try:
        code = call()
    except NoSuchUser as error:
        note(f"mtq: {error}")
        return os.EX_NOUSER
    except typer.TyperException as error:
        note(misuse(error))
        return os.EX_USAGE
    except BaseException as error:      # a traceback or another exit code would make the MTA return the mail
        why = reason(error) if isinstance(error, OSError) else error or type(error).__name__
        note(f"mtq: {why}; the message was not delivered, try again later")
        return os.EX_TEMPFAIL
    return os.EX_OK if code == 0 else os.EX_TEMPFAIL


def _account(config: Config, user: str) -> Account:
    name = passwd_file.canonical(user)
    account = passwd_file.read(config.users.file).get(name) if name else None
    if account is None:
        raise NoSuchUser(f"{user}: there is no such user in {config.users.file}")
    return account


def _mailbox(config: Config, account: Account) -> bytes:
    """Where a user's mail is to go. Raises MtqError if that has no place: it may be a disk that is not mounted."""
    paths = MailRoot(config.mailboxes.path)
    try:
        mailbox = paths.mailbox(account.name, account.home)
    except Refusal as refusal:
        raise MtqError(refusal.cause) from None
    if not os.path.isdir(root := paths.root(account.home)):
        raise MtqError(f"{root}: the folder of the mailboxes is not there; `mtq init` makes it")
    return mailbox


def _state(config: Config, account: Account) -> dict[str, str | int | None]:
    """A mailbox as a session of an inbox service would find it. Nothing is locked, nothing written."""
    from mtq.mail.indexes import Indexes
    from mtq.mail.lock import Holder, Locks
    from mtq.mail.maildrop import Settings, open_maildrop

    paths = MailRoot(config.mailboxes.path)
    row: dict[str, str | int | None] = {
        "user": account.name,
        "mailbox": None,
        "messages": None,
        "octets": None,
        "error": None,
    }
    nobody = Holder(account.name, "", "", "", "")
    try:
        mailbox = paths.mailbox(account.name, account.home)
        row["mailbox"] = os.fsdecode(mailbox)
        settings = Settings(paths.root(account.home), lock=False)
        listing = open_maildrop(mailbox, settings, Locks(), Indexes(), nobody).listing
    except Refusal as refusal:
        row["error"] = refusal.cause
    else:
        row |= {"messages": listing.count, "octets": listing.octets}
    return row


def _standard_input() -> Iterator[bytes]:
    if sys.stdin is None:
        raise MtqError("there is no message: standard input is closed")
    while piece := os.read(sys.stdin.fileno(), 1 << 16):
        yield piece
