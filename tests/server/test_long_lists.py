"""Long answers, of one list or of many commands sent ahead: they go out in pieces, and others have their turn."""

import asyncio
from pathlib import Path

import pytest
import uvloop

from mtq.protocol.session import OUTPUT_LIMIT
from tests.house import House, LoopFactory, Running
from tests.server.pop import Client

MESSAGES = 300
TIMES = 10
"""Lists that are asked for at once: together as long as the one of a mailbox that would take long to make."""

NAMES = [f"{number:05}.{'long' * 13}" for number in range(MESSAGES)]
LINES = [f"{number} {name}" for number, name in enumerate(NAMES, 1)]
A_PIECE = 2 * OUTPUT_LIMIT
"""More is never sent in one turn of the loop."""


@pytest.fixture(params=[uvloop.new_event_loop, asyncio.new_event_loop], ids=["uvloop", "asyncio"])
def loop(request: pytest.FixtureRequest) -> LoopFactory:
    """The event loops that the server runs on."""
    factory: LoopFactory = request.param
    return factory


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A house in which fred has many messages."""
    house = House(tmp_path)
    house.user("fred", "secret")
    house.lay("fred", **dict.fromkeys(NAMES, b""))
    return house


def sent_at_once(running: Running, data: bytes) -> int:
    """How much more has been sent when the loop has given the only session this, and before it does anything else."""

    def give() -> int:
        [client] = running.server.services["pop3"].connections
        before = client.record.bytes_out
        client.data_received(data)      # type: ignore[attr-defined]  # it is a Connection, which the loop gives data
        return client.record.bytes_out - before

    return running.call(give)


def listed(client: Client) -> list[str]:
    """What a list that has been asked for has in it."""
    assert client.line().startswith(b"+OK")
    return client.body().decode().splitlines()


@pytest.mark.parametrize("command", [b"UIDL\r\n" * TIMES, b"UIDL 1\r\n" * 3000], ids=["long", "short"])
def test_others_have_their_turn_between_the_pieces(house: House, command: bytes) -> None:
    with house.serving() as running, Client(house.pop3) as client:
        client.login()
        assert 0 < sent_at_once(running, command) < A_PIECE
        client.sock.close()


def test_a_list_in_pieces_is_whole(house: House, loop: LoopFactory) -> None:
    with house.serving(loop), Client(house.pop3) as client:
        client.login()
        client.send(b"UIDL\r\nNOOP\r\n" * TIMES + b"QUIT\r\n")
        for _ in range(TIMES):
            assert listed(client) == LINES
            assert client.line() == b"+OK"
        assert client.rest() == b"+OK bye\r\n"


def test_a_list_is_finished_for_a_client_that_has_shut_its_side(house: House, loop: LoopFactory) -> None:
    with house.serving(loop) as running, Client(house.pop3) as client:
        client.login()
        client.send(b"UIDL\r\n" * TIMES)
        client.sock.shutdown(1)
        assert [listed(client) for _ in range(TIMES)] == [LINES] * TIMES
        assert client.rest() == b""
        assert running.closed()[0].reason == "client hung up"


def test_a_list_is_finished_before_the_server_goes_down(house: House, loop: LoopFactory) -> None:
    with house.serving(loop) as running, Client(house.pop3) as client:
        client.login()
        sent_at_once(running, b"UIDL\r\n" * TIMES)
        running.ask_to_stop()
        assert [listed(client) for _ in range(TIMES)] == [LINES] * TIMES
        assert client.rest().startswith(b"-ERR [SYS/TEMP] ")


def test_a_client_that_vanishes_within_a_list_is_forgotten(house: House, loop: LoopFactory) -> None:
    with house.serving(loop) as running:
        client = Client(house.pop3)
        client.login()
        sent_at_once(running, b"UIDL\r\n" * TIMES)
        client.reset()
        assert running.closed()[0].reason == "connection lost"
