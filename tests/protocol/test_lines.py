"""Bytes to command lines: what ends a line, how long one may be, and that no cut of the input matters."""

import sys
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtq.protocol.lines import AUTH_LIMIT, COMMAND_LIMIT, Lines, TooLong
from tests.protocol.naive import cut, single_bytes

TOO_LONG = "too long"


def read(pieces: Iterable[bytes], limit: int = COMMAND_LIMIT) -> list[bytes | str]:
    lines = Lines()
    got: list[bytes | str] = []
    for piece in pieces:
        lines.feed(piece)
        while True:
            try:
                line = lines.next(limit)
            except TooLong:
                got.append(TOO_LONG)
                continue
            if line is None:
                break
            got.append(line)
    return got


def lines_of(data: bytes, limit: int = COMMAND_LIMIT) -> list[bytes | str]:
    """The lines in `data`; whole, byte by byte and with a tail behind it, it has the same."""
    whole = read([data], limit)
    assert read(single_bytes(data), limit) == whole
    assert read([data + b"tail"], limit) == whole
    return whole


def test_crlf_ends_a_line() -> None:
    assert lines_of(b"USER alice\r\nPASS secret\r\n") == [b"USER alice", b"PASS secret"]


def test_a_bare_lf_ends_a_line_too() -> None:
    assert lines_of(b"STAT\nLIST\r\nQUIT\n") == [b"STAT", b"LIST", b"QUIT"]


def test_only_one_cr_belongs_to_the_line_end() -> None:
    assert lines_of(b"NOOP\r\r\n") == [b"NOOP\r"]


def test_a_cr_alone_ends_nothing() -> None:
    assert lines_of(b"NOOP\rSTAT\r") == []


def test_an_empty_line_is_a_line() -> None:
    assert lines_of(b"\r\n\n") == [b"", b""]
    assert lines_of(b"\nNOOP\r") == [b""]


@pytest.mark.parametrize("limit", [COMMAND_LIMIT, AUTH_LIMIT])
@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_the_line_end_counts_towards_the_limit(limit: int, end: bytes) -> None:
    longest = b"x" * (limit - len(end))
    assert lines_of(longest + end, limit) == [longest]
    assert lines_of(longest + b"x" + end, limit) == [TOO_LONG]


@pytest.mark.parametrize("verb", [b"AUTH", b"auth"])
def test_an_auth_command_may_be_as_long_as_the_exchange_it_opens(verb: bytes) -> None:
    longest = (verb + b" PLAIN ").ljust(AUTH_LIMIT - 2, b"A")
    assert lines_of(longest + b"\r\n") == [longest]
    assert lines_of(longest + b"A\r\n") == [TOO_LONG]


def test_a_word_that_only_begins_with_auth_has_the_common_limit() -> None:
    assert lines_of(b"AUTHENTICATE".ljust(COMMAND_LIMIT) + b"\r\n") == [TOO_LONG]


def test_a_line_too_long_is_told_once_and_the_next_line_is_read() -> None:
    data = b"x" * 100_000 + b"\r\nNOOP\r\n" + b"y" * 300 + b"\nQUIT\n"
    assert lines_of(data) == [TOO_LONG, b"NOOP", TOO_LONG, b"QUIT"]


def test_a_line_too_long_is_told_before_it_ends() -> None:
    assert read([b"x" * (COMMAND_LIMIT + 1)]) == [TOO_LONG]


@given(
    st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"x", b"AUTH ", b"y" * 9, b"z" * 256])).map(b"".join),
    st.lists(st.integers(0, 400)),
)
def test_no_cut_changes_the_lines(data: bytes, marks: list[int]) -> None:
    assert read(cut(data, marks)) == lines_of(data)


@pytest.mark.parametrize("size", [1, 100, 65536])
def test_nothing_is_kept_of_a_line_too_long(size: int) -> None:
    lines = Lines()
    for count in range(20):
        lines.feed(b"x" * size)
        if (count + 1) * size > COMMAND_LIMIT >= count * size:
            with pytest.raises(TooLong):
                lines.next(COMMAND_LIMIT)
        else:
            assert lines.next(COMMAND_LIMIT) is None
        assert len(lines) <= COMMAND_LIMIT


@pytest.mark.parametrize("rest", [b"", b"RE"])
def test_what_was_handed_out_is_not_held(rest: bytes) -> None:
    """A read may bring a quarter of a megabyte, and there may be a thousand clients."""
    lines, data = Lines(), b"NOOP\r\n" * 10_000 + rest
    holders = sys.getrefcount(data)
    lines.feed(data)
    while lines.next(COMMAND_LIMIT) is not None:
        pass
    assert sys.getrefcount(data) == holders
    assert lines.take() == rest


def test_drop_throws_away_what_was_not_handed_out_and_says_how_much() -> None:
    lines = Lines()
    lines.feed(b"STLS\r\nUSER eve\r\nPA")
    assert lines.next(COMMAND_LIMIT) == b"STLS"
    assert lines.drop() == len(b"USER eve\r\nPA")
    lines.feed(b"NOOP\r\n")
    assert lines.next(COMMAND_LIMIT) == b"NOOP"


def test_drop_forgets_that_a_line_was_being_skipped() -> None:
    lines = Lines()
    lines.feed(b"x" * 300)
    with pytest.raises(TooLong):
        lines.next(COMMAND_LIMIT)
    lines.drop()
    lines.feed(b"NOOP\r\n")
    assert lines.next(COMMAND_LIMIT) == b"NOOP"


def test_take_hands_over_what_is_left_as_it_came() -> None:
    lines = Lines()
    lines.feed(b"PASS x\r\nSTAT\r\nRE")
    assert lines.next(COMMAND_LIMIT) == b"PASS x"
    assert lines.take() == b"STAT\r\nRE"
    assert len(lines) == 0
