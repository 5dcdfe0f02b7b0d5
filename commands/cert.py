"""`mtq cert`: mtq's own authority and certificates, and the state of whatever is served."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mtq.config.model import Config
from mtq.config.read import own_certificate
from mtq.errors import Exit, MtqError, WrongUsage

from . import place
from .console import end, note, say, say_json, table

if TYPE_CHECKING:
    from mtq.authority import Made, Order

    from .served import Finding, Verdict

NONE = "no enabled service speaks TLS: no certificate is served"

app = typer.Typer(
    add_completion=False, no_args_is_help=True, rich_markup_mode=None, help="Make, show and check certificates."
)

Json = Annotated[bool, typer.Option("--json", help="As JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Say nothing when it went well.")]
ServiceName = Annotated[
    str | None, typer.Option("--service", metavar="SERVICE", help="Only what this service serves, enabled or not.")
]


@app.command()
def create(
    context: typer.Context,
    name: Annotated[
        list[str] | None,
        typer.Option("--name", metavar="NAME", help="A further host name or address; may be given several times."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Write ca.pem, server.pem and server.key there instead."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Make another, though this one is good.")] = False,
    quiet: Quiet = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be made, and make nothing.")] = False,
) -> None:
    """Make a certificate by mtq's own authority.

    It is for server.hostname, this machine's names and addresses, and NAMEs.
    It replaces the one that mtq keeps itself, if that is due or lacks a name, and keeps the names that it had. The
    authority stays, so that clients which trust it trust the new one, too. What mtq did not make is left alone.
    """
    from mtq import authority
    from mtq.ledger import utc_now

    config = place.config(context)
    order = _order(config, name or [], out)
    if not config.server.state_dir.is_dir():
        raise MtqError(f"{config.server.state_dir}: the state folder is not there; `mtq init` makes it")
    authority.check_place(order)
    now = utc_now()
    if dry_run:
        why = authority.due(order, now) or ("--force" if force else None)
        note(f"would make {order.certificate}: {why}" if why else _unchanged(order, now))
        return
    made = authority.fulfil(order, now, force)
    if made is None:
        note(_unchanged(order, now), quiet)
        return
    _tell(made, quiet)
    if out is not None and made.serial_before is None:
        note(f'next: certificate = "{order.certificate}" and key = "{order.key}" in the service\'s table', quiet)


@app.command()
def show(context: typer.Context, service: ServiceName = None, as_json: Json = False) -> None:
    """Show the certificates that are served. Those of the enabled services and of [tls], as their files are."""
    from mtq.ledger import utc_now

    from . import served

    config = place.config(context)
    pairs = served.pairs(config, service)
    if service is None:
        pairs += served.unserved(config)
    findings = [served.examine(pair) for pair in pairs]
    rows = [_row(finding, utc_now()) for finding in findings]
    if as_json:
        say_json({"certificates": rows})
    else:
        _print(rows)
    errors = [finding.error for finding in findings if finding.error]
    if errors:
        raise MtqError("\n".join(errors))


@app.command()
def check(
    context: typer.Context,
    days: Annotated[int, typer.Option("--days", metavar="DAYS", min=0, help="How long all have to be good.")] = 14,
    service: ServiceName = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Say whether all certificates are good for some days. Exit 1: one is not.

    Any certificate of a chain counts, and the key has to fit. For cron: with --quiet only problems are said.
    """
    from mtq.ledger import utc_now

    from . import served

    config, now = place.config(context), utc_now()
    verdicts = [
        served.judge(served.examine(pair), config.server.hostname, now, days)
        for pair in served.pairs(config, service)
    ]
    problems = [problem for verdict in verdicts for problem in verdict.problems]
    if as_json:
        say_json({"certificates": [_judged(verdict, now) for verdict in verdicts]})
        end(Exit.FAILED if problems else Exit.DONE)
    if not verdicts:
        note(NONE, quiet)
    for verdict in verdicts:
        for warning in verdict.warnings:
            note(f"warning: {warning}", quiet)
        if not verdict.problems:
            note(_good(verdict.finding, now), quiet)
    if problems:
        raise MtqError("\n".join(problems))


