"""A POP3 session: the first octet says what it offers, the second how the rest, which a client sends, is cut.

Each line has one answer, no answer is longer than RFC 2449 allows, no cut changes what is said, and what is kept of
what was sent is bounded.
"""

import re

from mtq.protocol.asks import Features
from mtq.protocol.lines import AUTH_LIMIT
from tests.protocol.naive import cut, single_bytes
from tests.protocol.world import STAMP, World

MECHANISMS = (b"PLAIN", b"LOGIN", b"SCRAM-SHA-256")
ANSWER_LIMIT = 512
"""Octets of an answer's first line, its end included (RFC 2449, section 4)."""

HEAD = re.compile(rb"^(?:\+OK|-ERR|\+ )[^\r\n]*\r\n", re.MULTILINE)
"""The first line of an answer, or a challenge. No line within the answers of this world begins so."""

MOST = 600
"""Pieces into which a conversation is cut; one that has no more octets is also sent octet by octet."""


def check(octets: bytes) -> None:
    options, size, sent = octets[:1], 1 + int.from_bytes(octets[1:2]), octets[2:]
    offer = int.from_bytes(options)
    said = _line_by_line(_world(offer), sent)
    if offer & 2:      # what STLS throws away depends on what has come by then
        return
    size = max(size, len(sent) // MOST)
    pieces = [[sent], cut(sent, range(size, len(sent), size))]
    if len(sent) <= MOST:
        pieces.append(single_bytes(sent))
    for way in pieces:
        assert _world(offer, size).say_pieces(way) == said


def _world(offer: int, piece: int = 7) -> World:
    features = Features(
        MECHANISMS, clear_text=not offer & 1, stls=bool(offer & 2), timestamp=STAMP if offer & 4 else None
    )
    world = World(features=features, piece=piece)
    if offer & 8:
        world.say(b"USER alice\r\nPASS open sesame\r\n")
    return world


def _line_by_line(world: World, sent: bytes) -> bytes:
    said = b""
    for line in _lines(sent):
        was_over = world.over is not None
        answer = world.say(line)
        heads = HEAD.findall(answer)
        fewest = 0 if was_over or not line.endswith(b"\n") else 1
        assert fewest <= len(heads) <= (not was_over), (line, answer)
        assert all(len(head) <= ANSWER_LIMIT for head in heads if not head.startswith(b"+ ")), heads
        assert not answer or (answer.startswith(heads[0]) and answer.endswith(b"\r\n"))
        assert world.over or world.session.buffered <= AUTH_LIMIT + len(line)
        said += answer
    return said


def _lines(sent: bytes) -> list[bytes]:
    *ended, rest = sent.split(b"\n")
    return [line + b"\n" for line in ended] + ([rest] if rest else [])
