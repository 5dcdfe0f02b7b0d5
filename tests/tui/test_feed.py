"""What the server tells, as messages: attached, listened to, asked for lists, looked for when it is gone."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import pytest
from textual.message import Message

from mtq.control.wire import VERSION, Code, Failure
from mtq.tui import feed as feed_module
from mtq.tui.feed import Feed
from mtq.tui.messages import Attached, Complained, Detached, Happened, Sampled
from mtq.tui.topics import Topic
from tests.house import WAIT
from tests.tui.actor import Actor
from tests.tui.script import ANSWERS, STATUS

M = TypeVar("M", bound=Message)


class Listener:
    """Who is told."""

    def __init__(self, feed: Feed, told: list[Message], told_more: asyncio.Event) -> None:
        self.feed = feed
        self.told = told
        self._told_more = told_more

    async def gets(self, kind: type[M], fits: Callable[[M], bool] = lambda _: True) -> M:
        """Wait for a message of this kind, and take it and all before it away."""
        async with asyncio.timeout(WAIT):
            while True:
                for at, message in enumerate(self.told):
                    if isinstance(message, kind) and fits(message):
                        del self.told[: at + 1]
                        return message
                self._told_more.clear()
                await self._told_more.wait()


@asynccontextmanager
async def listening(path: Path) -> AsyncIterator[Listener]:
    """A feed that runs until the test is through."""
    told: list[Message] = []
    told_more = asyncio.Event()

    def tell(message: Message) -> None:
        told.append(message)
        told_more.set()

    feed = Feed(path, tell)
    task = asyncio.create_task(feed.run())
    try:
        yield Listener(feed, told, told_more)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def play(actor: Actor, act: Callable[[Listener, Actor], Coroutine[None, None, None]]) -> None:
    """Have a feed listen to an actor."""

    async def playing() -> None:
        async with actor.playing(), listening(actor.path) as listener:
            await act(listener, actor)

    asyncio.run(playing())


@pytest.fixture
def actor(tmp_path: Path) -> Actor:
    """An actor that has something of everything."""
    return Actor(tmp_path / "control.sock", ANSWERS)


def of(topic: Topic) -> Callable[[Sampled], bool]:
    """Whether a list is of this topic."""
    return lambda sampled: sampled.topic is topic


def test_who_the_server_is_comes_first(actor: Actor) -> None:
    async def act(listener: Listener, actor: Actor) -> None:
        assert (await listener.gets(Attached)).status == STATUS

    play(actor, act)


def test_it_subscribes_before_it_asks_for_lists(actor: Actor) -> None:
    async def act(listener: Listener, actor: Actor) -> None:
        await listener.gets(Sampled, of(Topic.LOG))
        methods = [request.method for request in actor.asked]
        assert methods[:2] == ["server.status", "events.subscribe"]
        assert {"lock.list", "service.list", "log.tail"} <= set(methods[2:])

    play(actor, act)


def test_a_list_that_a_view_wants_is_asked_for_at_once_and_again(actor: Actor) -> None:
    async def act(listener: Listener, actor: Actor) -> None:
        await listener.gets(Attached)
        assert not any(request.method == "session.list" for request in actor.asked)
        listener.feed.want(frozenset({Topic.SESSIONS, Topic.METRICS, Topic.LOG}))
        assert (await listener.gets(Sampled, of(Topic.SESSIONS))).data == ANSWERS["session.list"]
        await listener.gets(Sampled, of(Topic.SESSIONS))

    play(actor, act)


def test_a_list_that_no_view_wants_any_more_is_not_asked_for(actor: Actor) -> None:
    async def act(listener: Listener, actor: Actor) -> None:
        await listener.gets(Attached)
        listener.feed.want(frozenset({Topic.SESSIONS}))
        await listener.gets(Sampled, of(Topic.SESSIONS))
        listener.feed.want(frozenset())
        asked = [request.method for request in actor.asked].count("session.list")
        await listener.gets(Sampled, of(Topic.LOCKS))
        await listener.gets(Sampled, of(Topic.LOCKS))
        assert [request.method for request in actor.asked].count("session.list") == asked

    play(actor, act)


def test_after_a_deed_all_lists_are_looked_at_at_once(actor: Actor) -> None:
    async def act(listener: Listener, actor: Actor) -> None:
        await listener.gets(Sampled, of(Topic.SERVICES))
        listener.feed.look()
        await listener.gets(Sampled, of(Topic.SERVICES))

    play(actor, act)


def test_events_are_told_in_their_order_and_together(actor: Actor) -> None:
    async def act(listener: Listener, actor: Actor) -> None:
        await listener.gets(Sampled, of(Topic.LOG))
        await actor.tell(*({"event": "log", "text": str(number)} for number in range(100)))
        happened = await listener.gets(Happened)
        assert [event["text"] for event in happened.events] == [str(number) for number in range(100)]

    play(actor, act)


def test_what_was_told_before_a_list_comes_before_it(actor: Actor) -> None:
    actor.events = [{"event": "log", "text": "in the list, too"}]

    async def act(listener: Listener, actor: Actor) -> None:
        await listener.gets(Attached)
        first = await listener.gets(Message)
        assert isinstance(first, Happened)

    play(actor, act)


def test_a_method_that_the_server_lacks_is_told_as_nothing(actor: Actor) -> None:
    del actor.answers["proxy.status"]

    async def act(listener: Listener, actor: Actor) -> None:
        await listener.gets(Attached)
        listener.feed.want(frozenset({Topic.PROXIES}))
        assert (await listener.gets(Sampled, of(Topic.PROXIES))).data is None

    play(actor, act)


def test_a_list_that_the_server_cannot_give_is_complained_of_and_the_rest_goes_on(actor: Actor) -> None:
    actor.answers["penalty.list"] = Failure(None, Code.INTERNAL, "internal error")

    async def act(listener: Listener, actor: Actor) -> None:
        assert (await listener.gets(Complained)).reason == "internal error"
        await listener.gets(Sampled, of(Topic.LOCKS))
        await listener.gets(Sampled, of(Topic.LOCKS))
        assert [request.method for request in actor.asked].count("penalty.list") == 1

    play(actor, act)


def test_a_server_that_goes_is_told_of_at_once_and_found_again(actor: Actor) -> None:
    async def act(listener: Listener, actor: Actor) -> None:
        await listener.gets(Attached)
        await actor.leave()
        assert "has hung up" in (await listener.gets(Detached)).reason
        assert "no server is running" in (await listener.gets(Detached)).reason
        await actor.begin()
        await listener.gets(Attached)
        await listener.gets(Sampled, of(Topic.LOG))

    play(actor, act)


def test_a_server_that_falls_silent_counts_as_gone(actor: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_module, "SILENCE", 0.01)
    actor.answers |= {method: None for method in actor.answers if method != "server.status"}

    async def act(listener: Listener, actor: Actor) -> None:
        await listener.gets(Attached)
        assert "does not answer" in (await listener.gets(Detached)).reason

    play(actor, act)


def test_a_server_of_another_protocol_is_refused_until_it_is_another(actor: Actor) -> None:
    actor.answers["server.status"] = {"protocol": VERSION + 1}

    async def act(listener: Listener, actor: Actor) -> None:
        assert "of the control protocol" in (await listener.gets(Detached)).reason
        actor.answers["server.status"] = STATUS
        await listener.gets(Attached)

    play(actor, act)


def test_what_is_no_server_is_told_as_none(actor: Actor) -> None:
    async def act(listener: Listener, actor: Actor) -> None:
        await listener.gets(Attached)
        actor.say(b"HTTP/1.1 400 Bad Request\r\n")
        assert "does not answer as mtq does" in (await listener.gets(Detached)).reason

    play(actor, act)
