"""courierpop3dsizelist in its versions: what Courier 1.0.16 made of the lists that it reads, and the older ones."""

import pytest

from mtq.mail import courier


def read(data: bytes) -> dict[bytes, bytes]:
    """What a list says, in its order."""
    return dict(courier.unique_ids(data))


def test_version_3() -> None:
    data = b"/3 4 1795615395\n160.M1P1.host:2, 18 1:1795615395:0\n161.M1P1.host:2,S 18 2:1795615395:1\n"
    assert read(data) == {b"160.M1P1.host": b"UID1-1795615395", b"161.M1P1.host": b"UID2-1795615395"}


def test_version_2_may_hold_messages_of_those_before() -> None:
    data = b"/2 7 1234567890\n160.host:2, 20 3:1234567890\n161.host:2,S 20 4:0\n162.host 20 0:0\n"
    assert read(data) == {b"160.host": b"UID3-1234567890", b"161.host": b"UID4", b"162.host": b"162.host"}


def test_version_1() -> None:
    assert read(b"/1 7\n160.host:2, 20 3\n161.host 20 0\n") == {b"160.host": b"UID3", b"161.host": b"161.host"}


def test_version_0_has_file_names_alone() -> None:
    assert read(b"160.host:2, 20\n161.host 20\n") == {b"160.host": b"160.host", b"161.host": b"161.host"}


def test_a_file_name_is_written_so_that_a_client_may_see_it() -> None:
    assert read(b"/3 1 1\na+b'c\"d e\xff:2, 20 0:0:0\n") == {b"a+b'c\"d e\xff": b"a+2Bb+27c+22d+20e+FF"}


def test_a_file_name_may_hold_spaces_and_numbers() -> None:
    assert read(b"/3 1 1\nletter 1 2:2,S 20 5:1:0\n") == {b"letter 1 2": b"UID5-1"}


def test_a_list_without_messages_is_one() -> None:
    assert read(b"/3 1 1795615395\n") == {}
    assert read(b"") == {}


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"/4 1 1\n", "line 1 is not the head"),
        (b"/3\n", "line 1 is not the head"),
        (b"/3 1 1", "line 1 has no end"),
        (b"/3 1 1\n160.host 20 5:1:0", "line 2 has no end"),
        (b"/3 1 1\n160.host\n", "line 2 is no entry"),
        (b"/3 1 1\n\n", "line 2 is no entry"),
        (b"/3 1 1\n160.host 20 " + b"9" * 5000 + b":1:0\n", "line 2 is no entry"),
        (b"/3 1 1\ncur/160.host 20 5:1:0\n", "line 2 is no entry"),
        (b"root:x:0:0:root:/root:/bin/sh\n", "line 1 is no entry"),
    ],
)
def test_a_damaged_list_is_told_of_with_its_line(data: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read(data)
