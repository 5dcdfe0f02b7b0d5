"""`mtq tui`: the dashboard."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mtq.errors import MtqError

from . import place, remote

if TYPE_CHECKING:
    from mtq.proxy.steps import Step
    from mtq.tui.dialogs.target_test import Probe

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None, help="Start the dashboard.")


@app.callback()
def group() -> None:
    """A group, though it has but one command."""


@app.command()
def dashboard(
    context: typer.Context,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Only look: what changes things is not there.")
    ] = False,
) -> int:
    """Watch and steer the running server. It may be started before the server."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):        # it reads the one and draws on the other
        raise MtqError("the dashboard needs a terminal; `mtq status` shows the same without one")
    from mtq.tui.app import Dashboard

    from .completion import names_of
    from .shells.dashboard import completion
    from .subordinate import subordinate

    where = place.of(context)
    shown = Dashboard(
        remote.socket(context),
        where.file,
        read_only=read_only,
        run=subordinate(where),
        complete=completion(context, lambda source: names_of(context, source.value)),
        probe=_probe(where.file),
    )
    shown.run()
    return shown.return_code or 0


def _probe(file: Path) -> "Probe":
    """What tests a target; the proxy is loaded when somebody does."""

    def call(target: str) -> "AsyncIterator[Step]":
        from .probe import by_hand

        return by_hand(file)(target)

    return call
