"""What each method of the control socket does with the running server."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta

from mtq.access import servers
from mtq.access.ranges import IPv4, IPv6
from mtq.control import rows
from mtq.control.chosen import chosen
from mtq.control.methods import Data, Handler
from mtq.control.rows import Row
from mtq.errors import MtqError, WrongUsage
from mtq.ledger import LockRecord, SessionRecord
from mtq.server.log import shown
from mtq.server.run import Server
from mtq.server.service import Service
from mtq.server.terms import Client


class NoSuchSession(MtqError):
    """No session is like that."""


class Reception:
    """Speaks for a server."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def handlers(self) -> Mapping[str, Handler]:
        """The methods and what does them."""
        return {
            "server.status": self.status,
            "server.reload": self.reload,
            "server.shutdown": self.shutdown,
            "service.list": lambda: {"services": self.services()},
            "service.start": self.start,
            "service.stop": self.stop,
            "service.restart": self.restart,
            "session.list": self.sessions,
            "session.kick": self.kick,
            "lock.list": self.locks,
            "lock.release": self.release,
            "firewall.list": self.ranges,
            "firewall.check": self.check,
            "proxy.failures": self.failures,
            "proxy.forget": self.forget,
            "proxy.status": self.proxies,
            "penalty.list": self.penalties,
            "penalty.forget": self.forgive,
        }

    # For events, too

    def services(self) -> Sequence[Row]:
        """A row for every service."""
        return [_service_row(service) for service in self._server.services.values()]

    def idle(self, record: SessionRecord) -> float | None:
        """Seconds since a session's client did something, if it is still there."""
        client = self._server.client(record.id)
        return None if client is None else client.idle[0]

    # The server

    async def status(self) -> Data:
        """How it is."""
        server = self._server
        if server.upkeep is not None:
            await server.upkeep.glance()      # who has just put something right wants to see it
        return rows.status(
            server.ledger,
            self.services(),
            pid=os.getpid(),
            since=server.since,
            hostname=server.config.server.hostname,
            config=str(server.file),
            warnings=server.warnings(),
        )

    async def reload(self, dry_run: bool | None) -> Data:
        """Read the configuration again, or say what that would take up."""
        server = self._server
        outcome = await (server.foresee() if dry_run else server.reload())
        return {
            "changed": outcome.changed,
            "failed": [
                {"service": name, "state": server.service(name).state.value, "error": error}
                for name, error in outcome.failed.items()
            ],
            "at_start": outcome.at_start,
            "certificates": [
                {"service": name, "before": before, "after": after}
                for name, (before, after) in outcome.certificates.items()
            ],
        }

    def shutdown(self) -> Data:
        """Begin to end; the connection ends when the server has."""
        self._server.stopping.set()
        return {}

    # Services

    async def start(self, name: str) -> Data:
        """Start a service."""
        return {"changed": await self._server.start_service(name), "service": self._row(name)}

    async def stop(self, name: str) -> Data:
        """Stop a service."""
        return {"changed": await self._server.stop_service(name), "service": self._row(name)}

    async def restart(self, name: str) -> Data:
        """Stop a service and start it again."""
        await self._server.restart_service(name)
        return {"changed": True, "service": self._row(name)}

    def _row(self, name: str) -> Row:
        return _service_row(self._server.service(name))

    # Sessions and locks

    def sessions(self) -> Data:
        """Who is connected, the oldest first."""
        clients = sorted(self._clients().values(), key=lambda client: client.record.since)
        return {"sessions": [rows.session(client.record, client.idle[0]) for client in clients]}

    async def kick(self, id: str | None, user: str | None, address: IPv4 | IPv6 | None) -> Data:
        """End the sessions of an id, a user or an address."""
        meant = chosen(id, user, None if address is None else str(address))
        if meant is None:
            raise WrongUsage("session.kick takes one of id, user and address")
        before = {client.record.id: client.idle[0] for client in self._clients().values()}
        ended = await self._server.kick(lambda record: meant.means(record.id, record.user, record.address))
        if not ended:
            raise NoSuchSession(shown(meant.nobody()))
        return {"sessions": [rows.session(record, before.get(record.id)) for record in ended]}

    def locks(self) -> Data:
        """Who has which mailbox to itself."""
        return {"locks": [self._lock_row(lock) for lock in self._server.ledger.locks.values()]}

    async def release(self, mailbox: str) -> Data:
        """End the session that holds a mailbox, given by its path or its user."""
        held = [lock for lock in self._server.ledger.locks.values() if mailbox in (lock.mailbox, lock.user)]
        sessions = {lock.session for lock in held}
        ended = await self._server.kick(lambda record: record.id in sessions)
        return {"released": bool(ended)}

    def _lock_row(self, lock: LockRecord) -> Row:
        client = self._server.client(lock.session)
        idle, left = (None, None) if client is None else client.idle
        return rows.lock(lock, idle, left)

    def _clients(self) -> Mapping[str, Client]:
        return {client.record.id: client for client in self._server.clients() if not client.decided}

    # Proxy

    def failures(self) -> Data:
        """Where APOP is not tried any more."""
        return {
            "failures": [rows.failure(str(f.server), f.user, f.since) for f in self._server.failures.all()]
        }

    def forget(self, server: str | None, user: str | None) -> Data:
        """Try APOP again: at a server, for a user, or everywhere."""
        try:
            where = None if server is None else servers.parse(server)
        except servers.BadServer:
            raise WrongUsage(f"{shown(server or '')} is no server; allowed is {servers.ALLOWED}") from None
        return {"forgotten": self._server.failures.forget(where, user)}

    def proxies(self) -> Data:
        """What the proxy of each service does."""
        proxied = Counter(client.record.service for client in self._clients().values() if client.record.target)
        return {
            "proxies": [
                {
                    "service": name,
                    "enabled": service.proxying.proxy is not None,
                    "sessions": proxied[name],
                    "link": service.proxying.link,
                }
                for name, service in self._server.services.items()
            ]
        }

    # Access

    async def ranges(self) -> Data:
        """Every range of every service, and of the local network."""
        return {"ranges": [rows.range_row(row) for row in await self._server.ranges()]}

    def check(self, address: IPv4 | IPv6, service: str) -> Data:
        """Whether a client would be let in, and what decides it."""
        decision = self._server.service(service).door.decide(address)
        return {
            "address": str(address),
            "service": service,
            "allowed": decision.allowed,
            "range": decision.range,
            "reason": decision.reason,
        }

    def penalties(self) -> Data:
        """Addresses whose failed logins are answered ever later."""
        now = self._server.ledger.clock()
        return {
            "penalties": [
                rows.penalty(p.address, p.failures, p.delay, now + timedelta(seconds=p.left))
                for p in self._server.penalties()
            ]
        }

    def forgive(self, address: IPv4 | IPv6) -> Data:
        """Let an address begin anew."""
        return {"forgotten": self._server.throttle.forget(address)}


def _service_row(service: Service) -> Row:
    return rows.service(
        service.name, service.settings, service.state.value, service.error, service.door.count
    )
