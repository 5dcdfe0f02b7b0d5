"""What can be done from the dashboard. What is live is done over the control socket, each deed by a connection of its
own, so that a slow one holds up nothing; a change of the configuration by the command line's own edit code and with
the rights of the person at the keyboard, and then the server reloads."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mtq.access.entry import Entry
from mtq.access.ranges import Range
from mtq.config.document import Document
from mtq.config.edit import edit
from mtq.config.model import Config
from mtq.config.range_lists import RangeList
from mtq.control import troubles
from mtq.control.client import ANSWER
from mtq.errors import MtqError, NoServer

from .link import Data, linked
from .topics import Row
from .wording import shown, whose

PATIENCE = 700.0
"""Seconds a service may take to end its sessions: `shutdown_grace` is at most 600."""

Work = Callable[[], Awaitable[str]]


@dataclass(frozen=True)
class Deed:
    """Something to be done. `work` does it and gives what to say. `question` is asked before; empty: nothing is."""

    work: Work
    question: str = ""


@dataclass(frozen=True)
class Deeds:
    """What can be done to the server on `socket`. `file` gives the configuration that it uses."""

    socket: Path
    file: Callable[[], Path]

    # Services

    def start(self, service: str) -> Deed:
        """Start a service."""
        return Deed(lambda: self._service("service.start", service, "started"))

    def stop(self, service: str) -> Deed:
        """Stop a service."""
        question = f"Stop service {service}? Its sessions end; commands in flight are finished."
        return Deed(lambda: self._service("service.stop", service, "stopped"), question)

    def restart(self, service: str) -> Deed:
        """Stop a service and start it again."""
        question = f"Restart service {service}? Its sessions end; commands in flight are finished."
        return Deed(lambda: self._service("service.restart", service, "restarted"), question)

    def enable(self, service: str, wanted: bool) -> Deed:
        """Say whether a service starts with the server."""

        def alter(document: Document, config: Config) -> str:
            if service not in config.services:
                raise MtqError(f"there is no service {service} in the configuration")
            if config.services[service].enabled is not wanted:
                document.set(("services", service, "enabled"), wanted)
            return f"service {service} {'starts' if wanted else 'does not start'} with the server"

        question = "" if wanted else f"Have service {service} no longer start with the server?"
        return Deed(lambda: self._change(alter), question)

    # Sessions and locks

    def kick(self, session: Row) -> Deed:
        """End a session."""
        id, who, where = shown(session.get("id")), whose(session), shown(session.get("address"))

        async def work() -> str:
            await self._call("session.kick", id=id)
            return f"session {id} of {who} from {where} was ended"

        return Deed(work, f"End session {id} of {who} from {where}? What it marked for removal stays.")

    def release(self, lock: Row) -> Deed:
        """Release a lock: the session that holds it ends."""
        who, where = whose(lock), shown(lock.get("address"))

        async def work() -> str:
            told = await self._call("lock.release", mailbox=lock.get("mailbox"))
            released = bool(told.get("released"))
            return f"the mailbox of {who} is free" if released else f"unchanged: {who}'s mailbox is not locked"

        return Deed(work, f"Release the mailbox of {who}? The session from {where} ends; nothing is removed.")

    def lift(self, penalty: Row) -> Deed:
        """Let an address begin anew."""
        address = shown(penalty.get("address"))

        async def work() -> str:
            told = await self._call("penalty.forget", address=address.partition("/")[0])
            forgotten = bool(told.get("forgotten"))
            return f"{address} begins anew" if forgotten else f"unchanged: nothing stood against {address}"

        return Deed(work)

    # Ranges

    def add_ranges(self, entries: Sequence[Entry], services: Sequence[str | None]) -> Deed:
        """Add ranges to the lists of these services; None stands for the LAN. Who asks has shown what it will do."""

        def alter(document: Document, config: Config) -> str:
            return "; ".join(RangeList.of(service).add(document, config, entries) for service in services)

        async def work() -> str:
            said = await self._change(alter)
            return said + "".join([await self._still_open(entry.range, services) for entry in entries])

        return Deed(work)

    def remove_range(self, range: Range, service: str | None) -> Deed:
        """Remove a range from a list."""
        where = RangeList.of(service)

        def alter(document: Document, config: Config) -> str:
            return where.remove(document, config, [range])

        return Deed(lambda: self._change(alter), f"Remove {range.text} from the ranges of {where.name}?")

    async def check(self, address: str, services: Sequence[str]) -> Mapping[str, Data]:
        """For each service, whether an address is let in, and why. Raises MtqError."""
        async with linked(self.socket) as link:
            return {name: await link.call("firewall.check", address=address, service=name) for name in services}

    async def _still_open(self, range: Range, services: Sequence[str | None]) -> str:
        """What to add when an address that is shut out is let in all the same: a service may let in anybody."""
        if not range.exclude or range.host is not None or range.low != range.high:
            return ""
        names = [service for service in services if service is not None]
        try:
            decisions = await self.check(range.text.removeprefix("!"), names)
        except MtqError:
            return ""       # no server is running that could be asked
        open_still = [f"\nservice {name} lets it in still: {shown(row.get('reason'))}"
                      for name, row in decisions.items() if row.get("allowed")]      # fmt: skip
        return "".join(open_still)

    # The proxy

    def forget(self, failure: Row) -> Deed:
        """Try APOP again at a remote server."""
        server, user = shown(failure.get("server")), shown(failure.get("user"))

        async def work() -> str:
            await self._call("proxy.forget", server=failure.get("server"), user=failure.get("user"))
            return f"APOP is tried again at {server} for {user}"

        return Deed(work)

    # How

    async def _service(self, method: str, name: str, done: str) -> str:
        told = await self._call(method, within=PATIENCE, name=name)
        return f"service {name} was {done}" if told.get("changed") else f"unchanged: service {name} is {done}"

    async def _call(self, method: str, within: float = ANSWER, **params: object) -> Data:
        async with linked(self.socket) as link:
            return await link.call(method, within=within, **params)

    async def _change(self, alter: Callable[[Document, Config], str]) -> str:
        """Change the configuration, have the server reload it, and say what holds now."""
        said = ""

        def altering(document: Document, config: Config) -> None:
            nonlocal said
            said = alter(document, config)

        outcome = await asyncio.to_thread(edit, self.file(), altering)
        if not outcome.changed:
            return f"unchanged: {said}"
        try:
            unfollowed = troubles.unfollowed(await self._call("server.reload"))
        except NoServer:
            return f"{said}; no server is running that could be told"
        if unfollowed is not None:
            raise unfollowed
        return said
