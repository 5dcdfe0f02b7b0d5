"""The running server, as commands reach it."""

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from mtq.errors import ConfigInvalid, NoServer

from . import place

if TYPE_CHECKING:
    from mtq.control.client import Client

PATIENCE = 700.0
"""Seconds that the server may take to end sessions: `shutdown_grace` is at most 600."""

RELOAD = 120.0
"""Seconds that it may take to read its configuration again: host names that are new in it are waited for."""


class RunsWithAnother(NoServer):
    """A server is running, with another configuration."""


def server(context: typer.Context) -> "Client":
    """A connection to the server that runs with this configuration.

    Raises NoServer, MtqError for one that cannot be reached, and ConfigInvalid if it is not known where it would be.
    """
    return reach(socket(context), place.of(context).file)


def server_if_running(context: typer.Context) -> "Client | None":
    """The same; None if no server is running."""
    with suppress(NoServer):
        return server(context)
    return None


def reach(socket: Path, file: Path) -> "Client":
    """A connection to the server that runs with a configuration, on the socket that it names. Raises as `server`."""
    from mtq.control.client import Client

    client = Client.connect(socket)
    used = client.status.get("config")
    if isinstance(used, str) and not _is_same(used, file):
        client.close()
        raise RunsWithAnother(f"no server is running with {file}: the one on {socket} runs with {used}")
    return client


def socket(context: typer.Context) -> Path:
    """Where the server listens, or would. Raises ConfigInvalid if that is not known."""
    try:
        return place.config(context).server.control_socket
    except ConfigInvalid:
        # A server may run while its file is being edited: it can still be asked, stopped and told to reload.
        from mtq.config.read import control_socket

        found = control_socket(place.of(context).file)
        if found is None:
            raise
        return found


def _is_same(used: str, file: Path) -> bool:
    """Whether both are one file, whatever links lead to it.

    By the path first: a file that is being replaced is another one from one look to the next.
    """
    if os.path.realpath(used) == os.path.realpath(file):
        return True
    try:
        return os.path.samefile(used, file)
    except OSError:      # not to be seen from here
        return False
