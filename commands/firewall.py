"""`mtq firewall`: who may come in, by ranges of addresses."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mtq.access import ranges
from mtq.errors import Exit, MtqError, WrongUsage

from . import place, remote
from .console import end, lines, rows_of, say, say_json
from .options import DryRun, Json, Quiet

if TYPE_CHECKING:
    from mtq.access.entry import Entry
    from mtq.access.policy import Policy
    from mtq.access.rules import Addresses, Decision
    from mtq.config.document import Document
    from mtq.config.model import Config
    from mtq.config.range_lists import RangeList

app = typer.Typer(
    add_completion=False, no_args_is_help=True, rich_markup_mode=None, help="Who may come in, by ranges of addresses."
)

RESOLVING = 5.0
"""Seconds that host names among the ranges may take where no server is running that knows them."""

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
    from mtq.access.entry import Entry
    from mtq.config.range_lists import parsed, until

    end_of_it = until(expires)
    wanted = [Entry(parsed(text, exclude), end_of_it, comment or "") for text in range_]
    _add(context, _place(service, lan), wanted, quiet, dry_run)


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
    from mtq.config.range_lists import until

    end_of_it = until(expires)
    try:
        wanted = [
            _entry(f"{file.name}: line {number}: ", text, exclude, end_of_it, comment or said.strip())
            for number, line in enumerate(file, 1)
            for text, _, said in [line.partition("#")]
            if text.strip()
        ]
    except UnicodeDecodeError:
        raise MtqError(f"{file.name}: not UTF-8") from None
    _add(context, _place(service, lan), wanted, quiet, dry_run)


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


def _add(
    context: typer.Context, where: "RangeList", wanted: "Sequence[Entry]", quiet: bool, dry_run: bool
) -> None:
    from .change import change

    change(context, lambda document, config: where.add(document, config, wanted), quiet, dry_run)


def _entry(where: str, text: str, exclude: bool, until: datetime | None, comment: str) -> "Entry":
    from mtq.access.entry import Entry
    from mtq.config.range_lists import parsed

    try:
        return Entry(parsed(text, exclude), until, comment)
    except WrongUsage as error:
        raise WrongUsage(f"{where}{error}") from None


def _place(service: str | None, lan: bool) -> "RangeList":
    from mtq.config.range_lists import RangeList

    if (service is None) is not lan:
        raise WrongUsage("say which ranges: --service NAME or --lan")
    return RangeList.of(service)


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
