"""From a host to its addresses."""

import asyncio
import socket
import threading
from collections.abc import Iterator

import pytest

from mtq.access.servers import parse
from mtq.proxy import resolve
from mtq.proxy.refusals import Trouble, Unreachable
from mtq.proxy.resolve import Resolver
from tests.house import WAIT, LoopFactory
from tests.proxy.calling import LOOPS, run


def addresses(host: str, loop: LoopFactory, seconds: float = WAIT) -> list[str]:
    """What a host's addresses are."""

    async def look_up() -> list[str]:
        return [str(address) for address in await Resolver().addresses(parse(host), seconds)]

    return run(look_up(), loop)


@LOOPS
def test_a_name_is_looked_up(loop: LoopFactory) -> None:
    assert "127.0.0.1" in addresses("localhost:995", loop)


@LOOPS
@pytest.mark.parametrize("host", ["192.0.2.7", "2001:db8::7"])
def test_an_address_is_itself(host: str, loop: LoopFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(socket, "getaddrinfo")
    assert addresses(host, loop) == [host]


@LOOPS
def test_a_name_that_nobody_has(loop: LoopFactory) -> None:
    with pytest.raises(Unreachable) as raised:
        addresses("no.such.host.invalid", loop)
    assert raised.value.trouble is Trouble.NAME


def test_an_address_comes_once_whatever_the_system_says(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("2001:db8::7", 0, 0, 0)),
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.7", 0)),
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.7", 0)),
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: rows)
    assert list(map(str, resolve.look_up("pop.isp.com"))) == ["2001:db8::7", "192.0.2.7"]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    """A name server that never answers, and what it is asked."""
    asked: list[object] = []
    go = threading.Event()

    def hang(*arguments: object, **_: object) -> list[object]:
        asked.append(arguments)
        go.wait(WAIT)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    yield asked
    go.set()


@LOOPS
def test_a_name_server_that_does_not_answer(loop: LoopFactory, asked: list[object]) -> None:
    with pytest.raises(Unreachable, match="name not found") as raised:
        addresses("slow.example", loop, 0.1)
    assert "no answer" in raised.value.cause


@LOOPS
def test_lookups_that_hang_do_not_pile_up(loop: LoopFactory, asked: list[object]) -> None:
    async def look_up_many() -> list[object]:
        resolver = Resolver()
        lookups = [resolver.addresses(parse("slow.example"), 0.2) for _ in range(3 * resolve.AT_A_TIME)]
        return await asyncio.gather(*lookups, return_exceptions=True)

    assert {type(outcome) for outcome in run(look_up_many(), loop)} == {Unreachable}
    assert len(asked) == resolve.AT_A_TIME
