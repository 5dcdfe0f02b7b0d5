"""A connection to the server for an event loop: against an actor that behaves well, and badly."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from mtq.control import wire
from mtq.control.troubles import HungUp
from mtq.control.wire import Code, Failure, Notification, Result
from mtq.errors import MtqError, NoServer, WrongUsage
from mtq.tui import link as link_module
from mtq.tui.link import Link, linked
from tests.house import WAIT
from tests.tui.actor import Actor, Row

STATUS: Row = {"protocol": wire.VERSION, "hostname": "localhost"}
ANSWERS: dict[str, Row] = {"server.status": STATUS, "session.list": {"sessions": []}}


def talk(actor: Actor, work: Callable[[Link, Actor], Awaitable[None]]) -> None:
    """Do something over a connection to an actor."""

    async def talking() -> None:
        async with asyncio.timeout(WAIT), actor.playing(), linked(actor.path) as link:
            await work(link, actor)

    asyncio.run(talking())


@pytest.fixture
def actor(tmp_path: Path) -> Actor:
    """An actor that answers as it should."""
    return Actor(tmp_path / "control.sock", ANSWERS)


def test_the_server_is_asked_who_it_is(actor: Actor) -> None:
    async def work(link: Link, actor: Actor) -> None:
        assert link.status == STATUS

    talk(actor, work)


def test_several_requests_may_be_under_way_and_are_answered_in_order(actor: Actor) -> None:
    async def work(link: Link, actor: Actor) -> None:
        sent = [link.send("session.list"), link.send("server.status")]
        answers = [await link.receive(WAIT), await link.receive(WAIT)]
        assert answers == [Result(sent[0], {"sessions": []}), Result(sent[1], STATUS)]

    talk(actor, work)


def test_events_come_as_they_are_told(actor: Actor) -> None:
    async def work(link: Link, actor: Actor) -> None:
        await link.call("events.subscribe")
        await actor.tell({"event": "log", "text": "one"})
        assert await link.receive(WAIT) == Notification("event", {"event": "log", "text": "one"})

    talk(actor, work)


def test_a_call_passes_over_events(actor: Actor) -> None:
    actor.events = [{"event": "log", "text": "one"}]

    async def work(link: Link, actor: Actor) -> None:
        link.send("events.subscribe")
        await link.receive(WAIT)
        assert await link.call("session.list") == {"sessions": []}

    talk(actor, work)


def test_the_servers_no_is_an_error_of_its_kind(actor: Actor) -> None:
    actor.answers["session.kick"] = Failure(None, Code.WRONG_PARAMETERS, "no such address", "usage")

    async def work(link: Link, actor: Actor) -> None:
        with pytest.raises(WrongUsage, match="no such address"):
            await link.call("session.kick", address="x")

    talk(actor, work)


def test_a_server_that_hangs_up_is_gone(actor: Actor) -> None:
    async def work(link: Link, actor: Actor) -> None:
        await actor.leave()
        with pytest.raises(HungUp, match="has hung up"):
            await link.receive(WAIT)

    talk(actor, work)


def test_a_server_that_takes_too_long_is_given_up(actor: Actor) -> None:
    actor.answers["service.stop"] = None

    async def work(link: Link, actor: Actor) -> None:
        with pytest.raises(MtqError, match="does not answer"):
            await link.call("service.stop", within=0.01, name="pop3")

    talk(actor, work)


@pytest.mark.parametrize("line", [b"hello\n", b'{"jsonrpc":"2.0","id":9,"result":{}}\n', b"[]\n"])
def test_what_is_no_answer_is_not_believed(actor: Actor, line: bytes) -> None:
    async def work(link: Link, actor: Actor) -> None:
        actor.say(line)
        with pytest.raises(MtqError, match="does not answer as mtq does"):
            await link.call("session.list")

    talk(actor, work)


def test_an_answer_without_an_end_is_not_waited_for(actor: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "ANSWER_LIMIT", 1000)

    async def work(link: Link, actor: Actor) -> None:
        actor.say(b"x" * 10_000)
        with pytest.raises(MtqError, match="does not answer as mtq does"):
            await link.receive(WAIT)

    talk(actor, work)


def test_a_server_of_another_protocol_is_refused_with_what_to_do(actor: Actor) -> None:
    actor.answers["server.status"] = {"protocol": wire.VERSION + 1}
    with pytest.raises(MtqError, match=f"speaks version {wire.VERSION + 1} .* restart the server"):
        talk(actor, _nothing)


def test_where_nobody_listens_no_server_is_running(tmp_path: Path) -> None:
    async def look() -> None:
        async with linked(tmp_path / "control.sock"):
            raise AssertionError("there is nobody")

    with pytest.raises(NoServer, match="start it with `mtq serve`"):
        asyncio.run(look())


def test_a_path_that_no_socket_can_have_is_said_to_be_one(tmp_path: Path) -> None:
    async def look() -> None:
        async with linked(tmp_path / ("x" * 120)):
            raise AssertionError("there is nobody")

    with pytest.raises(MtqError, match="at most 107 octets"):
        asyncio.run(look())


async def _nothing(link: Link, actor: Actor) -> None:
    raise AssertionError("there should be no connection")
