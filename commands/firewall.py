"""`mtq firewall`: who may come in, by ranges of addresses."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mtq.access import ranges
from mtq.access.ranges import Range
from mtq.errors import Exit, MtqError, WrongUsage

from . import place, remote
from .console import end, lines, rows_of, say, say_json
from .options import DryRun, Json, Quiet

if TYPE_CHECKING:
    from mtq.access.policy import Policy
    from mtq.access.rules import Addresses, Decision
    from mtq.config.document import Document
    from mtq.config.model import Config

app = typer.Typer(
    add_completion=False, no_args_is_help=True, rich_markup_mode=None, help="Who may come in, by ranges of addresses."
)

RESOLVING = 5.0
"""Seconds that host names among the ranges may take where no server is running that knows them."""

MOST = 10_000
"""Ranges that a list in the configuration may have; more are at home in a firewall_file, which is read faster."""

Service = Annotated[str | None, typer.Option("--service", metavar="SERVICE", help="The ranges of this service.")]
Lan = Annotated[bool, typer.Option("--lan", help="The ranges of the local network (server.lan).")]
Ranges = Annotated[list[str], typer.Argument(metavar="RANGE...", show_default=False)]
Exclude = Annotated[bool, typer.Option("--exclude", help="Shut these out: the same as `!` before each.")]
Expires = Annotated[
    str | None, typer.Option("--expires", metavar="DURATION", help="For how long: 90, 30s, 5m, 24h, 7d.")
]
Comment = Annotated[str | None, typer.Option("--comment", metavar="TEXT", help="What it is for.")]


@dataclass(frozen=True)
class _List:
    """A list of ranges in the configuration."""

    path: tuple[str, ...]
    name: str


@app.command("list")
def list_ranges(context: typer.Context, service: Service = None, lan: Lan = False, as_json: Json = False) -> None:
    """List the ranges, and whether each is in force; of all services and the LAN if none is named."""
    rows = [row for row in _rows(context) if _is_wanted(row, service, lan)]
    if service is not None:
        _known(service, place.config(context))
    if as_json:
        say_json({"ranges": rows})
    else:
        lines(rows, "No range is listed: `mtq firewall add RANGE --service NAME`.")


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
    """Add ranges to a service or to the LAN. One that is there gets the expiry and the comment that are given."""
    wanted = [_Entry(_parsed(text, exclude), _until(expires), comment) for text in range_]
    said = _Said(_shown([entry.range.text for entry in wanted]), "added", "there already")
    _change(context, _place(service, lan), lambda items: _added(items, wanted), said, quiet, dry_run)


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
    unwanted = [_parsed(text, exclude) for text in range_]
    _change(
        context,
        _place(service, lan),
        lambda items: [item for item in items if not any(_same(item, range) for range in unwanted)],
        _Said(_shown([range.text for range in unwanted]), "removed", "not there"),
        quiet,
        dry_run,
    )


@app.command("import")
def import_ranges(
    context: typer.Context,
    file: Annotated[typer.FileText, typer.Argument(metavar="PATH", help="One range a line; - is standard input.")],
    service: Service = None,
    lan: Lan = False,
    exclude: Exclude = False,
    expires: Expires = None,
    comment: Comment = None,
    quiet: Quiet = False,
    dry_run: DryRun = False,
) -> None:
    """Add all ranges of a file, one a line; what follows # is its comment."""
    until = _until(expires)
    try:
        wanted = [
            _Entry(_parsed(text, exclude, f"{file.name}: line {number}: "), until, comment or said.strip() or None)
            for number, line in enumerate(file, 1)
            for text, _, said in [line.partition("#")]
            if text.strip()
        ]
    except UnicodeDecodeError:
        raise MtqError(f"{file.name}: not UTF-8") from None
    said = _Said(_shown([entry.range.text for entry in wanted]), "added", "there already")
    _change(context, _place(service, lan), lambda items: _added(items, wanted), said, quiet, dry_run)


@app.command()
def mode(
    context: typer.Context,
    mode: Annotated[str, typer.Argument(metavar="MODE", help="any, firewall or firewall+lan.")],
    service: Annotated[str, typer.Option("--service", metavar="SERVICE", help="The service.")],
    quiet: Quiet = False,
    dry_run: DryRun = False,
) -> None:
    """Say whom a service lets in: anyone, its own ranges, or those and the LAN."""
    from mtq.access.rules import Mode
    from mtq.config import assignment
    from mtq.config.kinds import Choice

    from .change import change

    path = ("services", service, "access")
    wanted = assignment.value(path, mode, Choice(Mode))

    def alter(document: "Document", config: "Config") -> str:
        if _known(service, config).access.value != wanted:
            document.set(path, wanted)
        return f"service {service} lets in by {wanted}"

    change(context, alter, quiet, dry_run)


@app.command("test")
def try_address(
    context: typer.Context,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", show_default=False)],
    service: Service = None,
    lan: Lan = False,
    as_json: Json = False,
) -> None:
    """Say whether an address is let in (exit 0) or not (exit 1), and which range decides."""
    try:
        client = ranges.client_address(address)
    except ValueError:
        raise WrongUsage(f"{address} is no address") from None
    row = _decided(context, str(client), service, lan)
    if as_json:
        say_json(row)
    else:
        whom = "the LAN" if lan else f"service {row['service']}"
        yes = "on" if lan else "let in by"
        no = "not on" if lan else "not let in by"
        say(f"{client} is {yes if row['allowed'] else no} {whom}: {row['reason']}")
    if not row["allowed"]:
        end(Exit.FAILED)


@dataclass(frozen=True)
class _Entry:
    """A range to be added."""

    range: Range
    until: datetime | None
    comment: str | None


