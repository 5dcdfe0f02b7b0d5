"""What the server says: line ends, TOP's cut, dots and octets, against the obvious way to write them."""

from collections.abc import Iterable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mtq.errors import Code
from mtq.protocol import replies
from mtq.protocol.replies import Body, TopCut, WireText
from tests.protocol.naive import cut, single_bytes, splits, top, unstuffed, wire_text

HUGE = 10**20

nasty_files = st.lists(st.sampled_from([b".", b"\r", b"\n", b"a", b"\0", b"\r\n", b"\n\n"])).map(b"".join)
marks = st.lists(st.integers(0, 24), max_size=6)

NASTY = [
    b"",
    b"\n",
    b"\r",
    b"\r\n",
    b"\r\r\n",
    b".",
    b".\n",
    b"..\r\n",
    b".\r\n.\r\n",
    b"a: b",
    b"a: b\n",
    b"a: b\r\n\r\n",
    b"a: b\n\n.",
    b"a: b\n\n.\n.\n",
    b"a: b\r\n\r\n..x\r\n.y",
    b"a: b\n\r\n.\r.\n\r",
    b"a: b\n\r\r\nno body yet\n",
    b"\nno headers\n.\n",
    b"a\0: \xff\xe9\n\n\0\n",
]


def sent(pieces: Iterable[bytes], lines: int | None = None) -> bytes:
    body = Body(lines)
    return b"".join([body.feed(piece) for piece in pieces]) + body.finish()


@pytest.mark.parametrize("stored", NASTY)
def test_a_message_in_one_piece_is_sent_as_one_in_many(stored: bytes) -> None:
    text, octets = replies.message(stored)
    assert text + replies.END == sent(single_bytes(stored))
    assert octets == len(wire_text(stored))


@given(nasty_files)
def test_any_message_in_one_piece_is_sent_as_one_in_many(stored: bytes) -> None:
    assert replies.message(stored)[0] + replies.END == sent(single_bytes(stored))


# One-line answers


def test_answers_end_with_crlf_and_have_a_text_or_none() -> None:
    assert replies.ok() == b"+OK\r\n"
    assert replies.ok(b"ready") == b"+OK ready\r\n"
    assert replies.err(b"no") == b"-ERR no\r\n"


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        (Code.AUTH, b"-ERR [AUTH] no\r\n"),
        (Code.IN_USE, b"-ERR [IN-USE] no\r\n"),
        (Code.SYS_TEMP, b"-ERR [SYS/TEMP] no\r\n"),
        (Code.SYS_PERM, b"-ERR [SYS/PERM] no\r\n"),
    ],
)
def test_a_response_code_stands_before_the_text(code: Code, answer: bytes) -> None:
    assert replies.err(b"no", code) == answer


def test_an_answer_of_several_lines_ends_with_a_dot() -> None:
    assert replies.multiline([b"1 10", b"2 20"], b"two") == b"+OK two\r\n1 10\r\n2 20\r\n.\r\n"


def test_an_answer_of_no_lines_is_a_dot_alone() -> None:
    assert replies.multiline([]) == b"+OK\r\n.\r\n"


# Line ends


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (b"a\nb\n", b"a\r\nb\r\n"),
        (b"a\r\nb\r\n", b"a\r\nb\r\n"),
        (b"a\r\nb\nc", b"a\r\nb\r\nc\r\n"),
        (b"a\rb\r", b"a\rb\r\r\n"),
        (b"a\r\r\n", b"a\r\r\n"),
        (b"\n\n", b"\r\n\r\n"),
        (b"", b""),
    ],
)
def test_every_line_ends_with_crlf_and_nothing_else_changes(file: bytes, text: bytes) -> None:
    for pieces in splits(file):
        wire = WireText()
        assert b"".join([wire.feed(piece) for piece in pieces]) + wire.finish() == text
        assert wire.octets == len(text)


@given(nasty_files, marks)
def test_line_ends_do_not_depend_on_the_pieces(file: bytes, marks: list[int]) -> None:
    wire = WireText()
    text = b"".join([wire.feed(piece) for piece in cut(file, marks)]) + wire.finish()
    assert text == wire_text(file)
    assert wire.octets == len(text)


# TOP's cut

MAIL = b"Subject: x\r\nTo: y\r\n\r\none\r\ntwo\r\n\r\nfour\r\n"
BARE_HEADERS = b"Subject: x\r\nTo: y\r\n"


