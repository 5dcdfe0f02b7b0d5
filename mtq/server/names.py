"""The host names among the ranges of all services, kept resolved. No connection ever waits for one.

A name that cannot be looked up keeps the addresses it had for as long as that lasts: a resolver that is down neither
shuts anybody out nor lets anybody in. A name that has never had any is not in force.
"""

import asyncio
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass

from mtq.access.ranges import IPv4, IPv6
from mtq.access.rules import Addresses
from mtq.ledger import Ledger, Remark
from mtq.server.resolver import Answer, Lookup, Resolver, system

AGAIN = 60.0
"""Seconds after which a name is looked up again: the system's resolver does not say how long its answer holds."""


@dataclass(slots=True)
class _Name:
    """What is known of a name."""

    addresses: tuple[IPv4 | IPv6, ...] = ()
    asked: bool = False         # the answer is still out
    answered: bool = False      # there has been one
    failing: bool = False       # and it has been remarked


class Names:
    """One for the whole server. All of it lives on the event loop but the lookups themselves."""

    def __init__(self, ledger: Ledger, lookup: Lookup = system, again: float = AGAIN) -> None:
        self._ledger = ledger
        self._again = again
        self._loop = asyncio.get_running_loop()
        self._resolver = Resolver(self._tell, lookup)
        self._names: dict[str, _Name] = {}
        self._uses: set[Use] = set()
        self._timer: asyncio.TimerHandle | None = None

    def use(self, hosts: Collection[str], changed: Callable[[], None]) -> "Use":
        """Keep these names resolved until the use is closed, and call `changed` when one has other addresses."""
        use = Use(self, frozenset(hosts), changed)
        self._uses.add(use)
        for host in use.hosts:
            if host not in self._names:
                self._ask(host, self._names.setdefault(host, _Name()))
        if self._names and self._timer is None:
            self._timer = self._loop.call_later(self._again, self._round)
        self._look(use)
        return use

    def close(self) -> None:
        """Look nothing up any more."""
        for use in list(self._uses):
            use.close()
        self._resolver.close()

    @property
    def waiting(self) -> frozenset[str]:
        """Names whose answer is still out."""
        return frozenset(host for host, name in self._names.items() if name.asked)

    def known(self, hosts: Collection[str]) -> Addresses:
        """What those of the names stand for that have ever been found."""
        return {host: name.addresses for host in hosts if (name := self._names.get(host)) and name.addresses}

    def drop(self, use: "Use") -> None:
        """Forget the names that only this one used."""
        self._uses.discard(use)
        wanted = frozenset[str]().union(*(other.hosts for other in self._uses))
        for host in self._names.keys() - wanted:
            del self._names[host]
        if not self._names and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ask(self, host: str, name: _Name) -> None:
        name.asked = True
        self._resolver.ask(host)

    def _round(self) -> None:
        """Look all of them up again. One whose answer is still out has failed and is not asked for twice."""
        self._timer = self._loop.call_later(self._again, self._round)
        for host, name in self._names.items():
            if name.asked:
                self._failed(host, name, "the resolver does not answer")
            else:
                self._ask(host, name)

    def _tell(self, answer: Answer) -> None:
        with suppress(RuntimeError):        # the loop is closed: the server has stopped meanwhile
            self._loop.call_soon_threadsafe(self._answered, answer)

    def _answered(self, answer: Answer) -> None:
        name = self._names.get(answer.host)
        if name is None:
            return
        name.asked, name.answered = False, True
        concerned = [use for use in self._uses if answer.host in use.hosts]
        if answer.failure:
            self._failed(answer.host, name, answer.failure)
        else:
            changed = name.addresses != answer.addresses
            self._found(name, answer)
            for use in concerned if changed else ():
                use.changed()
        for use in concerned:
            self._look(use)

    def _found(self, name: _Name, answer: Answer) -> None:
        name.addresses = answer.addresses
        if name.failing:
            name.failing = False
            self._ledger.enter(Remark("info", f"host name {answer.host}: found again, and in force"))

    def _failed(self, host: str, name: _Name, failure: str) -> None:
        if name.failing:
            return
        name.failing = True
        so = "it counts with the addresses it had" if name.addresses else "ranges that name it are not in force"
        self._ledger.enter(Remark("warning", f"host name {host}: {failure}; {so}"))

    def _look(self, use: "Use") -> None:
        if all(self._names[host].answered for host in use.hosts):
            use.all_answered.set()


class Use:
    """That somebody needs some of the names."""

    def __init__(self, names: Names, hosts: frozenset[str], changed: Callable[[], None]) -> None:
        self.hosts = hosts
        self.changed = changed
        self.all_answered = asyncio.Event()
        self._names = names

    @property
    def addresses(self) -> Addresses:
        """What is known of them now."""
        return self._names.known(self.hosts)

    async def answered(self, within: float) -> None:
        """Wait until each of them has been found or not found once, but no longer than so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self.all_answered.wait()

    def close(self) -> None:
        """They are not needed any more."""
        self._names.drop(self)
