"""`mtq serve`: run the server in the foreground."""

import os
from typing import Annotated

import typer

from mtq.config.model import Config
from mtq.errors import MtqError

from . import place
from .console import note

app = typer.Typer(rich_markup_mode=None)


@app.command()
def serve(
    context: typer.Context,
    demo: Annotated[
        bool, typer.Option("--demo", help="A throw-away server on 127.0.0.1 with users and mail; nothing of it stays.")
    ] = False,
) -> None:
    """Run the server in the foreground until SIGTERM or Ctrl-C."""
    if demo:
        from .demo.stage import staged

        with staged() as stage:
            _run(stage.config, stage.things_to_try)
        return
    _run(_configuration(context), "")


def _configuration(context: typer.Context) -> Config:
    from .init import fill, furnish

    where = place.of(context)
    if not where.named and not where.file.exists():
        return fill(where.file)
    config = place.config(context)
    furnish(config)
    return config


def _run(config: Config, welcome: str) -> None:
    from mtq import __version__
    from mtq.config.read import unbuilt
    from mtq.ledger import Ledger, Remark
    from mtq.server.log import Log
    from mtq.server.run import Server, serve as run

    ledger = Ledger()
    server_settings = config.server
    ledger.listen(Log(server_settings.log_level.value, server_settings.log_format.value == "json"))
    ledger.enter(Remark("info", f"mtq {__version__} starting"))
    for remark in unbuilt(config):
        ledger.enter(Remark("warning", remark))
    if os.geteuid() == 0 and server_settings.user is None and not welcome:
        ledger.enter(Remark("warning", "serving as root; set server.user (`mtq init --create-user` makes one)"))

    def ready(server: Server) -> None:
        ledger.enter(Remark("info", "ready"))
        if welcome:
            note(welcome)

    run(config, ledger, ready)
