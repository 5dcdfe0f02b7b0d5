"""The server process: services up, signals heeded, everything down again within bounds."""

import asyncio
import os
import pwd
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from mtq.config.model import Config
from mtq.config.read import enabled
from mtq.errors import Code, MtqError, Refusal
from mtq.ledger import Ledger, Remark
from mtq.mail.lock import Locks
from mtq.server.connection import LAST_WORDS
from mtq.server.service import House, Service, State
from mtq.users.throttle import Throttle
from mtq.users.verify import Verifier

DISK_THREADS = 16
"""Threads that wait for disks: mailboxes being opened, cold messages read, removals done."""


class Server:
    """All services of a configuration, and what they share."""

    def __init__(self, config: Config, ledger: Ledger) -> None:
        self.config = config
        self.ledger = ledger
        self.throttle = Throttle(config.server.auth_failure_delay)
        self._house = House(config, ledger, Verifier(config.users.file), self.throttle, Locks())
        self.services = {
            name: Service(name, settings, self._house) for name, settings in enabled(config).items()
        }

    async def start(self) -> None:
        """Start every enabled service. Raises MtqError if none of them runs."""
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(DISK_THREADS, thread_name_prefix="disk"))
        for service in self.services.values():
            await service.bind()
        if self.config.server.user is not None and os.geteuid() == 0:
            _become(self.config.server.user)      # ports are open and keys read: nobody is served as root
        await self._house.verifier.look()
        for service in self.services.values():
            await service.accept()
        if not any(service.state is State.RUNNING for service in self.services.values()):
            reasons = "; ".join(f"{s.name}: {s.error}" for s in self.services.values()) or "none is enabled"
            self._house.verifier.close()
            raise MtqError(f"no service runs: {reasons}")

    async def stop(self) -> None:
        """End: no more clients, commands in flight are finished within the grace, the rest is cut."""
        for service in self.services.values():
            service.stop_listening()
        refusal = Refusal(Code.SYS_TEMP, "the server is going down, try again later")
        for service in self.services.values():
            for connection in list(service.connections):
                connection.part(refusal, "server stopped")
        await self._gone(self.config.server.shutdown_grace)
        for service in self.services.values():
            for connection in list(service.connections):
                connection.abort("server stopped")
        await self._gone(LAST_WORDS)
        self._house.verifier.close()

    async def _gone(self, seconds: float) -> None:
        """Wait until no connection is left, at most this long."""
        waiting = [asyncio.create_task(service.empty.wait()) for service in self.services.values()]
        _, pending = await asyncio.wait(waiting, timeout=seconds)
        for task in pending:
            task.cancel()


def _become(name: str) -> None:
    """Go on as this user."""
    try:
        user = pwd.getpwnam(name)
    except KeyError:
        raise MtqError(f"server.user: there is no user {name} on this system") from None
    os.initgroups(name, user.pw_gid)
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)


def serve(config: Config, ledger: Ledger, ready: Callable[[Server], None]) -> None:
    """Run until SIGTERM or SIGINT. `ready` is called once the services are up. Raises MtqError."""
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(config, ledger, ready))


async def _serve(config: Config, ledger: Ledger, ready: Callable[[Server], None]) -> None:
    server = Server(config, ledger)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    remark = Remark("warning", "SIGHUP: this version cannot reload; restart it to have a changed configuration")
    loop.add_signal_handler(signal.SIGHUP, ledger.enter, remark)
    await server.start()
    ready(server)
    await stop.wait()
    ledger.enter(Remark("info", "stopping"))
    await server.stop()
    ledger.enter(Remark("info", "stopped"))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """uvloop's loop where it exists: it needs less than half the CPU of asyncio's own."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop
