"""Dovecot's pop3_uidl_format: what the short ones make was asked of Dovecot 2.3.19; the long ones are 2.4's."""

from dataclasses import replace

import pytest

from mtq.errors import WrongUsage
from mtq.mail import uidl_format
from mtq.mail.uidl_format import Facts

FACTS = Facts(2, 1795615351, b"1600000001.M1P1.Host", b"a1b2")


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("%08Xu%08Xv", b"000000026b06ea77"),
        ("%08Xv%08Xu", b"6b06ea7700000002"),
        ("%v-%u", b"1795615351-2"),
        ("%v.%u", b"1795615351.2"),
        ("UID%u-%v", b"UID2-1795615351"),
        ("%u", b"2"),
        ("%5u", b"2"),
        ("%05u", b"00002"),
        ("%Xv", b"6b06ea77"),
        ("%f", b"1600000001.M1P1.Host"),
        ("%g", b"a1b2"),
        ("%Mf", b"d16086974aa31d12134745ae1975d1b6"),
        ("%Lf", b"1600000001.m1p1.host"),
        ("%Uf", b"1600000001.M1P1.HOST"),
        ("%2f", b"16"),
        ("%%%u", b"%2"),
        ("%{uid | hex(8)}%{uidvalidity | hex(8)}", b"000000026b06ea77"),
        ("%{uid|hex}", b"2"),
        ("%{uidvalidity}.%{uid}", b"1795615351.2"),
        ("%{filename}", b"1600000001.M1P1.Host"),
        ("%{guid}", b"a1b2"),
        ("%{filename | md5 | hexlify}", b"d16086974aa31d12134745ae1975d1b6"),
        ("%{filename | lower}", b"1600000001.m1p1.host"),
        ("%{guid | upper}", b"A1B2"),
    ],
)
def test_a_format_makes_what_dovecot_makes(text: str, made: bytes) -> None:
    assert uidl_format.compiled(text)(FACTS) == made


@pytest.mark.parametrize(
    "text",
    ["", "UID", "%%", "%m", "%y", "%{", "%{md5}", "%{owm}", "%{uid | sha1}", "%{uid", "%2.3f", "%-2f", "%Hf", "%08",
     "%{uid | hex(99999999999)}"],
)
def test_what_is_no_format_for_a_maildir_is_wrong_usage(text: str) -> None:
    with pytest.raises(WrongUsage, match="cannot be used as a UIDL format"):
        uidl_format.compiled(text)


def test_a_number_that_is_none_counts_as_nothing() -> None:
    assert uidl_format.compiled("%Xf")(FACTS) == b"0"
    assert uidl_format.compiled("%Xg")(replace(FACTS, guid=b"9" * 5000)) == b"0"


def test_what_stands_between_may_be_in_any_encoding() -> None:
    assert uidl_format.compiled("\udce9%u")(FACTS) == b"\xe92"
