"""The second server of the demonstration, which stands for a provider: it takes no password outside TLS.

It has users and a certificate authority of its own. It runs in a thread of the same process, and so ends with it.
"""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mtq.config.paths import here
from mtq.ledger import Ledger
from mtq.server.privsep.privileges import Direct
from mtq.server.process import loop_factory
from mtq.server.run import Server

from .furnished import Furnished, furnish

PASSWORDS = {"pearl": "granny", "george": "gravel"}

CONFIGURATION = """\
[server]
hostname = "localhost"
state_dir = "state"
control_socket = "control.sock"
lan = ["127.0.0.0/8", "::1"]
shutdown_grace = 1

[services.pop3]
listen = ["127.0.0.1:{port}"]
tls = "starttls"
plaintext_auth = "never"
"""


@dataclass(frozen=True)
class Second:
    """Where it is."""

    port: int
    authority: Path
    """Vouches for its certificate."""


@contextmanager
def second(folder: Path) -> Iterator[Second]:
    """Have it run. Raises MtqError."""
    port = _free_port()
    house = furnish(folder, CONFIGURATION.format(port=port), PASSWORDS)
    running: Future[Callable[[], None]] = Future()
    thread = threading.Thread(target=_run, args=(house, running))
    thread.start()
    try:
        running.result()      # raises what kept it from starting
        yield Second(port, house.authority)
    finally:
        if running.exception() is None:
            running.result()()
        thread.join()


def _run(house: Furnished, running: "Future[Callable[[], None]]") -> None:
    """The thread: serve until what `running` holds is called."""
    try:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(_serve(house, running))
    except Exception as error:
        if running.done():
            raise
        running.set_exception(error)      # to be raised where it is waited for


async def _serve(house: Furnished, running: "Future[Callable[[], None]]") -> None:
    server = Server(house.file, house.config, Direct(house.file, here()), Ledger())
    await server.start()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        loop.call_soon_threadsafe(server.stopping.set)

    running.set_result(stop)
    await server.stopping.wait()
    await server.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
