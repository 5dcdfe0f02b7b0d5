"""`mtq proxy`: other servers, whose users log in through this one."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mtq.access import servers
from mtq.access.servers import Server
from mtq.errors import Exit, MtqError, WrongUsage

from . import place, remote
from .addresses import server_named
from .console import end, lines, note, rows_of, say_json
from .options import DryRun, Json, Quiet
from .passwords import FromStdin, password

if TYPE_CHECKING:
    from mtq.config.document import Document
    from mtq.config.model import Config, Service
    from mtq.proxy.steps import Step

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Test and allow the servers that users log in at.",
)
allow = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Choose the servers at which users may log in.",
)
app.add_typer(allow, name="allow")

Patterns = Annotated[
    list[str], typer.Argument(metavar="SERVER[:PORT]...", help="Or *.DOMAIN for all names below it.")
]
OfService = Annotated[str, typer.Option("--service", metavar="SERVICE", help="The service whose proxy it is.")]


@app.command("test")
def call(
    context: typer.Context,
    target: Annotated[str, typer.Argument(metavar="TARGET", help="HOST or HOST:PORT.")],
    user: Annotated[
        str | None, typer.Option("--user", metavar="NAME", help="Log in there as this user, and look at the mailbox.")
    ] = None,
    password_stdin: FromStdin = False,
    service: Annotated[
        str | None,
        typer.Option("--service", metavar="SERVICE", help="By this service's proxy; else by the first that is on."),
    ] = None,
    dial: Annotated[bool, typer.Option("--dial", help="Bring up the dial-up link where a login would.")] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Call a server as the proxy would, and say what a client gets. Exit 1: it does not get in.

    The proxy's own code calls, with the service's settings for that server; no mtq has to run. What a client would
    be refused is looked at all the same, but no password goes to a server that is not allowed or not trusted.
    """
    from mtq.proxy.probe import VERDICT, Account

    from . import probe

    server = server_named(target)
    if password_stdin and user is None:
        raise WrongUsage("a password is of use only with --user")
    config = place.config(context)
    chosen = probe.choose(config, service)
    account = None if user is None else Account(user, password(f"{user} at {server}", password_stdin))
    steps = probe.steps(config, chosen, server, account, dial, lambda: _running_link(context, chosen.service))
    found = probe.carried_out(steps, _shower(as_json or quiet))
    verdict = next(step for step in found if step.name == VERDICT)
    if as_json:
        _say_all(server, chosen.service, found, verdict)
    if not verdict.ok and quiet:
        raise MtqError(f"{server}: {verdict.text}")
    if not verdict.ok:
        end(Exit.FAILED)


