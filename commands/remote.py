"""The running server, as commands reach it."""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from mtq.errors import ConfigInvalid, NoServer

from . import place

if TYPE_CHECKING:
    from mtq.control.client import Client


def server(context: typer.Context) -> "Client":
    """A connection to the running server. Raises NoServer, and ConfigInvalid if it is not known where it would be."""
    from mtq.control.client import Client

    return Client.connect(socket(context))


def server_if_running(context: typer.Context) -> "Client | None":
    """The same; None if no server is running."""
    with suppress(NoServer):
        return server(context)
    return None


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
