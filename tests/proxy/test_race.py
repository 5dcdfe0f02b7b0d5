"""The first address that answers wins, in the order of RFC 8305, and nothing of the others is left."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
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
def full(host: str, port: int) -> Iterator[None]:
    """An address whose connections neither succeed nor fail: its queue is full and nobody accepts."""
    with socket.socket() as listening:
        listening.bind((host, port))
        listening.listen(0)
        with socket.create_connection((host, port)):      # the one for which there is room
            yield


@LOOPS
def test_an_address_that_refuses_gives_way_to_the_next(loop: LoopFactory) -> None:
    with socket.create_server(("127.0.0.3", 0)) as listening:
        port = listening.getsockname()[1]
        refusing = [ip_address("127.0.0.1"), ip_address("127.0.0.2")]
        with run(race.connect([*refusing, ip_address("127.0.0.3")], port), loop) as sock:
            assert sock.getpeername() == ("127.0.0.3", port)


@LOOPS
def test_an_address_that_does_not_answer_gives_way_to_the_next(loop: LoopFactory) -> None:
    with socket.create_server(("127.0.0.3", 0)) as listening:
        port = listening.getsockname()[1]
        with full("127.0.0.2", port):
            addresses = [ip_address("127.0.0.2"), ip_address("127.0.0.3")]
            with run(race.connect(addresses, port), loop) as sock:
                assert sock.getpeername() == ("127.0.0.3", port)


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

    port = free_port()
    with full("127.0.0.2", port):
        run(give_up(port), loop)


@LOOPS
def test_a_second_winner_of_the_same_moment_is_closed(loop: LoopFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(race, "NEXT_AFTER", 0.0)
    with socket.create_server(("127.0.0.2", 0)) as one:
        port = one.getsockname()[1]
        with socket.create_server(("127.0.0.3", port)), socket.create_server(("127.0.0.4", port)):
            addresses = [ip_address(f"127.0.0.{number}") for number in (2, 3, 4)]
            run(race.connect(addresses, port), loop).close()
