"""The proxy's view: what may be called, where APOP has failed, and a test whose steps are watched."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from mtq.errors import WrongUsage
from mtq.proxy.steps import Step
from mtq.tui.app import Dashboard
from mtq.tui.dialogs.target_test import Probe
from tests.tui.actor import Actor
from tests.tui.script import ANSWERS, STATUS
from tests.tui.sitting import Sitting, sitting

CONFIGURATION = """\
[services.pop3.proxy]
enabled = true
allow = ["pop.isp.com"]
"""


def at_the_proxy(
    folder: Path, act: Callable[[Sitting, Actor], Awaitable[None]], probe: Probe | None = None
) -> Actor:
    """Have somebody look at the proxy of an actor's server."""
    file = folder / "mtq.toml"
    file.write_text(CONFIGURATION)
    actor = Actor(folder / "control.sock", {**ANSWERS, "server.status": {**STATUS, "config": str(file)}})

    async def sit() -> None:
        async with actor.playing(), sitting(Dashboard(actor.path, file, probe=probe)) as person:
            await person.press("6")
            await person.sees("pop.isp.com", "fred")
            await act(person, actor)

    asyncio.run(sit())
    return actor


def test_an_apop_failure_is_forgotten(tmp_path: Path) -> None:
    async def act(person: Sitting, actor: Actor) -> None:
        assert "Forget" not in person.lines()[-1]
        actor.answers["proxy.forget"] = {"forgotten": 1}
        await person.press("tab", "f")
        await person.is_told("APOP is tried again at pop.isp.com:995 for fred")

    actor = at_the_proxy(tmp_path, act)
    [request] = [request for request in actor.asked if request.method == "proxy.forget"]
    assert request.params == {"server": "pop.isp.com:995", "user": "fred"}


def test_a_server_that_knows_of_no_proxy_is_said_to_have_none(tmp_path: Path) -> None:
    async def act(person: Sitting, actor: Actor) -> None:
        del actor.answers["proxy.status"]
        await person.sees("this server has no proxy")

    at_the_proxy(tmp_path, act)


def test_a_broken_configuration_is_said_to_be_broken(tmp_path: Path) -> None:
    async def act(person: Sitting, actor: Actor) -> None:
        (tmp_path / "mtq.toml").write_text("[services.pop3.proxy]\nenabled = 7\n")
        await person.press("1", "6")
        await person.is_told("services.pop3.proxy.enabled")

    at_the_proxy(tmp_path, act)


def test_without_a_way_to_call_there_is_no_test(tmp_path: Path) -> None:
    async def act(person: Sitting, actor: Actor) -> None:
        assert "Test" not in person.lines()[-1]
        await person.press("t")
        assert "Call a remote server" not in person.text()

    at_the_proxy(tmp_path, act)


def test_the_steps_of_a_test_are_watched_as_they_are_done(tmp_path: Path) -> None:
    arrived = asyncio.Event()

    async def probe(target: str) -> AsyncIterator[Step]:
        yield Step("name", True, 0.02, f"{target} is 192.0.2.1")
        await arrived.wait()
        yield Step("tls", False, 1.5, "the certificate has [bold]expired[/]\x1b[2J")

    async def act(person: Sitting, actor: Actor) -> None:
        await person.press("t")
        await person.type("pop.isp.com")
        await person.press("enter")
        await person.sees("calling pop.isp.com", "ok     name: pop.isp.com is 192.0.2.1 (0.0 s)")
        arrived.set()
        await person.sees("FAILED tls: the certificate has [bold]expired[/]\ufffd[2J (1.5 s)")

    at_the_proxy(tmp_path, act, probe)


def test_a_target_that_is_none_is_said_to_be_none(tmp_path: Path) -> None:
    async def probe(target: str) -> AsyncIterator[Step]:
        if target != "pop.isp.com":
            raise WrongUsage(f"{target!r} is no server")
        yield Step("name", True, 0.0, "found")

    async def act(person: Sitting, actor: Actor) -> None:
        await person.press("t")
        await person.type("pop_isp")
        await person.press("enter")
        await person.sees("'pop_isp' is no server")

    at_the_proxy(tmp_path, act, probe)


def test_who_leaves_the_test_ends_the_call(tmp_path: Path) -> None:
    ended = asyncio.Event()

    async def probe(target: str) -> AsyncIterator[Step]:
        try:
            yield Step("name", True, 0.0, "found")
            await asyncio.Event().wait()
        finally:
            ended.set()

    async def act(person: Sitting, actor: Actor) -> None:
        await person.press("t")
        await person.type("pop.isp.com")
        await person.press("enter")
        await person.sees("found")
        await person.press("escape")
        await person.until(ended.is_set)

    at_the_proxy(tmp_path, act, probe)
