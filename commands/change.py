"""The one way in which commands change the configuration."""

from collections.abc import Callable

import typer

from mtq.config import assignment, keys
from mtq.config.document import Document
from mtq.config.edit import Outcome, edit
from mtq.config.layout import Path
from mtq.config.model import Config
from mtq.config.wording import named
from mtq.config.writing import written
from mtq.errors import NoServer, WrongUsage

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


def assign(document: Document, config: Config, path: Path, text: str) -> str:
    """Set a key to the value that was typed, and say what it is now. A target may be new, a service has to be there.

    Raises WrongUsage for an unknown key and for a value that is not allowed, NoSuchTable without the service.
    """
    try:
        key = keys.find(config, path, new_target=True)
    except keys.UnknownKey as error:
        raise WrongUsage(str(error)) from None
    if key.kind is None:
        raise WrongUsage(f"{named(key.path)}: a table; set the keys in it")
    value = assignment.value(key.path, text, key.kind)
    document.set(key.path, value)
    return f"{named(key.path)} = {written(value)}"


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
