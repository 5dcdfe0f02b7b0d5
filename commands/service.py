"""`mtq service`: the POP3 services."""

from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mtq.errors import ConfigInvalid, MtqError, WrongUsage

from . import place, remote
from .console import lines, note, rows_of, say_json
from .options import DryRun, Json, Quiet

if TYPE_CHECKING:
    from mtq.config.document import Document
    from mtq.config.model import Config
    from mtq.control.client import Client

app = typer.Typer(
    add_completion=False, no_args_is_help=True, rich_markup_mode=None, help="Add, change, start and stop services."
)

Name = Annotated[str, typer.Argument(metavar="SERVICE", show_default=False)]
Settings = Annotated[list[str], typer.Argument(metavar="KEY=VALUE...", show_default=False)]


@app.command("list")
def list_services(context: typer.Context, as_json: Json = False) -> None:
    """List the services. Those of the running server, else those that are configured."""
    rows = _rows(context)
    if as_json:
        say_json({"services": rows})
    else:
        lines(rows, "No service is configured: `mtq service add NAME --listen WHERE`.")


@app.command()
def show(context: typer.Context, name: Name, as_json: Json = False) -> None:
    """Show one service. What it does, and its settings in force, defaults included."""
    from mtq.config.plain import plain

    config = place.config(context)
    row = next((row for row in _rows(context) if row["name"] == name), None)
    if row is None or name not in config.services:
        raise _no_such(name, list(config.services))
    settings = plain(config.services[name])
    if as_json:
        say_json({**row, "settings": settings})
        return
    facts = [(key, row[key]) for key in ("name", "state", "connections", "error")]
    lines([{"key": key, "value": value} for key, value in (*facts, *_flat(settings, ""))], "")


@app.command()
def add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", show_default=False)],
    listen: Annotated[
        list[str], typer.Option("--listen", metavar="WHERE", help="Port, ADDRESS:PORT or [IPv6]:PORT; repeatable.")
    ],
    settings: Annotated[list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", show_default=False)] = None,
    quiet: Quiet = False,
    dry_run: DryRun = False,
) -> None:
    """Add a service; the running server starts it at once."""
    from .change import change

    def alter(document: "Document", config: "Config") -> str:
        pairs = _values(name, [f"listen={_as_list(listen)}", *(settings or [])])
        if name in config.services:
            if _is_so(document, config, name, pairs, place.of(context).file):
                return f"service {name} is there already"
            raise MtqError(f"there is a service {name} already; `mtq service set {name}` changes it")
        for path, value in pairs:
            document.set(("services", name, *path), value)
        return f"service {name} was added"

    change(context, alter, quiet, dry_run)


@app.command("set")
def set_values(
    context: typer.Context, name: Name, settings: Settings, quiet: Quiet = False, dry_run: DryRun = False
) -> None:
    """Change settings of a service, such as max_connections=50."""
    from mtq.config import assignment

    from .change import assign, change

    pairs = [assignment.pair(text) for text in settings]

    def alter(document: "Document", config: "Config") -> str:
        _known(name, config)
        return ", ".join(assign(document, config, ("services", name, *path), value) for path, value in pairs)

    change(context, alter, quiet, dry_run)


@app.command()
def remove(context: typer.Context, name: Name, quiet: Quiet = False, dry_run: DryRun = False) -> None:
    """Remove a service. Who is connected may finish."""
    from .change import change

    def alter(document: "Document", _: "Config") -> str:
        there = document.remove(("services", name))
        return f"service {name} was removed" if there else f"there is no service {name}"

    change(context, alter, quiet, dry_run)


@app.command()
def enable(
    context: typer.Context,
    name: Name,
    now: Annotated[bool, typer.Option("--now", help="Start it, too.")] = False,
    quiet: Quiet = False,
    dry_run: DryRun = False,
) -> None:
    """Have a service start with the server."""
    _enable(context, name, True, quiet, dry_run)
    if now:
        _act(context, Act.START, name, quiet, dry_run)


@app.command()
def disable(
    context: typer.Context,
    name: Name,
    now: Annotated[bool, typer.Option("--now", help="Stop it, too.")] = False,
    quiet: Quiet = False,
    dry_run: DryRun = False,
) -> None:
    """Have a service no longer start with the server."""
    _enable(context, name, False, quiet, dry_run)
    if now:
        _act(context, Act.STOP, name, quiet, dry_run)


@app.command()
def start(context: typer.Context, name: Name, quiet: Quiet = False, dry_run: DryRun = False) -> None:
    """Start a service of the running server."""
    _act(context, Act.START, name, quiet, dry_run)


