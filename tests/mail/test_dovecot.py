"""dovecot-uidlist: what stands in it, and what makes it one that cannot be believed."""

import pytest

from mtq.mail import dovecot, uidl_format

MADE = uidl_format.compiled("%v-%u")
HEAD = b"3 V1795615351 N9 G1c37821477ea066b790c000083ecc375\n"


def read(data: bytes, made: uidl_format.Value = MADE) -> dict[bytes, bytes]:
    """What a list says, in its order."""
    return dict(dovecot.unique_ids(data, made))


def test_an_entry_gives_what_the_format_makes_of_its_uid() -> None:
    assert read(HEAD + b"1 W18 S15 :160.M1P1.host:2,S\n7 :161.M1P1.host\n") == {
        b"160.M1P1.host": b"1795615351-1",
        b"161.M1P1.host": b"1795615351-7",
    }


def test_a_unique_id_that_dovecot_saved_wins() -> None:
    assert read(HEAD + b"1 W18 PUID7-1234:5 :160.M1P1.host\n") == {b"160.M1P1.host": b"UID7-1234:5"}


def test_a_saved_one_that_is_empty_is_the_file_name() -> None:
    assert read(HEAD + b"1 P W18 :160.M1P1.host,S=3:2,S\n") == {b"160.M1P1.host,S=3": b"160.M1P1.host,S=3"}


def test_the_guid_is_the_file_name_where_none_is_given() -> None:
    made = uidl_format.compiled("%g")
    ids = read(HEAD + b"1 Gabc :160.host:2,\n2 :161.host:2,\n", made)
    assert ids == {b"160.host": b"abc", b"161.host": b"161.host"}


def test_a_file_name_may_hold_spaces_and_any_octets() -> None:
    assert list(read(HEAD + b"1 :a b\xff ,S=1:2,\n")) == [b"a b\xff ,S=1"]


def test_a_file_that_came_back_has_its_later_uid() -> None:
    assert read(HEAD + b"1 :160.host\n4 :160.host\n") == {b"160.host": b"1795615351-4"}


def test_version_1_is_read_too() -> None:
    assert read(b"1 1795615351 9\n1 160.host:2,S\n8 161.host\n") == {
        b"160.host": b"1795615351-1",
        b"161.host": b"1795615351-8",
    }


def test_a_list_without_messages_is_one() -> None:
    assert read(HEAD) == {}


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "line 1 is not the head"),
        (b"\n", "line 1 is not the head"),
        (b"root:x:0:0:root:/root:/bin/sh\n", "line 1 is not the head"),
        (b"2 1795615351 9\n", "line 1 is not the head"),
        (b"3 N9\n", "line 1 is not the head"),
        (b"3 V0 N9\n", "line 1 is not the head"),
        (HEAD[:-5], "line 1 has no end"),
        (HEAD + b"1 :160.host", "line 2 has no end"),
        (HEAD + b"1 :160.host\n\n", "line 3 is no entry"),
        (HEAD + b"1 160.host\n", "line 2 is no entry"),
        (HEAD + b"1 :\n", "line 2 is no entry"),
        (HEAD + b"x :160.host\n", "line 2 is no entry"),
        (HEAD + b"1 :cur/160.host\n", "line 2 is no entry"),
        (HEAD + b"2 :160.host\n2 :161.host\n", "line 3: uid 2 comes after 2"),
        (HEAD + b"0 :160.host\n", "line 2: uid 0 comes after 0"),
    ],
)
def test_a_damaged_list_is_told_of_with_its_line(data: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read(data)