def _order(config: Config, given: list[str], out: Path | None) -> "Order":
    from mtq import authority
    from mtq.certificates import normal

    for name in given:
        if normal(name) is None:
            raise WrongUsage(f"{name!r} is no name that a certificate can hold; allowed is a host name or an address")
    home = own_certificate(config.server.state_dir).parent
    hostname, local = config.server.hostname, authority.local_names()
    if out is not None:
        folder = home if out.resolve() == home.resolve() else out.absolute()
        names = (*given, hostname, *local)      # the first is the common name
        return authority.Order(folder / "server.pem", folder / "server.key", names, home)
    if config.tls.certificate != own_certificate(config.server.state_dir):
        raise MtqError(
            f"tls.certificate is {config.tls.certificate}, which is not mtq's to make; "
            "`mtq cert create --out DIR` makes one elsewhere"
        )
    return authority.Order(config.tls.certificate, config.tls.key, (hostname, *given, *local), home)


def _unchanged(order: "Order", now: datetime) -> str:
    from mtq.certificates import days_left, read_chain

    left = days_left(read_chain(order.certificate).not_after, now)
    return f"unchanged: {order.certificate} has these names and is good for {left} days; --force makes another"


def _tell(made: "Made", quiet: bool) -> None:
    from mtq.certificates import moment

    note(f"made a certificate {made.certificate}, good until {moment(made.not_after)}", quiet)
    note(f"for {', '.join(made.names)}", quiet)
    note(f"serial before: {made.serial_before or 'none'}; now: {made.serial}", quiet)
    if made.new_authority and made.serial_before:
        note(f"the authority is a new one, too: clients have to import {made.authority} again", quiet)
    else:
        note(f"clients that import {made.authority} trust it", quiet)


def _row(finding: "Finding", now: datetime) -> dict[str, object]:
    from mtq.certificates import days_left

    chain = finding.chain
    leaf = chain.leaf if chain else None
    return {
        "services": finding.pair.services,
        "file": str(finding.pair.certificate),
        "key": str(finding.pair.key),
        "subject": leaf and leaf.subject,
        "names": leaf and leaf.names,
        "issuer": leaf and leaf.issuer,
        "serial": leaf and leaf.serial,
        "not_before": leaf and leaf.not_before,
        "not_after": leaf and leaf.not_after,
        "days_left": days_left(chain.not_after, now) if chain else None,
        "fingerprint": leaf and leaf.fingerprint,
        "key_type": leaf and leaf.key_type,
        "key_fits": finding.key_fits,
        "chain_complete": finding.complete,
        "own": leaf and leaf.own,
        "error": finding.error,
    }


def _judged(verdict: "Verdict", now: datetime) -> dict[str, object]:
    return {**_row(verdict.finding, now), "problems": verdict.problems, "warnings": verdict.warnings}


def _print(rows: list[dict[str, object]]) -> None:
    if not rows:
        note(NONE)
    for number, row in enumerate(rows):
        if number:
            say("")
        said = [(key.replace("_", " "), _readable(value)) for key, value in row.items() if value is not None]
        table(("field", "value"), said, "")


def _readable(value: object) -> object:
    from mtq.certificates import moment

    match value:
        case bool():
            return "yes" if value else "no"
        case tuple():
            return ", ".join(value) or "none"
        case datetime():
            return moment(value)
        case _:
            return value


def _good(finding: "Finding", now: datetime) -> str:
    from mtq.certificates import days_left

    assert finding.chain is not None
    left = days_left(finding.chain.not_after, now)
    return f"{finding.pair.certificate}: good for {left} days ({', '.join(finding.pair.services)})"
