"""`mtq serve`: run the server in the foreground."""

import sys
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
    from mtq.server import hangup

    hangup.hold()
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
    from mtq.server.stream import Stream

    account = worker_of(config)
    if account is not None and unreadable_program(account):
        from mtq.server.preload import preload

        preload()
    ledger = Ledger()
    # The one that the process was started with: narration may have found it full, and given it up.
    stream = Stream(None if sys.__stderr__ is None else sys.__stderr__.fileno(), ledger)
    log = Log(config.server.log_level.value, config.server.log_format.value == "json", stream)
    log.hear(ledger)
    ledger.enter(Remark("info", f"mtq {__version__} starting"))
    for remark in cautions(config, file):
        ledger.enter(Remark("warning", remark))

    def ready(server: Server) -> None:
        for warning in () if begin else server.warnings():
            ledger.enter(Remark("warning", warning))
        ledger.enter(Remark("info", "ready"))
        if begin is not None:
            stream.flush()
            note(begin())

    def work(privileges: "Privileges") -> int:
        def make() -> Server:
            return Server(file, config, privileges, ledger, log, systemd.handed)

        try:
            run(make, lambda server: attached(server, claimed, log), ready, systemd.notifier)
        finally:
            stream.close()
        return Exit.DONE

    return work