@app.command()
def stop(context: typer.Context, name: Name, quiet: Quiet = False, dry_run: DryRun = False) -> None:
    """Stop a service of the running server. Its sessions end; commands in flight are finished first."""
    _act(context, Act.STOP, name, quiet, dry_run)


@app.command()
def restart(context: typer.Context, name: Name, quiet: Quiet = False, dry_run: DryRun = False) -> None:
    """Stop a service of the running server, and start it again."""
    _act(context, Act.RESTART, name, quiet, dry_run)


class Act(Enum):
    """What is done to a service of the running server."""

    START = "service.start"
    STOP = "service.stop"
    RESTART = "service.restart"

    @property
    def done(self) -> str:
        """What has become of the service then."""
        return {Act.START: "started", Act.STOP: "stopped", Act.RESTART: "restarted"}[self]

    @property
    def idle_in(self) -> str | None:
        """The state in which it changes nothing."""
        return {Act.START: "running", Act.STOP: "stopped", Act.RESTART: None}[self]


def _act(context: typer.Context, act: Act, name: str, quiet: bool, dry_run: bool) -> None:
    with remote.server(context) as server:
        if dry_run:
            changes = _state_of(server, name) != act.idle_in
        else:
            changes = bool(server.call(act.value, within=remote.PATIENCE, name=name).get("changed"))
    if not changes:
        note(f"unchanged: service {name} is {act.idle_in} already", quiet)
    else:
        note(f"service {name} {'would be' if dry_run else 'was'} {act.done}", quiet)


def _state_of(server: "Client", name: str) -> object:
    states = {row["name"]: row["state"] for row in rows_of(server.call("service.list"), "services")}
    if name not in states:
        raise _no_such(name, list(states))
    return states[name]


def _enable(context: typer.Context, name: str, wanted: bool, quiet: bool, dry_run: bool) -> None:
    from .change import change

    def alter(document: "Document", config: "Config") -> str:
        if _known(name, config).enabled is not wanted:
            document.set(("services", name, "enabled"), wanted)
        return f"service {name} {'starts' if wanted else 'does not start'} with the server"

    change(context, alter, quiet, dry_run)


def _rows(context: typer.Context) -> list[Mapping[str, Any]]:
    server = remote.server_if_running(context)
    if server is not None:
        with server:
            return rows_of(server.call("service.list"), "services")
    from mtq.control import rows

    services = place.config(context).services
    return [rows.service(name, settings, "stopped", None, 0) for name, settings in services.items()]


def _known(name: str, config: "Config") -> Any:
    if name not in config.services:
        raise _no_such(name, list(config.services))
    return config.services[name]


def _no_such(name: str, known: Sequence[str]) -> MtqError:
    return MtqError(f"there is no service {name}; there are: {', '.join(known) or 'none'}")


def _values(name: str, settings: Sequence[str]) -> list[tuple[tuple[str, ...], Any]]:
    """What KEY=VALUE pairs mean for a service. Raises WrongUsage."""
    from mtq.config import assignment, keys
    from mtq.config.model import Config, Service

    with_it = Config(services={name: Service()})
    found = []
    for text in settings:
        path, value = assignment.pair(text)
        try:
            key = keys.find(with_it, ("services", name, *path), new_target=True)
        except keys.UnknownKey as error:
            raise WrongUsage(str(error)) from None
        if key.kind is None:
            raise WrongUsage(f"{text}: a table; set the keys in it")
        found.append((key.path[2:], assignment.value(key.path, value, key.kind)))
    return found


def _is_so(
    document: "Document", config: "Config", name: str, settings: Sequence[tuple[tuple[str, ...], Any]], file: Path
) -> bool:
    """Whether a service has these settings already, however they are written."""
    from mtq.config.document import Document
    from mtq.config.paths import here
    from mtq.config.read import parse

    with_them = Document(document.text)
    for path, value in settings:
        with_them.set(("services", name, *path), value)
    try:
        return parse(with_them.text, file, here()) == config
    except ConfigInvalid:
        return False


def _as_list(listen: Sequence[str]) -> str:
    from mtq.config.writing import written

    return written([int(where) if where.isascii() and where.isdigit() else where for where in listen])


def _flat(settings: Mapping[str, Any], prefix: str) -> list[tuple[str, object]]:
    rows: list[tuple[str, object]] = []
    for key, value in settings.items():
        if isinstance(value, dict):
            rows += _flat(value, f"{prefix}{key}.")
        else:
            rows.append((prefix + key, value))
    return rows
