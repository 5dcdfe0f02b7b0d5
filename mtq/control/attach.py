"""The control socket attached to a server: served for as long as the server is there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mtq.control.claim import Claim
from mtq.control.endpoint import Endpoint
from mtq.control.events import Events
from mtq.control.handlers import Reception
from mtq.server.log import Log
from mtq.server.run import Server


@asynccontextmanager
async def attached(server: Server, claimed: Claim, log: Log) -> AsyncIterator[None]:
    """Serve on the claimed socket, and give it free in the end."""
    reception = Reception(server)
    events = Events(server.ledger, log, reception.idle, reception.services)
    endpoint = Endpoint(claimed, reception.handlers(), events, server.ledger, log)
    await endpoint.serve()
    try:
        yield
    finally:
        await endpoint.close()
