"""Where the messages of an mbox begin and end, and what they were before the quoting."""

import hashlib
import io
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtq.mail import mbox

FROM = b"From wilma@bedrock.example Wed Nov 25 08:00:00 2026\n"
ONE = b"Subject: one\n\nYabba\n"
TWO = b"Subject: two\n\ndabba\n"


def messages(data: bytes) -> list[bytes]:
    """What is in an mbox."""
    return [b"".join(mbox.content(io.BytesIO(data), span)) for span in mbox.spans(io.BytesIO(data))]


# Where messages begin and end


def test_messages_are_cut_apart() -> None:
    assert messages(FROM + ONE + b"\n" + FROM + TWO + b"\n") == [ONE, TWO]


def test_the_empty_line_before_the_next_message_is_not_part_of_it_but_others_are() -> None:
    assert messages(FROM + ONE + b"\n\n\n" + FROM + TWO) == [ONE + b"\n\n", TWO]


def test_the_empty_line_at_the_end_may_be_missing() -> None:
    assert messages(FROM + ONE + FROM + TWO) == [ONE, TWO]


def test_line_ends_stay_as_they_are() -> None:
    data = (FROM + ONE + b"\n" + FROM + TWO + b"\n").replace(b"\n", b"\r\n")
    assert messages(data) == [ONE.replace(b"\n", b"\r\n"), TWO.replace(b"\n", b"\r\n")]


def test_a_message_may_lack_its_last_line_end() -> None:
    assert messages(FROM + b"Subject: one") == [b"Subject: one"]


def test_a_message_may_be_empty() -> None:
    assert messages(FROM + FROM + b"\n" + FROM) == [b"", b"", b""]


def test_an_empty_file_holds_none() -> None:
    assert messages(b"") == []


def test_empty_lines_before_the_first_message_are_passed_over() -> None:
    assert messages(b"\n\n" + FROM + ONE) == [ONE]


def test_a_content_length_is_not_believed() -> None:
    one = b"Subject: one\nContent-Length: 5000\n\nYabba\n"
    assert messages(FROM + one + b"\n" + FROM + TWO) == [one, TWO]


@pytest.mark.parametrize(
    "line", [b"From here on all is well.\n", b"From\n", b"From: fred\n", b"from me Wed Nov 25 08:00:00 2026\n"]
)
def test_a_line_of_text_is_no_separator_where_separators_have_dates(line: bytes) -> None:
    text = b"Subject: one\n\nYabba\n\n" + line + b"dabba\n"
    assert messages(FROM + text + b"\n" + FROM + TWO) == [text, TWO]


def test_where_the_first_separator_has_no_date_an_empty_line_tells_the_others() -> None:
    text = b"Subject: one\n\nYabba\nFrom here on all is well.\n"
    assert messages(b"From wilma\n" + text + b"\nFrom \n" + TWO) == [text, TWO]


def test_a_long_line_that_goes_on_with_from_is_one_line() -> None:
    text = b"x" * mbox.LINE + FROM + b"y" * mbox.LINE + b"\n"
    assert messages(FROM + text + b"\n" + FROM + TWO) == [text, TWO]


def test_an_end_of_line_that_comes_alone_is_no_empty_line() -> None:
    text = b"x" * mbox.LINE + b"\n"
    assert messages(FROM + text + FROM + TWO) == [text, TWO]


# The quoting


def test_quoted_lines_lose_one_quote() -> None:
    text = b"Subject: one\n\n>From me\n>>From you\n> From here\n>from there\nFrom.\n"
    plain = b"Subject: one\n\nFrom me\n>From you\n> From here\n>from there\nFrom.\n"
    assert messages(FROM + text) == [plain]


def test_a_quote_within_a_line_stays() -> None:
    text = b"x" * mbox.LINE + b">From me\ny >From me\n"
    assert messages(FROM + text) == [text]


# When each arrived


@pytest.mark.parametrize(
    ("line", "seconds"),
    [
        (b"From fred@x.example Wed Nov 25 08:00:00 2026\n", 1795593600),
        (b"From fred@x.example Wed Nov 25 08:00:00 2026\r\n", 1795593600),
        (b"From - Thu Jan  1 00:00:00 1970\n", 0),
        (b"From fred  Fri Feb  9 7:05 2001\n", 981702300),
        (b"From 1598@xxx Mon Dec 05 14:23:11 +0100 2011\n", 1323091391),
        (b"From fred Mon Dec  5 14:23:11 EST 2011\n", 1323094991),
        (b"From fred Mon Dec  5 14:23:11 2011 -0130\n", 1323100391),
        (b"From fred Mon Dec  5 14:23:11 2011 remote from bedrock\n", 1323094991),
        (b"From May 7@x Wed Nov 25 08:00:00 2026\n", 1795593600),
        (b"From fred\n", None),
        (b"From \n", None),
        (b"From fred Wed Nov 25 08:00:00 1066\n", None),
        (b"From fred Wed Nov 25\n", None),
    ],
)
def test_the_date_of_a_separator(line: bytes, seconds: int | None) -> None:
    assert mbox.arrival(line) == seconds


# Identity


def test_a_message_is_the_same_wherever_it_stands() -> None:
    one = next(mbox.spans(io.BytesIO(FROM + ONE)))
    other = list(mbox.spans(io.BytesIO(b"From x Wed Nov 25 09:00:00 2026\n" + TWO + b"\n" + FROM + ONE + b"\n")))[1]
    assert one.digest == other.digest


def test_it_is_known_by_what_it_was_before_the_quoting() -> None:
    span = next(mbox.spans(io.BytesIO(FROM + ONE + b">From me\n\n")))
    assert span.digest == hashlib.sha256(ONE + b"From me\n").digest()


def test_another_message_is_another() -> None:
    spans = list(mbox.spans(io.BytesIO(FROM + ONE + b"\n" + FROM + TWO + b"\n" + FROM + TWO + b"\n\n")))
    assert len({span.digest for span in spans}) == 3


lines = st.sampled_from([b"Yabba\n", b"\n", b">From me\n", b"From me\n", b"\r\n", b"no end", b"\xff\0\r\n"])


@given(st.lists(st.lists(lines, max_size=6).map(b"".join), min_size=1, max_size=4))
def test_what_is_put_into_an_mboxrd_comes_out(texts: list[bytes]) -> None:
    def quoted(text: bytes) -> bytes:
        text += b"" if text.endswith(b"\n") or not text else b"\n"
        return b"".join(
            b">" + line if line.lstrip(b">").startswith(b"From ") else line for line in text.splitlines(keepends=True)
        )

    data = b"".join(FROM + quoted(text) + b"\n" for text in texts)
    assert messages(data) == [text + (b"" if text.endswith(b"\n") or not text else b"\n") for text in texts]


@given(st.binary())
def test_no_octet_is_lost_or_counted_twice(rest: bytes) -> None:
    data = FROM + rest
    spans = list(mbox.spans(io.BytesIO(data)))
    assert all(one.end <= other.start for one, other in pairwise(spans))
    assert spans[0].start == len(FROM)
    assert spans[-1].end >= len(data) - 2
