"""`mtq firewall`: who may come in, by ranges of addresses."""

import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mtq.errors import Exit, WrongUsage

from . import addresses, in_force
from .console import end, lines, note, say, say_json
from .options import DryRun, Json, Quiet

if TYPE_CHECKING:
    from mtq.access.entry import Entry
    from mtq.config.document import Document
    from mtq.config.model import Config
    from mtq.config.range_lists import RangeList

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Say who may connect, by ranges of addresses.",
)

WRONG = 20
"""Lines of a file that are told to be wrong, at most."""

_NONE = "No range is listed: `mtq firewall add RANGE --service NAME`."

Service = Annotated[str | None, typer.Option("--service", metavar="SERVICE", help="The ranges of this service.")]
Lan = Annotated[bool, typer.Option("--lan", help="The ranges of the local network (server.lan).")]
Ranges = Annotated[list[str], typer.Argument(metavar="RANGE...", show_default=False)]
Exclude = Annotated[bool, typer.Option("--exclude", help="Shut these out: the same as `!` before each.")]
Expires = Annotated[
    str | None, typer.Option("--expires", metavar="DURATION", help="For how long: 90, 30s, 5m, 24h, 7d.")
]
Comment = Annotated[str | None, typer.Option("--comment", metavar="TEXT", help="What it is for.")]


@app.command("list")
def list_ranges(context: typer.Context, service: Service = None, lan: Lan = False, as_json: Json = False) -> None:
    """List the ranges, and whether each is in force. Those of all services and of the LAN if none is named."""
    rows, services = in_force.rows(context)
    if service is not None and service not in services:
        raise in_force.no_such(service, services)
    if service is not None or lan:
        rows = [row for row in rows if (row["service"] == service if row["service"] else lan)]
    if as_json:
        say_json({"ranges": rows})
    else:
        lines([{**row, "service": row["service"] or "LAN"} for row in rows], _NONE)


@app.command()
def add(
    context: typer.Context,
    range_: Ranges,
    service: Service = None,
    lan: Lan = False,
    exclude: Exclude = False,
    expires: Expires = None,
    comment: Comment = None,
    quiet: Quiet = False,
    dry_run: DryRun = False,
) -> None:
    """Add ranges to a service or to the LAN. One that is there stays for as long as it would have, or longer."""
    from mtq.access.entry import Entry
    from mtq.config.range_lists import parsed, until

    said, end_of_it = _comment(comment), until(expires)
    wanted = [Entry(parsed(text, exclude), end_of_it, said) for text in range_]
    _add(context, service, lan, wanted, quiet, dry_run)


@app.command()
def remove(
    context: typer.Context,
    range_: Ranges,
    service: Service = None,
    lan: Lan = False,
    exclude: Exclude = False,
    quiet: Quiet = False,
    dry_run: DryRun = False,
) -> None:
    """Remove ranges from a service or from the LAN."""
    from mtq.config.range_lists import parsed

    from .change import change

    unwanted = [parsed(text, exclude) for text in range_]
    where = _place(service, lan)
    change(context, lambda document, config: where.remove(document, config, unwanted), quiet, dry_run)


@app.command("import")
def import_ranges(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="PATH", show_default=False, help="- is standard input.")],
    service: Service = None,
    lan: Lan = False,
    exclude: Exclude = False,
    expires: Expires = None,
    comment: Comment = None,
    quiet: Quiet = False,
    dry_run: DryRun = False,
) -> None:
    """Add all ranges of a file. One a line; what follows # is its comment. If one is wrong, none is added."""
    from mtq.config.range_lists import until

    said, end_of_it = _comment(comment), until(expires)
    wanted, wrong = [], []
    for number, line in enumerate(_text(file).split("\n"), 1):
        written, _, about = line.partition("#")
        try:
            wanted += _entries(written, exclude, end_of_it, said or about.strip())
        except WrongUsage as error:
            wrong.append(f"{file}: line {number}: {error}")
    if wrong:
        more = [f"{file}: {len(wrong)} lines are wrong"] if len(wrong) > WRONG else []
        raise WrongUsage("\n".join([*wrong[:WRONG], *more]))
    _add(context, service, lan, wanted, quiet, dry_run)


@app.command()
def mode(
    context: typer.Context,
    mode: Annotated[str, typer.Argument(metavar="MODE", help="any, firewall or firewall+lan.")],
    service: Annotated[str, typer.Option("--service", metavar="SERVICE", help="The service.")],
    quiet: Quiet = False,
    dry_run: DryRun = False,
) -> None:
    """Set whom a service lets in. Anyone, its own ranges, or those and the LAN."""
    from mtq.access.rules import Mode
    from mtq.config import assignment
    from mtq.config.kinds import Choice

    from .change import change

    path = ("services", service, "access")
    wanted = assignment.value(path, mode, Choice(Mode))

    def alter(document: "Document", config: "Config") -> str:
        if service not in config.services:
            raise in_force.no_such(service, list(config.services))
        if config.services[service].access.value != wanted:
            document.set(path, wanted)
        return f"service {service}: access is {wanted}"

    change(context, alter, quiet, dry_run)


@app.command("test")
def try_address(
    context: typer.Context,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", show_default=False)],
    service: Service = None,
    lan: Lan = False,
    as_json: Json = False,
) -> None:
    """Say whether an address is let in, and which range decides. Exit 1: it is not."""
    client = str(addresses.parsed(address))
    row = in_force.decided(context, client, service, lan)
    if as_json:
        say_json(row)
    else:
        whom = "the LAN" if lan else f"service {row['service']}"
        yes = "on" if lan else "let in by"
        no = "not on" if lan else "not let in by"
        say(f"{client} is {yes if row['allowed'] else no} {whom}: {row['reason']}")
    if not row["allowed"]:
        end(Exit.FAILED)


def _add(
    context: typer.Context, service: str | None, lan: bool, wanted: "Sequence[Entry]", quiet: bool, dry_run: bool
) -> None:
    from mtq.access.mode import Mode

    from .change import change

    where = _place(service, lan)
    outcome = change(context, lambda document, config: where.add(document, config, wanted), quiet, dry_run)
    if service is not None and outcome.config.services[service].access is Mode.ANY:
        note(f'service {service} lets in everybody (access is "any"): its ranges do not count', quiet)


def _entries(written: str, exclude: bool, until: datetime | None, comment: str) -> "list[Entry]":
    """The range of a line; none of an empty one. Raises WrongUsage."""
    from mtq.access.entry import Entry
    from mtq.config.range_lists import parsed

    return [Entry(parsed(written, exclude), until, comment)] if written.strip() else []


def _text(file: str) -> str:
    """What is in a file. Raises MtqError, OSError."""
    raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise WrongUsage(f"{file}: line {line}: not UTF-8") from None


def _comment(text: str | None) -> str:
    """What was given as a comment. Raises WrongUsage for what no configuration can hold."""
    said = text or ""
    if any("\ud800" <= character <= "\udfff" for character in said):
        raise WrongUsage("--comment: not UTF-8")
    return said


def _place(service: str | None, lan: bool) -> "RangeList":
    from mtq.config.range_lists import RangeList

    if (service is None) is not lan:
        raise WrongUsage("say which ranges: --service NAME or --lan")
    return RangeList.of(service)
