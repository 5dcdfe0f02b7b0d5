"""Sockets that are watched: who is told of what, and what one's trouble does to the others."""

import asyncio
import gc
import socket
import weakref
from collections.abc import Awaitable, Callable, Iterator

import pytest
import uvloop

from mtq import readiness
from mtq.readiness import IN, OUT, Readiness
from tests.house import WAIT, LoopFactory

LOOPS = pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])

Ends = tuple[socket.socket, socket.socket]


@pytest.fixture
def pairs() -> Iterator[list[Ends]]:
    """Two connections, each with both ends."""
    made = [socket.socketpair() for _ in range(2)]
    yield made
    for pair in made:
        for end in pair:
            end.close()


def play(loop: LoopFactory, scene: Callable[[Readiness], Awaitable[None]]) -> None:
    """Play a scene on a loop."""

    async def within_time() -> None:
        async with asyncio.timeout(WAIT):
            await scene(readiness.of(asyncio.get_running_loop()))

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(within_time())


@LOOPS
def test_what_is_ready_is_told_of_until_it_is_done_with(loop: LoopFactory, pairs: list[Ends]) -> None:
    ours, theirs = pairs[0]
    told: list[int] = []

    async def scene(ready: Readiness) -> None:
        twice = asyncio.Event()

        def heed(events: int) -> None:
            told.append(events)
            if len(told) == 2:
                ready.watch(ours.fileno(), 0, heed)
                twice.set()

        ready.watch(ours.fileno(), IN, heed)
        theirs.send(b"x")
        await twice.wait()

    play(loop, scene)
    assert told == [IN, IN]


@LOOPS
def test_another_call_changes_what_is_watched_for(loop: LoopFactory, pairs: list[Ends]) -> None:
    ours, theirs = pairs[0]
    told: list[int] = []

    async def scene(ready: Readiness) -> None:
        done = asyncio.Event()

        def heed(events: int) -> None:
            told.append(events)
            ready.watch(ours.fileno(), 0, heed)
            done.set()

        theirs.send(b"x")
        ready.watch(ours.fileno(), IN, heed)
        ready.watch(ours.fileno(), OUT, heed)
        await done.wait()

    play(loop, scene)
    assert told == [OUT]


@LOOPS
def test_one_that_another_has_given_up_in_the_same_turn_is_not_told(loop: LoopFactory, pairs: list[Ends]) -> None:
    told: list[int] = []

    async def scene(ready: Readiness) -> None:
        done = asyncio.Event()

        def heed(events: int) -> None:
            told.append(events)
            for ours, _ in pairs:
                ready.watch(ours.fileno(), 0, heed)
            asyncio.get_running_loop().call_later(0, done.set)

        for ours, theirs in pairs:
            theirs.send(b"x")
            ready.watch(ours.fileno(), IN, heed)
        await done.wait()

    play(loop, scene)
    assert told == [IN]


@LOOPS
def test_the_trouble_of_one_is_told_and_is_not_the_others(loop: LoopFactory, pairs: list[Ends]) -> None:
    reported: list[BaseException | None] = []

    async def scene(ready: Readiness) -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context.get("exception")))
        done = asyncio.Event()
        (first, _), (second, _) = pairs

        def fail(_: int) -> None:
            ready.watch(first.fileno(), 0, fail)
            raise ValueError("of the first")

        def heed(_: int) -> None:
            ready.watch(second.fileno(), 0, heed)
            done.set()

        for ours, theirs in pairs:
            theirs.send(b"x")
            ready.watch(ours.fileno(), IN, fail if ours is first else heed)
        await done.wait()

    play(loop, scene)
    assert [str(error) for error in reported] == ["of the first"]


@LOOPS
def test_the_loop_has_its_turn_though_sockets_are_ready_all_the_time(loop: LoopFactory, pairs: list[Ends]) -> None:
    async def scene(ready: Readiness) -> None:
        for ours, theirs in pairs:
            theirs.send(b"x")
            ready.watch(ours.fileno(), IN, lambda _: None)
        await asyncio.sleep(0.01)
        for ours, _ in pairs:
            ready.watch(ours.fileno(), 0, lambda _: None)

    play(loop, scene)


@LOOPS
def test_a_loop_that_is_gone_leaves_nothing_behind(loop: LoopFactory) -> None:
    kept: list[weakref.ref[Readiness]] = []

    async def scene(ready: Readiness) -> None:
        assert readiness.of(asyncio.get_running_loop()) is ready
        kept.append(weakref.ref(ready))

    play(loop, scene)
    gc.collect()
    assert kept[0]() is None
