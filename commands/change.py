"""The one way in which commands change the configuration."""

from collections.abc import Callable

import typer

from mtq.config.document import Document
from mtq.config.edit import Outcome, edit
from mtq.config.model import Config
from mtq.errors import NoServer

from . import place
from .console import note, say

Change = Callable[[Document, Config], str]
"""Changes the document, given what is in force before; says what holds then: `max_connections = 50`."""


def change(context: typer.Context, alter: Change, quiet: bool = False, dry_run: bool = False) -> Outcome:
    """Change the configuration and say so, or print what a dry run would change.

    Raises what `edit` raises; nothing is changed then.
    """
    said = ""

    def altering(document: Document, config: Config) -> None:
        nonlocal said
        said = alter(document, config)

    outcome = edit(place.of(context).file, altering, dry_run)
    if not outcome.changed:
        note(f"unchanged: {said}", quiet)
    elif dry_run:
        say("\n".join(outcome.difference()))
    else:
        note(said, quiet)
        _tell_server(outcome)
    return outcome


def _tell_server(outcome: Outcome) -> None:
    """Let a change that is written reach the running server. Raises MtqError if that could not follow."""
    from mtq.control.client import Client

    from .reload import complain

    try:
        server = Client.connect(outcome.config.server.control_socket)
    except NoServer:
        return
    with server:
        complain(server.call("server.reload"))
