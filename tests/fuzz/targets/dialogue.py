"""The client of POP3, as the proxy has it: the first octet chooses what it asks, the second how what a server says,
which is the rest, is cut.

It comes to an outcome or to a bad answer, the same however it is cut; what is kept of what came is bounded, what it
says is whole lines, and what a person gets to see is one line of printable ASCII.
"""

from collections.abc import Callable

from mtq.protocol import client
from mtq.protocol.client import LINE_LIMIT, BadAnswer, Capabilities, Client, Dialogue, Greeting, Reply, Stat
from tests.protocol.naive import cut, single_bytes

USER, SECRET, STAMP = b"fred", b"open sesame", b"<1896.697170952@dbc.mtview.ca.us>"

ASKED: tuple[Callable[[], Dialogue[object]], ...] = (
    client.greeting,
    client.capa,
    client.stls,
    lambda: client.apop(USER, SECRET, STAMP),
    lambda: client.user_pass(USER, SECRET),
    lambda: client.plain(USER, SECRET),
    lambda: client.login(USER, SECRET),
    client.stat,
    client.quit,
)

MOST = 2000
"""Pieces into which it is cut; what has no more octets also comes octet by octet."""


def check(octets: bytes) -> None:
    ask, size, said = ASKED[int.from_bytes(octets[:1]) % len(ASKED)], 1 + int.from_bytes(octets[1:2]), octets[2:]
    outcome = _talk(ask, [said])
    size = max(size, len(said) // MOST)
    assert _talk(ask, cut(said, range(size, len(said), size))) == outcome
    if len(said) <= MOST:
        assert _talk(ask, single_bytes(said)) == outcome


def _talk(ask: Callable[[], Dialogue[object]], pieces: list[bytes]) -> tuple[object, bytes]:
    """What came of it, and what was said to the server; after a bad answer that depends on when it was noticed."""
    machine = Client()
    exchange = machine.begin(ask())
    sent = machine.take()
    try:
        for piece in pieces:
            machine.receive(piece)
            sent += machine.take()
            assert exchange.over or machine.buffered <= LINE_LIMIT
    except BadAnswer as bad:
        assert str(bad).isprintable()
        return str(bad), b""
    assert not sent or sent.endswith(b"\r\n")
    if not exchange.over:
        return None, sent
    _presentable(exchange.outcome)
    return exchange.outcome, sent


def _presentable(outcome: object) -> None:
    match outcome:
        case Reply(text=text) | Greeting(reply=Reply(text=text)):
            assert text.isascii()
            assert not text or text.isprintable()
            assert len(text) <= client.WORDS_LIMIT
        case Capabilities(rows=rows):
            assert len(rows) <= client.ROWS_LIMIT
        case Stat(messages, octets):
            assert min(messages, octets) >= 0
        case _:
            raise AssertionError(outcome)
