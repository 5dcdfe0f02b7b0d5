"""Whatever a client sends, and however it is cut into packets: nothing raises, and each line has one answer."""

import base64
import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from mtq.protocol.asks import Features
from mtq.protocol.session import VERBS
from tests.protocol.naive import cut, single_bytes
from tests.protocol.scram_client import ScramClient
from tests.protocol.world import DIGEST, ITERATIONS, NONCE, SALT, STAMP, USERS, World

ALICE = ScramClient("alice", USERS["alice"], nonce="abc")

ALL = Features((b"PLAIN", b"LOGIN", b"SCRAM-SHA-256"), timestamp=STAMP)
"""All that can be offered."""

HEAD = re.compile(rb"^(\+OK|-ERR|\+ )", re.MULTILINE)
"""How an answer begins. No line within the answers of this world begins so."""

SCRAM = [
    b"biwsbj1hbGljZSxyPWFiYw==",
    base64.b64encode(b"c=biws,r=abc" + NONCE + b",p=" + base64.b64encode(bytes(32))),
    base64.b64encode(ALICE.final(b"r=abc%b,s=%b,i=%d" % (NONCE, base64.b64encode(SALT), ITERATIONS))),
]
"""A first message, a wrong proof and a right one."""

verbs = st.sampled_from([*VERBS, b"", b"XYZZY", b"list", b"Quit ", b"*", b"YWxpY2U=", b"b3BlbiBzZXNhbWU=", *SCRAM])
arguments = st.sampled_from([
    b"", b" ", b" 1", b" 2", b" 3", b" 0", b" -1", b" 1 0", b" 2 1", b" 3 99", b" 1 x", b" 4294967297",
    b" alice", b" open sesame", b" alice " + DIGEST, b" PLAIN", b" LOGIN", b" login YWxpY2U=", b" PLAIN =",
    b" SCRAM-SHA-256", b" SCRAM-SHA-256 biwsbj1hbGljZSxyPWFiYw==",
    b" PLAIN AGFsaWNlAG9wZW4gc2VzYW1l", b" \xff\xfe", b"\0", b"\r", b"x" * 260, b"y" * 13_000,
])
ends = st.sampled_from([b"\r\n", b"\n"])
lines = st.lists(st.tuples(verbs, arguments, ends).map(b"".join), max_size=30)
logged_in = st.sampled_from([[], [b"USER alice\r\n", b"PASS open sesame\r\n"]])
conversations = st.tuples(logged_in, lines).map(lambda parts: [*parts[0], *parts[1]])


def one_by_one(world: World, conversation: list[bytes]) -> bytes:
    """All that is said, each line having one answer and after the end none."""
    said = b""
    for line in conversation:
        expected = 0 if world.over else 1
        answer = world.say(line)
        assert len(HEAD.findall(answer)) == expected
        assert answer == b"" or answer.endswith(b"\r\n")
        said += answer
    return said


@given(conversations, st.booleans())
def test_every_line_has_one_answer(conversation: list[bytes], clear_text: bool) -> None:
    one_by_one(World(features=replace(ALL, stls=True, clear_text=clear_text)), conversation)


# Without STLS in these two: what it throws away depends on what has come by then.


@given(conversations, st.lists(st.integers(0, 600), max_size=20), st.integers(1, 60))
def test_no_cut_changes_what_is_said(conversation: list[bytes], marks: list[int], piece: int) -> None:
    sent = b"".join(conversation)
    said = one_by_one(World(features=ALL), conversation)
    for pieces in ([sent], single_bytes(sent), cut(sent, marks)):
        assert World(features=ALL, piece=piece).say_pieces(pieces) == said


@given(st.binary(max_size=2000), st.lists(st.integers(0, 2000), max_size=9))
def test_rubbish_raises_nothing_and_is_the_same_however_cut(rubbish: bytes, marks: list[int]) -> None:
    assert World().say_pieces(cut(rubbish, marks)) == World().say(rubbish)
