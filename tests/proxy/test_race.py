"""The first address that answers wins, in the order of RFC 8305, and nothing of the others is left."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from ipaddress import ip_address

import pytest

from mtq.proxy import race
from tests.house import LoopFactory, free_port
from tests.proxy.calling import LOOPS, run


def test_families_take_turns_and_the_first_one_begins() -> None:
    addresses = [ip_address(text) for text in ("::1", "::2", "::3", "192.0.2.1", "192.0.2.2")]
    assert list(map(str, race.interleaved(addresses))) == ["::1", "192.0.2.1", "::2", "192.0.2.2", "::3"]
    assert list(map(str, race.interleaved(addresses[::-1]))) == ["192.0.2.2", "::3", "192.0.2.1", "::2", "::1"]


@contextmanager
def one_port(*hosts: str) -> Iterator[list[socket.socket]]:
    """Sockets bound at each of these addresses, to a port that they have in common."""
    with ExitStack() as stack:
        while True:
            with ExitStack() as trying, suppress(OSError):      # taken at one of them: another port, then
                sockets = [trying.enter_context(socket.socket()) for _ in hosts]
                port = 0
                for sock, host in zip(sockets, hosts, strict=True):
                    sock.bind((host, port))
                    port = sock.getsockname()[1]
                stack.push(trying.pop_all())
                break
        yield sockets


@contextmanager
def full(listening: socket.socket) -> Iterator[None]:
    """Have connections there neither succeed nor fail: the queue is full and nobody accepts."""
    listening.listen(0)
    with socket.create_connection(listening.getsockname()):      # the one for which there is room
        yield


def try_all(sockets: list[socket.socket], loop: LoopFactory) -> socket.socket:
    """Connect to their addresses, in this order."""
    places = [sock.getsockname() for sock in sockets]
    return run(race.connect([ip_address(host) for host, _ in places], places[0][1]), loop)


@LOOPS
def test_an_address_that_refuses_gives_way_to_the_next(loop: LoopFactory) -> None:
    with one_port("127.0.0.1", "127.0.0.2", "127.0.0.3") as sockets:
        sockets[-1].listen()
        with try_all(sockets, loop) as winner:
            assert winner.getpeername() == sockets[-1].getsockname()


@LOOPS
def test_an_address_that_does_not_answer_gives_way_to_the_next(loop: LoopFactory) -> None:
    with one_port("127.0.0.2", "127.0.0.3") as sockets, full(sockets[0]):
        sockets[1].listen()
        with try_all(sockets, loop) as winner:
            assert winner.getpeername() == sockets[1].getsockname()


@LOOPS
def test_if_none_answers_the_error_is_that_of_the_first(loop: LoopFactory) -> None:
    addresses = [ip_address("127.0.0.1"), ip_address("255.255.255.255")]
    with pytest.raises(ConnectionRefusedError):
        run(race.connect(addresses, free_port()), loop)


@LOOPS
def test_one_that_is_given_up_leaves_no_socket(loop: LoopFactory) -> None:
    # A socket that is left behind is a warning, and a warning is an error here.
    async def give_up(port: int) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await race.connect([ip_address("127.0.0.2")], port)

    with one_port("127.0.0.2") as (listening,), full(listening):
        run(give_up(listening.getsockname()[1]), loop)


@LOOPS
def test_a_second_winner_of_the_same_moment_is_closed(loop: LoopFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(race, "NEXT_AFTER", 0.0)
    with one_port("127.0.0.2", "127.0.0.3", "127.0.0.4") as sockets:
        for sock in sockets:
            sock.listen()
        try_all(sockets, loop).close()
