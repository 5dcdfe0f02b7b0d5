"""What is one msg-id by RFC 5322 and what is not, and which fields of a header are left out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtq.mail.message_id import cuts, is_message_id

VALID = [
    b"<1234@local.machine.example>",
    b" <5678.21-Nov-1997@example.com>",
    b"<abcd.1234@local.machine.test>\r\n",
    b"\r\n <folded@example.com>",
    b"\n\t<folded@example.com>\n",
    b"<000001c8f1a2$b3c4d5e0$0a01a8c0@pc>",
    b"<CAFE+=xyz_-/?!#%&'*^`{|}~@mail.gmail.com>",
    b'<"quoted left"@example.com>',
    b'<"with \\" and \\\\"@example.com>',
    b"<a@[127.0.0.1]>",
    b"<a@[IPv6:2001:db8::1]>",
    b"<a . b@example . com>",
    b'<"a".b."c"@example.com>',
    b"<a@example.com> (added by postmaster@example.com)",
    b"(before (and within)) <a@example.com> (after \\) it)",
    "<grüße@münchen.example>".encode(),
    b"  <a@b>  ",
    b"<" + b"a" * 5000 + b"@b>",
]

INVALID = [
    b"",
    b" \r\n",
    b"none",
    b"a@example.com",
    b"<>",
    b"<@>",
    b"<a@>",
    b"<@b>",
    b"<no-at-sign>",
    b"<a@b",
    b"a@b>",
    b"<a@b> <c@d>",
    b"<a@b>,<c@d>",
    b"<a@b>x",
    b"x<a@b>",
    b"<a@b@c>",
    b"<a b@c>",
    b"<a..b@c>",
    b"<.a@b>",
    b"<a.@b>",
    b"<a@b.>",
    b"<a@b..c>",
    b"<a@[1.2.3.4>",
    b"<a@[[1]]>",
    b'<"open@b>',
    b"<a@b> (open",
    b"<a@b> )",
    b"<a:b@c>",
    b"<a\0@b>",
    b"<gr\xfc\xdfe@example.com>",
    b"<<a@b>>",
    b"<a\r@b>",
]


@pytest.mark.parametrize("value", VALID)
def test_this_is_one_message_id(value: bytes) -> None:
    assert is_message_id(value)


@pytest.mark.parametrize("value", INVALID)
def test_this_is_none(value: bytes) -> None:
    assert not is_message_id(value)


@given(st.binary())
def test_any_octets_are_judged(value: bytes) -> None:
    is_message_id(value)


@given(st.text("<>@.ab\"\\()[] \t", max_size=30))
def test_there_is_never_more_than_one(text: str) -> None:
    if is_message_id(text.encode()):
        assert not is_message_id(text.encode() * 2)


def test_a_long_value_is_judged_in_time_that_grows_with_its_length() -> None:
    assert not is_message_id(b"<" + b"(" * 100_000 + b"a." * 100_000)


def left(head: bytes) -> bytes:
    """The header without what is to be left out."""
    for start, end in reversed(cuts(head)):
        head = head[:start] + head[end:]
    return head


def test_a_valid_field_stays() -> None:
    assert cuts(b"From: a\nMessage-ID: <a@b>\n\nbody\n") == []


def test_an_invalid_field_goes_with_its_line_end() -> None:
    assert left(b"From: a\r\nMessage-ID: none\r\nTo: b\r\n\r\nbody\r\n") == b"From: a\r\nTo: b\r\n\r\nbody\r\n"


def test_a_folded_field_goes_whole() -> None:
    assert left(b"From: a\nMessage-ID: <a@b>\n <c@d>\n\t(x)\nTo: b\n\n") == b"From: a\nTo: b\n\n"


def test_the_first_valid_of_several_stays() -> None:
    head = b"Message-ID: none\nMessage-Id: <a@b>\nMESSAGE-ID: <c@d>\nTo: b\n\n"
    assert left(head) == b"Message-Id: <a@b>\nTo: b\n\n"


def test_space_before_the_colon_is_an_obsolete_form_of_the_same_field() -> None:
    assert left(b"Message-ID : none\nTo: b\n\n") == b"To: b\n\n"


@pytest.mark.parametrize("other", [b"Resent-Message-ID: none\n", b"X-Message-ID: none\n", b"Message-IDs: none\n"])
def test_other_fields_are_not_looked_at(other: bytes) -> None:
    assert cuts(other + b"\n") == []


def test_the_body_is_not_looked_at() -> None:
    assert cuts(b"From: a\n\nMessage-ID: none\n") == []


def test_a_message_of_headers_alone_may_end_without_a_line_end() -> None:
    assert left(b"From: a\nMessage-ID: none") == b"From: a\n"


def test_a_message_may_begin_with_its_body() -> None:
    assert cuts(b"\nMessage-ID: none\n") == []


def test_a_field_may_be_the_only_one() -> None:
    assert left(b"Message-ID: none\n\nbody") == b"\nbody"


def test_a_message_may_begin_with_a_folded_line_of_nothing() -> None:
    assert left(b" odd\nMessage-ID: none\n\n") == b" odd\n\n"


LINES = [b"A: b\n", b"Message-ID: x\n", b"Message-ID: <a@b>\n", b" more\n", b"\r\n", b"B: c\r\n"]


@given(st.lists(st.sampled_from(LINES)))
def test_what_is_left_has_at_most_one_field_and_that_is_valid(lines: list[bytes]) -> None:
    head = b"".join(lines)
    again = left(head)
    assert cuts(again) == []