Items = Sequence[Any]
"""Ranges as they stand in the file: strings and tables."""


@dataclass(frozen=True)
class _Said:
    """What a change says: of which ranges, and what became of them or is so already."""

    ranges: str
    done: str
    already: str


def _shown(texts: Sequence[str]) -> str:
    return ", ".join(texts) if len(texts) <= 5 else f"{len(texts)} ranges"


def _change(
    context: typer.Context, where: _List, altered: Callable[[Items], Items], said: _Said, quiet: bool, dry_run: bool
) -> None:
    """Change a list of ranges. What has expired goes at the same time."""
    from mtq.config.plain import plain

    from .change import change

    def alter(document: "Document", config: "Config") -> str:
        if where.path[0] == "services":
            _known(where.path[1], config)
        written = document.get(where.path)
        before = written if isinstance(written, list) else plain(config.server.lan) if where.name == "LAN" else []
        now = datetime.now(UTC)
        after = list(altered([item for item in before if not _is_expired(item, now)]))
        if len(after) > MOST:
            raise MtqError(f"{where.name} would have {len(after)} ranges; over {MOST} belong into a firewall_file")
        if after == before:
            return f"{where.name}: {said.ranges} {said.already}"
        document.set(where.path, after)
        return f"{where.name}: {said.ranges} {said.done}"

    change(context, alter, quiet, dry_run)


def _added(items: Items, wanted: Sequence[_Entry]) -> Items:
    found = list(items)
    at = {_identity(ranges.parse(_text(item))): index for index, item in enumerate(found)}
    for entry in wanted:
        index = at.get(_identity(entry.range))
        if index is None:
            at[_identity(entry.range)] = len(found)
            found.append(_item(entry.range.text, entry.until, entry.comment))
        else:
            said = found[index].get("comment") if isinstance(found[index], dict) else None
            found[index] = _item(_text(found[index]), entry.until, entry.comment or said)
    return found


def _item(text: str, until: datetime | None, comment: str | None) -> Any:
    if until is None and not comment:
        return text
    return {"range": text} | ({"until": until} if until else {}) | ({"comment": comment} if comment else {})


def _text(item: Any) -> str:
    text: str = item["range"] if isinstance(item, dict) else item
    return text


def _is_expired(item: Any, now: datetime) -> bool:
    return isinstance(item, dict) and "until" in item and item["until"] <= now


def _same(item: Any, range: Range) -> bool:
    return _identity(ranges.parse(_text(item))) == _identity(range)


def _identity(range: Range) -> object:
    """What two ways to write one range have in common."""
    return range.exclude, range.span, range.host


def _parsed(text: str, exclude: bool, where: str = "") -> Range:
    bare = text.strip()
    try:
        return ranges.parse(f"!{bare}" if exclude and not bare.startswith("!") else bare)
    except ranges.BadRange:
        raise WrongUsage(f"{where}{bare} is no range; allowed: {ranges.ALLOWED}") from None


def _until(expires: str | None) -> datetime | None:
    from .durations import parse

    if expires is None:
        return None
    return (datetime.now(UTC) + timedelta(seconds=parse(expires))).replace(microsecond=0)


def _place(service: str | None, lan: bool) -> _List:
    if (service is None) is not lan:
        raise WrongUsage("say which ranges: --service NAME or --lan")
    if service is None:
        return _List(("server", "lan"), "LAN")
    return _List(("services", service, "firewall"), f"service {service}")


def _known(service: str, config: "Config") -> Any:
    if service not in config.services:
        raise MtqError(f"there is no service {service}; there are: {', '.join(config.services) or 'none'}")
    return config.services[service]


# What is in force: the running server knows, else it is worked out here by the same code


def _rows(context: typer.Context) -> list[Any]:
    server = remote.server_if_running(context)
    if server is not None:
        with server:
            return rows_of(server.call("firewall.list"), "ranges")
    from mtq.control.rows import range_row

    config = place.config(context)
    now = datetime.now(UTC)
    rows = []
    for name in (*config.services, None):
        policy = _policy(config, name)
        names = _names(policy)
        rows += [range_row(row) for row in policy.rows(name, now, names) if (row.service is None) is (name is None)]
    return rows


def _is_wanted(row: Any, service: str | None, lan: bool) -> bool:
    if service is None and not lan:
        return True
    return row["service"] == service if service is not None else row["service"] is None


def _decided(context: typer.Context, address: str, service: str | None, lan: bool) -> Any:
    config = place.config(context)
    if service is None and not lan and len(config.services) == 1:
        [service] = config.services
    _place(service, lan)
    if service is not None:
        _known(service, config)
        server = remote.server_if_running(context)
        if server is not None:
            with server:
                return server.call("firewall.check", address=address, service=service)
    decision = _decision(config, address, service)
    return {
        "address": address,
        "service": service,
        "allowed": decision.allowed,
        "range": decision.range,
        "reason": decision.reason,
    }


def _decision(config: "Config", address: str, service: str | None) -> "Decision":
    policy = _policy(config, service)
    return policy.standing(datetime.now(UTC), _names(policy)).decide(ranges.client_address(address))


def _policy(config: "Config", service: str | None) -> "Policy":
    """The access control of a service or (None) of the LAN, by the code that serves."""
    from mtq.access import firewall_file
    from mtq.access.policy import Policy
    from mtq.access.rules import Mode

    if service is None:
        return Policy(Mode.FIREWALL, config.server.lan)
    settings = config.services[service]
    return Policy(settings.access, settings.firewall, firewall_file.read(settings.firewall_file), config.server.lan)


def _names(policy: "Policy") -> "Addresses":
    from mtq.server.resolver import addresses_now

    return addresses_now(policy.hosts, RESOLVING) if policy.hosts else {}
