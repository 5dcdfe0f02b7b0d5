"""`mtq serve`: run the server in the foreground."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mtq.config.model import Config

from . import place
from .console import note

if TYPE_CHECKING:
    from mtq.control.claim import Claim
    from mtq.server.privsep.privileges import Privileges
    from mtq.server.privsep.start import Work
    from mtq.server.systemd.manager import Manager

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def serve(
    context: typer.Context,
    demo: Annotated[
        bool, typer.Option("--demo", help="A throw-away server on 127.0.0.1, with users and mail.")
    ] = False,
) -> int:
    """Run the server in the foreground until SIGTERM or Ctrl-C."""
    if demo:
        from .demo.stage import staged

        with staged() as stage:
            return _run(stage.file, stage.config, stage.begin)
    return _run(place.of(context).file, _configuration(context), None)


def _configuration(context: typer.Context) -> Config:
    from .init import fill, furnish

    where = place.of(context)
    if not where.named and not where.file.exists():
        return fill(where.file, serving=True)
    config = place.config(context)
    furnish(config)
    return config


def _run(file: Path, config: Config, begin: Callable[[], str] | None) -> int:
    """Serve. `begin` is called when the server is ready, and what it says is printed."""
    from mtq.control.claim import Owner, claim
    from mtq.server.privsep.account import worker_of
    from mtq.server.privsep.start import run
    from mtq.server.systemd.manager import manager

    systemd = manager()
    account = worker_of(config)
    owner = None if account is None else Owner(account.uid, account.gid)
    claimed = claim(config.server.control_socket, owner)      # first: a second server is not to touch the ports
    try:
        return run(config, file, lambda: _work(file, config, claimed, systemd, begin))
    finally:
        claimed.release()


def _work(
    file: Path, config: Config, claimed: "Claim", systemd: "Manager", begin: Callable[[], str] | None
) -> "Work":
    """Load the server and say what it will do. This may still be root; the work itself may not."""
    from mtq import __version__
    from mtq.control.attach import attached
    from mtq.errors import Exit
    from mtq.ledger import Ledger, Remark
    from mtq.server.log import Log
    from mtq.server.privsep.account import unreadable_program, worker_of
    from mtq.server.privsep.start import cautions
    from mtq.server.process import serve as run
    from mtq.server.run import Server

    account = worker_of(config)
    if account is not None and unreadable_program(account):
        from mtq.server.preload import preload

        preload()
    ledger = Ledger()
    log = Log(config.server.log_level.value, config.server.log_format.value == "json")
    ledger.listen(log)
    ledger.enter(Remark("info", f"mtq {__version__} starting"))
    for remark in cautions(config, file):
        ledger.enter(Remark("warning", remark))

    def ready(server: Server) -> None:
        for warning in () if begin else server.warnings():
            ledger.enter(Remark("warning", warning))
        ledger.enter(Remark("info", "ready"))
        if begin is not None:
            note(begin())

    def work(privileges: "Privileges") -> int:
        def make() -> Server:
            return Server(file, config, privileges, ledger, log, systemd.handed)

        run(make, lambda server: attached(server, claimed, log), ready, systemd.notifier)
        return Exit.DONE

    return work
