"""Mail that comes from elsewhere: what `mtq mailbox import` and `mtq mailbox adopt` do and say."""

import os
import subprocess
from collections.abc import Callable

from mtq.errors import MtqError, WrongUsage
from mtq.mail import adopt as adoption
from mtq.mail import sources, uidl_format
from mtq.mail.adopt import Origin, Taking
from mtq.mail.imports import Import
from mtq.mail.uidl_format import Value

from .console import note, progress, reason, say_json

_INBOX = "INBOX"


def bring_in(user: str, mailbox: bytes, path: str, as_json: bool, quiet: bool, dry_run: bool) -> None:
    """Import the mail at a path."""
    source = sources.at(os.fsencode(path))
    work = Import(source, mailbox)
    with progress(f"importing for {user}", source.total, quiet) as done:
        work.rehearse(done) if dry_run else _run(work, done)
    if as_json:
        counts = {"messages": work.messages, "imported": work.imported, "known": work.messages - work.imported}
        say_json({"user": user, "mailbox": os.fsdecode(mailbox), "kind": source.kind, **counts})
    if source.left_out:
        folders = ", ".join(os.fsdecode(name) for name in source.left_out)
        note(f"left alone: the folders {folders}; each can be imported by its own path", quiet)
    if not work.imported:
        note(f"unchanged: {path} has no message that was not imported before", quiet)
        return
    would = "would be" if dry_run else "were"
    note(
        f"{work.imported} of {work.messages} messages {would} imported into {os.fsdecode(mailbox)}",
        quiet and not dry_run,
    )


def _run(work: Import, done: Callable[[int], None]) -> None:
    try:
        work.run(done)
    except (KeyboardInterrupt, OSError) as error:
        why = reason(error) if isinstance(error, OSError) else "broken off"
        raise MtqError(f"{why}; {work.imported} messages were imported; the same command goes on") from None


def adopt(
    user: str, mailbox: bytes, wanted: str | None, server: str | None, as_json: bool, quiet: bool, dry_run: bool
) -> None:
    """Keep the UIDLs that another server gave."""
    made = uidl_format.compiled(uidl_format.DEFAULT if wanted is None else wanted)
    origin, text = _origin(mailbox, server), wanted
    if origin is Origin.COURIER:
        text = None
    elif wanted is None:
        text, made = _format_of_dovecot()
    takings = adoption.plan(mailbox, origin, made)
    changed = any(taking.changes for taking in takings)
    if not dry_run:
        adoption.carry_out(takings)
    if as_json:
        whose = {"user": user, "mailbox": os.fsdecode(mailbox), "server": origin.name.lower(), "format": text}
        say_json({**whose, "folders": [_row(taking) for taking in takings], "changed": changed})
    for taking in takings:
        what = _told(taking, origin, text, "would keep" if dry_run else "keep")
        note(what if taking.changes else f"unchanged: {what}", quiet and not dry_run)


def _origin(mailbox: bytes, server: str | None) -> Origin:
    """Whose lists to read. Raises MtqError if there are none, or those of both servers and none was named."""
    if server not in (None, *(origin.name.lower() for origin in Origin)):
        raise WrongUsage(f"{server!r} is no server whose UIDLs can be kept; allowed is dovecot or courier")
    found = adoption.origins(mailbox)
    wanted = [origin for origin in found if server in (None, origin.name.lower())]
    if not wanted:
        names = " or ".join(origin.value.decode() for origin in Origin if server in (None, origin.name.lower()))
        raise MtqError(f"{os.fsdecode(mailbox)}: there is no {names}; does it lie elsewhere (CONTROL=)? Copy it here")
    if len(wanted) > 1:
        raise MtqError(f"{os.fsdecode(mailbox)}: both Dovecot and Courier have left a list; say which with --from")
    return wanted[0]


def _format_of_dovecot() -> tuple[str, Value]:
    """What the Dovecot of this host is configured to, else its default. Raises MtqError if that cannot be used."""
    text = _asked_of_doveconf()
    if text == "":
        note(f"doveconf does not say what pop3_uidl_format is: taking Dovecot's default, {uidl_format.DEFAULT}")
    try:
        return text or uidl_format.DEFAULT, uidl_format.compiled(text or uidl_format.DEFAULT)
    except WrongUsage as error:
        raise MtqError(f"Dovecot's configuration: {error}") from None


def _asked_of_doveconf() -> str | None:
    """Dovecot's own word; empty if it has none, None where there is no Dovecot."""
    command = ["doveconf", "-f", "protocol=pop3", "-h", "pop3_uidl_format"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10)  # noqa: S603 - nobody's words in it
    except FileNotFoundError:
        return None
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _row(taking: Taking) -> dict[str, str | int]:
    return {
        "folder": os.fsdecode(taking.folder.name) or _INBOX,
        "messages": taking.messages,
        "kept": taking.kept,
        "unknown": taking.unknown,
        "unfit": taking.unfit,
    }


def _told(taking: Taking, origin: Origin, text: str | None, keep: str) -> str:
    server = origin.name.capitalize()
    by = f", {text}" if text else ""
    line = f"{os.fsdecode(taking.folder.name) or _INBOX}: {taking.kept} of {taking.messages} messages"
    line += f" {keep} the UIDLs that they had ({server}{by})"
    if taking.unknown:
        line += f"; {taking.unknown} are not in its list"
    if taking.unfit:
        line += f"; {taking.unfit} had one that POP3 does not allow or that another message has"
    return line