@pytest.mark.parametrize(
    ("text", "lines", "part"),
    [
        (MAIL, 0, b"Subject: x\r\nTo: y\r\n\r\n"),
        (MAIL, 1, b"Subject: x\r\nTo: y\r\n\r\none\r\n"),
        (MAIL, 3, b"Subject: x\r\nTo: y\r\n\r\none\r\ntwo\r\n\r\n"),
        (MAIL, 4, MAIL),
        (MAIL, HUGE, MAIL),
        (b"\r\nno headers\r\n", 0, b"\r\n"),
        (b"\r\nno headers\r\n", 1, b"\r\nno headers\r\n"),
        (BARE_HEADERS, 0, BARE_HEADERS + b"\r\n"),       # RFC 1939's blank line: Outlook Express waits for it
        (BARE_HEADERS, 1, BARE_HEADERS),
        (b"", 0, b""),
    ],
)
def test_top_is_the_headers_the_blank_line_and_so_many_lines(text: bytes, lines: int, part: bytes) -> None:
    for pieces in splits(text):
        if any(piece.endswith(b"\r") for piece in pieces):
            continue      # WireText, which feeds it, never lets a line end apart
        top_cut = TopCut(lines)
        assert b"".join([top_cut.feed(piece) for piece in pieces]) + top_cut.finish() == part


def test_top_is_done_as_soon_as_it_has_its_lines() -> None:
    body = Body(1)
    body.feed(b"a: b\n\none")
    assert not body.done
    body.feed(b"\ntwo")
    assert body.done


def test_retr_is_never_done_before_the_file_is() -> None:
    body = Body()
    body.feed(b"a: b\n\none\n")
    assert not body.done


# Whole bodies


@pytest.mark.parametrize("lines", [None, 0, 1, 2, HUGE])
@pytest.mark.parametrize("file", NASTY)
def test_a_client_reads_the_message_back_however_it_was_cut(file: bytes, lines: int | None) -> None:
    whole = sent([file], lines)
    assert unstuffed(whole) == top(file, lines)
    for pieces in splits(file):
        assert sent(pieces, lines) == whole


@given(nasty_files, marks, st.sampled_from([None, 0, 1, 3]))
@example(b"a\n\n.\n.", [3, 4], 1)
def test_a_client_reads_any_message_back(file: bytes, marks: list[int], lines: int | None) -> None:
    assert unstuffed(sent(cut(file, marks), lines)) == top(file, lines)


@pytest.mark.parametrize(
    ("file", "answer"),
    [
        (b".first\n", b"..first\r\n.\r\n"),
        (b".\n", b"..\r\n.\r\n"),
        (b"a\n.\nb\n", b"a\r\n..\r\nb\r\n.\r\n"),
        (b"a\n..b\n", b"a\r\n...b\r\n.\r\n"),
        (b"a.b\n", b"a.b\r\n.\r\n"),
        (b"a\r.b\n", b"a\r.b\r\n.\r\n"),            # after a lone CR no line begins
        (b"a", b"a\r\n.\r\n"),
        (b"", b".\r\n"),
    ],
)
def test_a_dot_is_doubled_where_a_line_begins_and_nowhere_else(file: bytes, answer: bytes) -> None:
    for pieces in splits(file):
        assert sent(pieces) == answer


@pytest.mark.parametrize("file", NASTY)
def test_octets_count_line_ends_and_no_added_dots(file: bytes) -> None:
    for pieces in splits(file):
        body = Body()
        for piece in pieces:
            body.feed(piece)
        body.finish()
        assert body.octets == len(wire_text(file))


@pytest.mark.parametrize("size", [997, 4096, 65536])
def test_a_line_of_a_hundred_thousand_octets_passes(size: int) -> None:
    file = b"Subject: long\n\n." + b"x" * 100_000 + b"\n.\n"
    answer = sent([file[at : at + size] for at in range(0, len(file), size)])
    assert unstuffed(answer) == wire_text(file)


def test_all_octets_but_line_ends_pass_as_they_are() -> None:
    file = bytes(octet for octet in range(256) if octet not in b"\r\n") * 3
    assert sent(single_bytes(file)) == file + b"\r\n.\r\n"


@pytest.mark.parametrize("file", NASTY)
def test_top_with_more_lines_than_there_are_is_what_retr_sends(file: bytes) -> None:
    assert sent([file], HUGE) == sent([file])
