"""The maildrop as a session sees it: marks hide a message, numbers never move."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtq.protocol.listing import LINES, Listing


def scan_rows(listing: Listing) -> list[bytes]:
    return b"".join(listing.size_lines()).splitlines()


def id_rows(listing: Listing) -> list[bytes]:
    return b"".join(listing.id_lines()).splitlines()


def three() -> Listing:
    return Listing([100, 20, 3], [b"a", b"b", b"c"])


def test_messages_are_numbered_from_one_in_their_order() -> None:
    assert scan_rows(three()) == [b"1 100", b"2 20", b"3 3"]
    assert id_rows(three()) == [b"1 a", b"2 b", b"3 c"]


def test_a_marked_message_is_in_no_list_and_no_number_moves() -> None:
    listing = three()
    listing.mark(2)
    assert scan_rows(listing) == [b"1 100", b"3 3"]
    assert id_rows(listing) == [b"1 a", b"3 c"]
    assert (listing.size(3), listing.unique_id(3)) == (3, b"c")


def test_a_marked_message_does_not_count() -> None:
    listing = three()
    listing.mark(1)
    assert (listing.count, listing.octets) == (2, 23)


def test_a_marked_message_is_not_there() -> None:
    listing = three()
    listing.mark(2)
    assert [number for number in range(5) if listing.has(number)] == [1, 3]


@pytest.mark.parametrize("number", [-1, 0, 4, 2**32, 2**32 + 1, 10**60])
def test_there_is_no_message_outside_the_list(number: int) -> None:
    assert not three().has(number)


def test_marks_are_told_in_order() -> None:
    listing = three()
    listing.mark(3)
    listing.mark(1)
    assert listing.marked == (1, 3)


def test_reset_takes_every_mark_away() -> None:
    listing = three()
    listing.mark(1)
    listing.mark(3)
    listing.reset()
    assert listing.marked == ()
    assert (listing.count, listing.octets) == (3, 123)
    assert scan_rows(listing) == scan_rows(three())


def test_each_number_has_its_unique_id() -> None:
    listing = three()
    assert [listing.unique_id(number) for number in (1, 2, 3)] == [b"a", b"b", b"c"]


@pytest.mark.parametrize("count", [LINES - 1, LINES, LINES + 1, 3 * LINES])
def test_a_long_list_comes_a_few_lines_at_a_time(count: int) -> None:
    listing = Listing(range(count), [b"id%d" % number for number in range(1, count + 1)])
    for lines in (listing.size_lines(), listing.id_lines()):
        assert max(piece.count(b"\r\n") for piece in lines) <= LINES
    assert scan_rows(listing) == [b"%d %d" % (number, number - 1) for number in range(1, count + 1)]
    assert id_rows(listing) == [b"%d id%d" % (number, number) for number in range(1, count + 1)]


def test_every_line_ends_in_crlf() -> None:
    assert b"".join(three().size_lines()) == b"1 100\r\n2 20\r\n3 3\r\n"


def test_an_empty_maildrop_has_no_rows() -> None:
    empty = Listing([], [])
    assert (empty.count, empty.octets, scan_rows(empty), id_rows(empty), empty.marked) == (0, 0, [], [], ())
    assert not empty.has(1)


def test_sizes_past_four_gigabytes_are_exact() -> None:
    listing = Listing([2**40, 1], [b"a", b"b"])
    assert (listing.size(1), listing.octets) == (2**40, 2**40 + 1)


@given(st.lists(st.integers(0, 10**6), max_size=8), st.lists(st.integers(0, 9), max_size=20))
def test_any_marks_and_resets_leave_what_a_plain_table_leaves(sizes: list[int], steps: list[int]) -> None:
    listing = Listing(sizes, [b"id%d" % size for size in sizes])
    table = dict(enumerate(sizes, 1))
    for step in steps:      # 0 is RSET, a number is DELE
        if step == 0:
            listing.reset()
            table = dict(enumerate(sizes, 1))
        elif listing.has(step):
            listing.mark(step)
            del table[step]
    assert scan_rows(listing) == [b"%d %d" % row for row in table.items()]
    assert id_rows(listing) == [b"%d id%d" % row for row in table.items()]
    assert (listing.count, listing.octets) == (len(table), sum(table.values()))
    assert listing.marked == tuple(number for number in range(1, len(sizes) + 1) if number not in table)
