"""What the root process hears from the one that works, and the other way: messages in whatever pieces.

Each is a request (or an answer) or malformed, the same however they are cut, and is written again as it was meant.
"""

from mtq.server.privsep import wire
from mtq.server.privsep.wire import LIMIT, Malformed, Messages
from tests.protocol.naive import cut


def check(octets: bytes) -> None:
    size, said = 1 + int.from_bytes(octets[:1]), octets[1:]
    bodies = _bodies([said])
    assert _bodies(cut(said, range(size, len(said), size))) == bodies
    for body in (said, *bodies):
        if body is not None:
            _request(body)
            _answer(body)


def _bodies(pieces: list[bytes]) -> list[bytes | None]:
    """The messages; None at the end for what cannot be one."""
    messages, found = Messages(), list[bytes | None]()
    try:
        for piece in pieces:
            messages.feed(piece)
            while (body := messages.next()) is not None:
                assert len(body) <= LIMIT
                found.append(body)
    except Malformed:
        return [*found, None]
    return found


def _request(body: bytes) -> None:
    try:
        request = wire.request(body)
    except Malformed:
        return
    assert wire.request(_again(wire.encode(request))) == request


def _answer(body: bytes) -> None:
    try:
        answer = wire.answer(body)
    except Malformed:
        return
    assert wire.answer(_again(wire.encode(answer))) == answer
    if isinstance(answer, wire.Failed):
        assert isinstance(answer.error, Exception)


def _again(message: bytes) -> bytes:
    messages = Messages()
    messages.feed(message)
    body = messages.next()
    assert body is not None
    return body
