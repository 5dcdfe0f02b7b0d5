"""Many names in one block: a sequence of names like any other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtq.protocol.names import Names

lists = st.lists(st.binary(max_size=9).map(lambda name: name.replace(b"\0", b"_")), max_size=12)


@given(lists)
def test_names_are_what_they_were_made_of(names: list[bytes]) -> None:
    made = Names.of(names)
    assert list(made) == [made[row] for row in range(len(made))] == names
    assert len(made) == len(names)


@given(lists, st.slices(12))
def test_a_part_of_names_is_that_of_the_list(names: list[bytes], part: slice) -> None:
    assert Names.of(names)[part] == names[part]


@given(lists, st.integers(-15, 15))
def test_a_place_is_that_of_the_list(names: list[bytes], at: int) -> None:
    made = Names.of(names)
    try:
        expected = names[at]
    except IndexError:
        with pytest.raises(IndexError):
            made[at]
    else:
        assert made[at] == expected


@given(st.lists(lists, min_size=1, max_size=4))
def test_joined_names_come_one_after_the_other(parts: list[list[bytes]]) -> None:
    assert list(Names.joined([Names.of(part) for part in parts])) == [name for part in parts for name in part]


@given(lists, lists)
def test_names_are_equal_if_their_lists_are(one: list[bytes], other: list[bytes]) -> None:
    assert (Names.of(one) == Names.of(other)) is (one == other)


@given(lists)
def test_a_block_is_all_there_is_to_names(names: list[bytes]) -> None:
    assert Names.parsed(Names.of(names).block) == Names.of(names)


def test_many_names_are_gone_through_in_order() -> None:
    names = [b"%d" % number for number in range(5000)]
    assert list(Names.of(names)) == names


def test_a_block_whose_last_name_has_no_end_is_none() -> None:
    with pytest.raises(ValueError, match="no end"):
        Names.parsed(b"a\0b")
