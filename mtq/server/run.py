"""The running server: its services, what they share, and the changes that reach them while they run."""

import asyncio
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mtq.access.policy import Policy, Row
from mtq.access.rules import Mode
from mtq.config.difference import differences, waiting
from mtq.config.model import Config
from mtq.errors import Code, MtqError, Refusal
from mtq.ledger import Event, Ledger, Remark, SessionClosed, SessionRecord
from mtq.mail.indexes import Indexes
from mtq.mail.lock import Locks
from mtq.proxy.failures import Failures
from mtq.server.connection import LAST_WORDS
from mtq.server.firewall import Firewall
from mtq.server.house import House
from mtq.server.log import Log
from mtq.server.metrics.endpoint import Metrics
from mtq.server.names import Names
from mtq.server.privsep.privileges import Privileges
from mtq.server.room import Room
from mtq.server.secrecy import Secrecy
from mtq.server.service import Change, Service, State
from mtq.server.systemd.handed import Handed
from mtq.server.terms import Client
from mtq.server.upkeep import Upkeep
from mtq.users.throttle import Penalty, Throttle
from mtq.users.verify import Verifier

DISK_THREADS = 16
"""Threads that wait for disks: mailboxes being opened, cold messages read, removals done."""

STOPPED = "server stopped"
"""Why a session ended that its service or its server did not let go on."""

AS_ROOT = "serving as root; set server.user (`mtq init --create-user` makes one)"


class NoSuchService(MtqError):
    """There is no service of this name."""


@dataclass(frozen=True)
class Reloaded:
    """What a reload has done.

    `changed`: the keys whose values differ; `failed`: services that could not follow, and why (each goes on as
    before); `at_start`: keys that count from the next start on; `certificates`: by service, the serial number served
    before and now.
    """

    changed: list[str]
    failed: dict[str, str]
    at_start: list[str]
    certificates: dict[str, tuple[str | None, str]]


