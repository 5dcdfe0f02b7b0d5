"""A remote server called as a service's proxy would call it, by the configuration alone: no server has to run."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path

from mtq.access.policy import Policy
from mtq.access.rules import Mode
from mtq.access.servers import Server
from mtq.config import model
from mtq.config.model import Config
from mtq.config.read import load
from mtq.errors import Code, MtqError, Refusal
from mtq.ledger import utc_now
from mtq.proxy.addresses import Address
from mtq.proxy.dialup import Dialup, State
from mtq.proxy.failures import Failures
from mtq.proxy.probe import Account, probe
from mtq.proxy.proxy import Proxy
from mtq.proxy.steps import Step
from mtq.server.process import loop_factory
from mtq.server.proxying import dialup_of, is_own, settings_of
from mtq.server.resolver import addresses_now
from mtq.users.verify import WRONG

from .addresses import server_named

RESOLVING = 5.0
"""Seconds that host names in server.lan may take."""

LONG = 86_400.0
"""Seconds: longer than any test."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The service by whose proxy it is done; None: there is none, and the defaults have to do."""

    service: str | None
    settings: model.Proxy
    text: str
    """Which it is, and whether its proxy is on."""

    @property
    def step(self) -> Step:
        """It as the first step."""
        facts = {"service": self.service, "enabled": self.settings.enabled}
        return Step("service", self.settings.enabled, 0.0, self.text, facts)

    @property
    def refused(self) -> Refusal | None:
        """What every client gets whose name has a server in it: with the proxy off it is a name like any other."""
        return None if self.settings.enabled else Refusal(Code.AUTH, WRONG)


def choose(config: Config, named: str | None = None) -> Chosen:
    """The service that is named, else the first whose proxy is on, else the only one. Raises MtqError."""
    services = config.services
    if named is not None and named not in services:
        raise MtqError(f"there is no service {named}; there are: {', '.join(services) or 'none'}")
    on = [name for name, service in services.items() if service.proxy.enabled]
    if named is not None or len(services) == 1:
        name = named or next(iter(services))
        text = "its proxy is on" if name in on else f"its proxy is off (services.{name}.proxy.enabled)"
        return Chosen(name, services[name].proxy, f"{name}: {text}")
    if not on:
        return Chosen(None, model.Proxy(), "no service has a proxy that is on; tested by the defaults")
    others = f"; so is that of {', '.join(on[1:])} (--service)" if len(on) > 1 else ""
    return Chosen(on[0], services[on[0]].proxy, f"{on[0]}: its proxy is on{others}")


RunningLink = Callable[[], str | None]
"""What the running server's dial-up link for the service is doing; None: no server is running, or it has none."""


async def steps(
    config: Config,
    chosen: Chosen,
    server: Server,
    account: Account | None = None,
    dial: bool = False,
    running_link: RunningLink = lambda: None,
) -> AsyncGenerator[Step, None]:
    """The steps as they are done. After the verdict comes at most that the link was hung up.

    `dial`: bring the dial-up link up where a client's login would. One that the running server has is left to it.
    """
    yield chosen.step
    link = _Link(chosen.settings)
    if link.dialup is not None and dial:
        state = await asyncio.to_thread(running_link)
        if not _is_down(state):
            yield Step("link", True, 0.0, f"{state}, by the running server")
            link.dialup = None
    is_lan = await asyncio.to_thread(_local, config)
    ours = is_own(lambda: config.services.values())
    proxy = Proxy(settings_of(chosen.settings), Failures(utc_now), is_lan, ours, link.dialup)
    try:
        async with aclosing(probe(proxy, server, account, chosen.refused, dial)) as found:
            async for step in found:
                yield step
    finally:
        hung_up = await link.hang_up(running_link)
    if hung_up is not None:
        yield hung_up


class _Link:
    """The link, if there is one, dialled and hung up by this test alone."""

    def __init__(self, settings: model.Proxy) -> None:
        wanted = dialup_of(settings)
        self.failures: list[str] = []
        # Idle or not, it stays up until `hang_up` has seen whether the server uses it.
        self.dialup = None if wanted is None else Dialup(replace(wanted, hangup_after=LONG), self._remark)

    async def hang_up(self, running_link: RunningLink) -> Step | None:
        """Leave no link up that was not, unless the server has begun to use it."""
        link, began = self.dialup, time.monotonic()
        if link is None:
            return None
        was_up = link.state is State.UP
        if was_up and not _is_down(await asyncio.to_thread(running_link)):
            return Step("link", True, 0.0, "left to the running server")
        self.failures.clear()
        await link.close()
        if not was_up:
            return None
        return Step("link", not self.failures, time.monotonic() - began, "; ".join(self.failures) or "hung up")

    def _remark(self, level: str, text: str) -> None:
        if level == "error":
            self.failures.append(text)


def _is_down(state: str | None) -> bool:
    return state in (None, State.DOWN.value)


def _local(config: Config) -> Callable[[Address], bool]:
    """Whether an address is on the local network, as the server sees it. May have to ask for names."""
    policy = Policy(Mode.FIREWALL, config.server.lan)
    names = addresses_now(policy.hosts, RESOLVING) if policy.hosts else {}
    standing = policy.standing(utc_now(), names)
    return lambda address: standing.decide(address).allowed


def by_hand(file: Path) -> Callable[[str], AsyncGenerator[Step, None]]:
    """What tests a server as it is typed, by the configuration as it is then. It raises MtqError."""

    async def call(target: str) -> AsyncGenerator[Step, None]:
        server = server_named(target)
        config = await asyncio.to_thread(load, file)
        async with aclosing(steps(config, choose(config), server)) as found:
            async for step in found:
                yield step

    return call


def carried_out(steps: AsyncGenerator[Step, None], show: Callable[[Step], None]) -> list[Step]:
    """Have the steps done, each shown at once."""

    async def carry_out() -> list[Step]:
        done = []
        async with aclosing(steps):
            async for step in steps:
                done.append(step)
                show(step)
        return done

    with asyncio.Runner(loop_factory=loop_factory()) as runner:      # the server's own kind of loop
        return runner.run(carry_out())
