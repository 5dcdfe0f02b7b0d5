"""The process around a server: its event loop, its signals, and what else is attached to it."""

import asyncio
import gc
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager

from mtq.errors import MtqError
from mtq.ledger import Remark
from mtq.server import hangup, room
from mtq.server.run import Server
from mtq.server.systemd.notify import Notifier, Reports

SWITCH = 0.001
"""Seconds a thread may go on before the event loop has its turn: ranges and mailboxes are read in threads."""

Attachment = Callable[[Server], AbstractAsyncContextManager[None]]
"""Something that goes with a server from before its start until after its end: the control socket."""


def serve(
    make: Callable[[], Server], attached: Attachment, ready: Callable[[Server], None], notifier: Notifier
) -> None:
    """Run until SIGTERM, SIGINT or a stop by command. `ready` is called once services are up. Raises MtqError."""
    sys.setswitchinterval(SWITCH)
    room.widen()
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_serve(make, attached, ready, notifier))


async def _serve(
    make: Callable[[], Server], attached: Attachment, ready: Callable[[Server], None], notifier: Notifier
) -> None:
    server = make()
    reports = Reports(notifier, server.ledger, server.summary)
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: server.ledger.enter(_fault(context)))
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stopping.set)
    wanted = asyncio.Event()
    loop.add_signal_handler(signal.SIGHUP, wanted.set)
    hangup.let_through()
    async with attached(server):
        await server.start()
        gc.freeze()      # what is there now stays: it need not be looked through again and again
        ready(server)
        with reports.serving():
            reloading = loop.create_task(_reload(server, reports, wanted))
            await server.stopping.wait()
            reloading.cancel()
            await asyncio.wait({reloading})
        reports.stopping(server.config.server.shutdown_grace)
        server.ledger.enter(Remark("info", "stopping"))
        await server.stop()
    reports.close()
    server.ledger.enter(Remark("info", "stopped"))


def _fault(context: Mapping[str, object]) -> Remark:
    """What an event loop has caught: a mistake of ours that ended one piece of work and no more."""
    told = [str(context["message"]), *(repr(context[key]) for key in ("exception",) if key in context)]
    return Remark("error", f"internal error: {': '.join(told)}")


async def _reload(server: Server, reports: Reports, wanted: asyncio.Event) -> None:
    """Reload whenever it is wanted, until cancelled: once for all that have wanted it since the last one began."""
    while await wanted.wait():
        wanted.clear()
        try:
            with reports.reloading():
                await server.reload()
        except MtqError as error:
            for line in str(error).splitlines():
                server.ledger.enter(Remark("error", f"not reloaded, nothing has changed: {line}"))
        except Exception as error:      # the last resort: the server goes on, and the next reload may be well
            server.ledger.enter(Remark("error", f"internal error in a reload: {error!r}"))


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """uvloop's loop where it exists: it needs less than half the CPU of asyncio's own."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop
