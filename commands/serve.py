"""`mtq serve`: run the server in the foreground."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mtq.config.model import Config

from . import place
from .console import note

if TYPE_CHECKING:
    from mtq.server.run import Server

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def serve(
    context: typer.Context,
    demo: Annotated[
        bool, typer.Option("--demo", help="A throw-away server on 127.0.0.1, with users and mail.")
    ] = False,
) -> None:
    """Run the server in the foreground until SIGTERM or Ctrl-C."""
    if demo:
        from .demo.stage import staged

        with staged() as stage:
            _run(stage.file, stage.config, stage.things_to_try)
        return
    _run(place.of(context).file, _configuration(context), "")


def _configuration(context: typer.Context) -> Config:
    from .init import fill, furnish

    where = place.of(context)
    if not where.named and not where.file.exists():
        return fill(where.file)
    config = place.config(context)
    furnish(config)
    return config


def _run(file: Path, config: Config, welcome: str) -> None:
    from mtq import __version__
    from mtq.ledger import Ledger, Remark
    from mtq.server.log import Log
    from mtq.server.process import serve as run
    from mtq.server.run import Server

    ledger = Ledger()
    log = Log(config.server.log_level.value, config.server.log_format.value == "json")
    ledger.listen(log)
    ledger.enter(Remark("info", f"mtq {__version__} starting"))
    for remark in _not_yet(config):
        ledger.enter(Remark("warning", remark))
    if os.geteuid() == 0 and config.server.user is None and not welcome:
        ledger.enter(Remark("warning", "serving as root; set server.user (`mtq init --create-user` makes one)"))

    def ready(server: Server) -> None:
        ledger.enter(Remark("info", "ready"))
        if welcome:
            note(welcome)

    run(lambda: Server(file, config, ledger, log), _nothing, ready)


@asynccontextmanager
async def _nothing(_: "Server") -> AsyncIterator[None]:
    yield


def _not_yet(config: Config) -> Iterator[str]:
    """What the configuration asks for and this version does not do."""
    if config.server.metrics_listen:
        yield "server.metrics_listen: this version has no metrics yet"
    for name, service in config.services.items():
        if service.proxy.enabled:
            yield f"services.{name}.proxy: this version has no proxy yet; names with a server are unknown users"
        if service.remove_invalid_message_id:
            yield f"services.{name}.remove_invalid_message_id: this version passes messages as they are"
        if any(entry.range.host for entry in (*service.firewall, *config.server.lan)):
            yield f"services.{name}: host names among the ranges are not looked up in this version: not in force"
