"""The one way in which commands change the configuration."""

from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from mtq.config import assignment, keys
from mtq.config.document import Document
from mtq.config.edit import Outcome, edit
from mtq.config.layout import Path as KeyPath
from mtq.config.model import Config
from mtq.config.wording import named
from mtq.config.writing import written
from mtq.errors import MtqError, NoServer, WrongUsage

from . import place, remote
from .console import note, say

if TYPE_CHECKING:
    from mtq.control.client import Client

Change = Callable[[Document, Config], str]
"""Changes the document, given what is in force before; says what holds then: `max_connections = 50`."""


def change(context: typer.Context, alter: Change, quiet: bool = False, dry_run: bool = False) -> Outcome:
    """Change the configuration and say so, or print what a dry run would change.

    Raises what `edit` raises, and nothing is changed then; and MtqError if the running server could not follow.
    """
    file, said = place.of(context).file, ""
    before: Config | None = None

    def altering(document: Document, config: Config) -> None:
        nonlocal said, before
        said, before = alter(document, config), config

    outcome = edit(file, altering, dry_run)
    assert before is not None
    if not outcome.changed:
        note(f"unchanged: {said}", quiet)
    elif dry_run:
        say("\n".join(outcome.difference()))
    else:
        note(said, quiet)
        _tell_server(file, before, outcome.config, quiet)
    return outcome


def assign(document: Document, config: Config, path: KeyPath, text: str) -> str:
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


def _tell_server(file: Path, before: Config, after: Config, quiet: bool) -> None:
    """Let a change that is written reach the running server. Raises MtqError if that could not follow."""
    from mtq.control.troubles import HungUp

    from .reload import complain, say_what_waits

    now, then = before.server.control_socket, after.server.control_socket
    try:
        # It listens where it did when it started, wherever the change may want it to: or it was there all the time.
        server, socket = _first(file, now, then)
        with server:
            told = server.call("server.reload", within=remote.RELOAD)
    except remote.RunsWithAnother as another:
        note(str(another), quiet)
        return
    except HungUp:
        note("the server has ended meanwhile; it goes by the change when it is started again", quiet)
        return
    except NoServer:
        return
    except MtqError as error:
        raise type(error)(f"{file} was changed, but the running server could not be told: {error}") from None
    say_what_waits(told, quiet)
    if socket != then:
        note(f"until then it listens on {now}, and commands look for it on {then}: restart it now", quiet)
    complain(told, _concerned(before, after))


def _first(file: Path, now: Path, then: Path) -> "tuple[Client, Path]":
    """The server that runs with this file, and on which of two sockets it was reached. Raises as `reach`."""
    if now != then:
        with suppress(NoServer):
            return remote.reach(now, file), now
    return remote.reach(then, file), then


def _concerned(before: Config, after: Config) -> Collection[str] | None:
    """The services that could fail by a change; None for all: it is about their certificates."""
    if before.tls != after.tls:
        return None
    return [name for name, service in after.services.items() if service != before.services.get(name)]