@allow.command("list")
def list_allowed(
    context: typer.Context,
    service: Annotated[
        str | None, typer.Option("--service", metavar="SERVICE", help="Only what this service's proxy may call.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List the servers at which users may log in, service by service."""
    config = place.config(context)
    if service is not None:
        _known(service, config)
    named = [service] if service is not None else list(config.services)
    rows = [{"service": name, "server": text} for name in named for text in config.services[name].proxy.allow]
    if as_json:
        say_json({"allow": rows})
        return
    lines(rows, "No server is allowed: `mtq proxy allow add SERVER --service NAME`.")
    for name in named:
        if not config.services[name].proxy.only_allowed:
            note(f"service {name}: only_allowed is off, so that any server may be logged in at")


@allow.command()
def add(
    context: typer.Context, server: Patterns, service: OfService, quiet: Quiet = False, dry_run: DryRun = False
) -> None:
    """Allow servers."""
    wanted = _entries(server)

    def added(there: Sequence[str]) -> list[str]:
        known = set(map(_identity, there))
        return [*there, *(text for identity, text in wanted.items() if identity not in known)]

    words = ", ".join(wanted.values()), "added", "there already"
    _change(context, service, added, words, quiet, dry_run)


@allow.command()
def remove(
    context: typer.Context, server: Patterns, service: OfService, quiet: Quiet = False, dry_run: DryRun = False
) -> None:
    """Allow servers no longer. Who is logged in there stays so."""
    unwanted = _entries(server)

    def left(there: Sequence[str]) -> list[str]:
        return [text for text in there if _identity(text) not in unwanted]

    words = ", ".join(unwanted.values()), "removed", "not there"
    _change(context, service, left, words, quiet, dry_run)


@app.command()
def status(context: typer.Context, as_json: Json = False) -> None:
    """Show the proxies. Which services have theirs on, who is logged in where, and what a link is doing."""
    with remote.server(context) as server:
        found = server.call("proxy.status")
    if as_json:
        say_json(found)
    else:
        lines(rows_of(found, "proxies"), "No service is configured.")


@app.command()
def failures(context: typer.Context, as_json: Json = False) -> None:
    """List where APOP is not tried again. A server has refused it to a user whose password was right."""
    with remote.server(context) as server:
        found = server.call("proxy.failures")
    if as_json:
        say_json(found)
    else:
        lines(rows_of(found, "failures"), "No server has refused APOP.")


@app.command()
def forget(
    context: typer.Context,
    server: Annotated[
        str | None, typer.Argument(metavar="[SERVER[:PORT]]", help="At this server; without a port at each of its.")
    ] = None,
    user: Annotated[str | None, typer.Argument(metavar="[NAME]", help="For this user of that server alone.")] = None,
    quiet: Quiet = False,
    dry_run: DryRun = False,
) -> None:
    """Try APOP again where a server has refused it. Everywhere, if no server is named."""
    where = None if server is None else server_named(server)
    with remote.server(context) as running:
        if dry_run:
            count = _count_remembered(rows_of(running.call("proxy.failures"), "failures"), where, user)
        else:
            count = int(str(running.call("proxy.forget", server=server, user=user)["forgotten"]))
    told = f"{count} forgotten: APOP is tried there again" if not dry_run else f"{count} would be forgotten"
    note(told if count else "unchanged: no such failure is remembered", quiet)


# Targets and allow-lists


def _entries(texts: Sequence[str]) -> dict[tuple[Server, bool], str]:
    """Each entry once, as it was written first."""
    entries: dict[tuple[Server, bool], str] = {}
    for text in texts:
        entries.setdefault(_identity(text), text.strip())
    return entries


def _identity(text: str) -> tuple[Server, bool]:
    """What two ways to write one entry have in common. Raises WrongUsage."""
    try:
        pattern = servers.pattern(text)
    except servers.BadServer as wrong:
        raise WrongUsage(f"{text!r} cannot be allowed: {wrong}; allowed is {servers.ALLOWED}") from None
    return pattern.server, pattern.wildcard


def _known(service: str, config: "Config") -> "Service":
    if service not in config.services:
        raise MtqError(f"there is no service {service}; there are: {', '.join(config.services) or 'none'}")
    return config.services[service]


def _change(
    context: typer.Context,
    service: str,
    altered: Callable[[Sequence[str]], list[str]],
    words: tuple[str, str, str],
    quiet: bool,
    dry_run: bool,
) -> None:
    """Change a service's allow-list. The words: which entries, what is done with them, or what is so already."""
    from .change import change

    entries, done, already = words

    def alter(document: "Document", config: "Config") -> str:
        proxy = _known(service, config).proxy
        before, after = list(proxy.allow), altered(proxy.allow)
        if after == before:
            return f"service {service}: {entries} {already}"
        document.set(("services", service, "proxy", "allow"), after)
        moved = [text for text in (*after, *before) if (text in after) is not (text in before)]
        off = "" if proxy.enabled else f"; its proxy is off: `mtq config set services.{service}.proxy.enabled true`"
        return f"service {service}: {', '.join(moved)} {done}{off}"

    change(context, alter, quiet, dry_run)


# What the running server remembers and does


def _count_remembered(rows: Sequence[Mapping[str, Any]], server: Server | None, user: str | None) -> int:
    from mtq.proxy.failures import is_meant

    return sum(is_meant(servers.parse(row["server"]), row["user"], server, user) for row in rows)


def _running_link(context: typer.Context, service: str | None) -> str | None:
    """What the dial-up link of a service is doing. Whoever may not ask the server cannot know."""
    with suppress(MtqError), remote.server(context) as running:
        for row in rows_of(running.call("proxy.status"), "proxies"):
            if row["service"] == service:
                link: str | None = row["link"]
                return link
    return None


# What is said of a test


def _shower(silent: bool) -> "Callable[[Step], None]":
    from .steps import shower

    return (lambda step: None) if silent else shower()


def _say_all(server: Server, service: str | None, steps: "Sequence[Step]", verdict: "Step") -> None:
    from .steps import row

    say_json(
        {
            "target": str(server),
            "service": service,
            "ok": verdict.ok,
            "allowed": all(step.ok for step in steps if step.name in ("allowed", "address")),
            "answer": verdict.facts["answer"],
            "verdict": verdict.text,
            "steps": [row(step) for step in steps],
        }
    )