class Server:
    """All services of a configuration, and what they share."""

    def __init__(
        self,
        file: Path,
        config: Config,
        privileges: Privileges,
        ledger: Ledger,
        log: Log | None = None,
        handed: Handed | None = None,
    ) -> None:
        handed = handed or Handed({})
        self.file = file
        self.config = config = handed.applied(config)      # as it was read last
        self._at_start = config
        self.ledger = ledger
        self._log = log
        self.since = ledger.clock()
        self.throttle = Throttle(config.server.auth_failure_delay)
        self.stopping = asyncio.Event()
        self.upkeep: Upkeep | None = None
        self.secrecy = Secrecy(ledger)
        self.failures = Failures(ledger.clock)
        self.metrics = Metrics(self)
        self._names = Names(ledger)
        self._house = House(
            config,
            privileges,
            ledger,
            Verifier(config.users.file, self._users_read),
            self.throttle,
            Locks(),
            Indexes(),
            self._names,
            Firewall(_lan(config), self._names, ledger.clock),
            self.failures,
            Room(),
            handed,
        )
        self.services = {name: Service(name, settings, self._house) for name, settings in config.services.items()}
        self._retired: set[Service] = set()      # gone from the configuration, with clients that are still in
        self._changing = asyncio.Lock()      # one change of the services at a time

    async def start(self) -> None:
        """Start every enabled service. Raises MtqError if none of them runs."""
        async with self._changing:      # who asks for a change meanwhile has it done afterwards
            await self._start()

    async def _start(self) -> None:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(DISK_THREADS, thread_name_prefix="disk"))
        await self._house.verifier.look()
        await self._keep_secret()
        await self.secrecy.find(self.config)      # it is among the warnings that are said in the end
        for remark in self._house.handed.unused(self.config):
            self.ledger.enter(Remark("warning", remark))
        starting = [service for service in self.services.values() if service.settings.enabled]
        # All at once: each may have to wait for host names.
        await asyncio.gather(self._house.lan.start(), *(service.start(service.settings) for service in starting))
        if not any(service.state is State.RUNNING for service in starting):
            reasons = "; ".join(f"{s.name}: {s.error}" for s in starting) or "none is enabled"
            self._let_go()
            raise MtqError(f"no service runs: {reasons}")
        self.upkeep = Upkeep(self)
        await self.metrics.turn_to(self.config.server.metrics_listen)

    async def stop(self) -> None:
        """End: no more clients, commands in flight are finished within the grace, the rest is cut."""
        services = [*self.services.values(), *self._retired]
        for service in services:
            service.stop_listening()
        await self._end(services, self.config.server.shutdown_grace)
        for service in services:
            await service.proxying.close()
        self._let_go()

    def _let_go(self) -> None:
        if self.upkeep is not None:
            self.upkeep.close()
        self.metrics.close()
        self._house.lan.close()
        self._names.close()
        self._house.handed.close()
        self._house.verifier.close()

    async def _keep_secret(self) -> None:
        try:
            await self._house.verifier.keep_secret(self.config.server.state_dir / "secret")
        except MtqError as error:
            text = f"{error}; while no secret is kept, each start shows by SCRAM-SHA-256 which users there are not"
            self.ledger.enter(Remark("warning", text))

    def clients(self) -> list[Client]:
        """All connections that were let in and are not gone."""
        return _clients((*self.services.values(), *self._retired))

    def client(self, id: str) -> Client | None:
        """The connection of a session, if it is there."""
        return next((client for client in self.clients() if client.record.id == id), None)

    def service(self, name: str) -> Service:
        """The service of this name. Raises NoSuchService."""
        service = self.services.get(name)
        if service is None:
            known = ", ".join(self.services) or "none"
            raise NoSuchService(f"there is no service {name}; there are: {known}")
        return service

    async def ranges(self) -> list[Row]:
        """The ranges of all services, then those of the LAN."""
        rows: list[Row] = []
        for service in list(self.services.values()):
            rows += await service.rows()
        return rows + self._house.lan.rows()

    def penalties(self) -> list[Penalty]:
        """What stands against addresses."""
        return self.throttle.penalties(asyncio.get_running_loop().time())

    def offenders(self) -> int:
        """How many addresses something stands against."""
        return self.throttle.count(asyncio.get_running_loop().time())

    @property
    def lines_lost(self) -> int:
        """Lines of the log that could not be written."""
        return 0 if self._log is None else self._log.stream.lost

    def summary(self) -> str:
        """How the services are, in a few words."""
        return ", ".join(f"{name} {service.state.value}" for name, service in self.services.items())

    def warnings(self) -> list[str]:
        """What an administrator should change."""
        wanted = sum(s.settings.max_connections for s in self.services.values() if s.state is State.RUNNING)
        found = (
            AS_ROOT if os.geteuid() == 0 else None,
            self._house.room.shortage(wanted),
            self.metrics.trouble,
            *self.secrecy.warnings,
            None if self._log is None else self._log.trouble,
            *(f"{key} was changed and counts from the next start on" for key in waiting(self._at_start, self.config)),
        )
        return [warning for warning in found if warning is not None]

    def _users_read(self) -> None:
        """The users file was read anew, in one of the threads."""
        if self.upkeep is not None:
            self.upkeep.users_read()

    # What an administrator asks of it

    async def reload(self) -> Reloaded:
        """Take up the configuration as it is in its file now; no session is dropped.

        Raises ConfigInvalid, and then nothing has changed.
        """
        async with self._changing:
            config = await self._read(self._house.privileges.config)
            changed = differences(self.config, config)
            before = self._serials()
            if config.server.metrics_listen != self.config.server.metrics_listen:
                self.metrics.close()      # first: a service may want the port
            await self._adopt(config)
            failed = await self._change_services(config)
            await self.metrics.turn_to(config.server.metrics_listen)
        await self.secrecy.look(config)
        self.ledger.enter(Remark("info", f"configuration read again: {', '.join(changed) or 'nothing'} changed"))
        for name, reason in failed.items():
            if self.services[name].state is State.RUNNING:      # one that failed has said so itself
                text = f"service {name} could not follow, and goes on as before: {reason}"
                self.ledger.enter(Remark("error", text))
        return Reloaded(changed, failed, self._waiting(changed, config), self._compared(before))

    async def foresee(self) -> Reloaded:
        """What a reload would take up; nothing changes. Raises ConfigInvalid."""
        config = await self._read(self._house.privileges.peek)
        changed = differences(self.config, config)
        return Reloaded(changed, {}, self._waiting(changed, config), {})

    async def start_service(self, name: str) -> bool:
        """Start a service; False if it runs already. Raises MtqError if it cannot."""
        async with self._changing:
            service = self.service(name)
            if service.state is State.RUNNING:
                return False
            await service.start(self.config.services[name])
            if service.error is not None:
                raise MtqError(f"service {name} cannot start: {service.error}")
            return True

    async def stop_service(self, name: str) -> bool:
        """Stop a service and end its sessions; False if it was stopped already. Raises NoSuchService."""
        async with self._changing:
            service = self.service(name)
            was_stopped = service.state is State.STOPPED
            service.stop_listening()
            clients = list(service.connections)
        # Other changes need not wait for these; nor are they thrown out who come when it is started again meanwhile.
        _part(clients)
        await self._decided(clients, self.config.server.shutdown_grace)
        _cut(clients, STOPPED)
        return not was_stopped

    async def restart_service(self, name: str) -> None:
        """Stop a service and start it again. Raises MtqError."""
        await self.stop_service(name)
        await self.start_service(name)

    async def kick(self, chosen: Callable[[SessionRecord], bool]) -> list[SessionRecord]:
        """End sessions; nothing that was not committed is removed. Says which, when slots and locks are free."""
        clients = [client for client in self.clients() if not client.decided and chosen(client.record)]
        clients.sort(key=lambda client: client.record.since)
        records = [client.record for client in clients]
        refusal, reason = Refusal(Code.SYS_TEMP, "session ended by the administrator"), "ended by the administrator"
        for client in clients:
            if client.stuck:
                client.abort(reason)      # nobody would read a word
            else:
                client.part(refusal, reason)
        await self._decided(clients, LAST_WORDS)
        _cut(clients, reason)
        return records

    async def show_renewed(self) -> None:
        """Show certificates that were renewed in their files. Raises MtqError for those that cannot be used."""
        troubles: list[str] = []
        async with self._changing:
            before = self._serials()
            for service in self.services.values():
                try:
                    await service.show_renewed()
                except MtqError as error:
                    troubles.append(f"service {service.name}: {error}")
            self._compared(before)
        if troubles:
            raise MtqError("; ".join(troubles))

    # Changing

    def _waiting(self, changed: Iterable[str], config: Config) -> list[str]:
        """Of these keys, those that wait for the next start; one that is again as it was then does not."""
        wait = waiting(self._at_start, config)
        return [key for key in changed if key in wait]

    async def _read(self, read: Callable[[], Config]) -> Config:
        """The configuration, with the sockets that systemd has passed. Raises ConfigInvalid."""
        return self._house.handed.applied(await asyncio.get_running_loop().run_in_executor(None, read))

    async def _adopt(self, config: Config) -> None:
        lan = self.config.server.lan
        self.config = self._house.config = config
        if config.server.lan != lan:
            firewall = Firewall(_lan(config), self._names, self.ledger.clock)
            await firewall.start()      # until then the old one decides
            old, self._house.lan = self._house.lan, firewall
            old.close()
        self.throttle.delay = float(config.server.auth_failure_delay)
        self._house.verifier.turn_to(config.users.file)
        if self._log is not None:
            self._log.turn_to(config.server.log_level.value, config.server.log_format.value == "json")

    def _serials(self) -> dict[str, str]:
        """The serial numbers of the certificates that are served, by service."""
        served = {name: service.provisions for name, service in self.services.items()}
        return {name: p.identity.serial for name, p in served.items() if p is not None and p.identity is not None}

    def _compared(self, before: dict[str, str]) -> dict[str, tuple[str | None, str]]:
        """By service, the serial number that was served before and that is now; what is new is remarked."""
        compared = {name: (before.get(name), serial) for name, serial in self._serials().items()}
        for name, (old, new) in compared.items():
            if old is not None and old != new:
                self.ledger.enter(Remark("info", f"service {name}: serves certificate {new} instead of {old}"))
        return compared

    async def _change_services(self, config: Config) -> dict[str, str]:
        """All services as the configuration has them; those that could not follow, with the reason."""
        failed: dict[str, str] = {}
        for name in self.services.keys() - config.services.keys():
            self._retire(self.services.pop(name))
        changes: dict[str, Change] = {}
        for name, service in self.services.items():
            try:
                changes[name] = await service.prepare(config.services[name])
            except MtqError as error:
                failed[name] = str(error)
        for name, change in changes.items():
            self.services[name].give_up(change)
        for name, change in changes.items():
            try:
                await self.services[name].change(change)
            except MtqError as error:
                failed[name] = str(error)
        for name in [name for name in config.services if name not in self.services]:
            service = self.services[name] = Service(name, config.services[name], self._house)
            if service.settings.enabled:
                await service.start(service.settings)
            if service.error is not None:
                failed[name] = service.error
        self.services = {name: self.services[name] for name in config.services}      # in the order of the file
        return failed

    def _retire(self, service: Service) -> None:
        """The service is gone; who is in may finish."""
        service.stop_listening()
        self._retired = {s for s in self._retired if s.connections}
        if service.connections:
            self._retired.add(service)

    # Ends

    async def _end(self, services: list[Service], grace: float) -> None:
        """Have sessions end when their command in flight is done; cut those that are not gone after the grace."""
        _part(_clients(services))
        await _empty(services, grace)
        for client in _clients(services):
            client.abort(STOPPED)
        await _empty(services, LAST_WORDS)

    async def _decided(self, clients: list[Client], seconds: float) -> None:
        """Wait until the slots and locks of these are free, at most this long."""
        waiting = {client.record.id for client in clients if not client.decided}
        done = asyncio.Event()

        def heed(_: datetime, event: Event) -> None:
            assert isinstance(event, SessionClosed)
            waiting.discard(event.session.id)
            if not waiting:
                done.set()

        if not waiting:
            return
        unlisten = self.ledger.listen(heed, SessionClosed)
        with suppress(TimeoutError):
            await asyncio.wait_for(done.wait(), seconds)
        unlisten()


def _part(clients: Iterable[Client]) -> None:
    """Have sessions end when their command in flight is done."""
    refusal = Refusal(Code.SYS_TEMP, "the server is going down, try again later")
    for client in clients:
        client.part(refusal, STOPPED)


def _cut(clients: Iterable[Client], reason: str) -> None:
    """End sessions that are not decided yet."""
    for client in clients:
        if not client.decided:
            client.abort(reason)


def _lan(config: Config) -> Policy:
    return Policy(Mode.FIREWALL, config.server.lan)


def _clients(services: Iterable[Service]) -> list[Client]:
    return [client for service in services for client in service.connections]


async def _empty(services: Iterable[Service], seconds: float) -> None:
    """Wait until the services have no connection left, at most this long."""
    waiting = [asyncio.create_task(service.empty.wait()) for service in services]
    if not waiting:
        return
    _, pending = await asyncio.wait(waiting, timeout=seconds)
    for task in pending:
        task.cancel()
