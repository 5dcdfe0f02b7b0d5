"""Arrays and inline tables as they are written: what comes, what goes, what stays."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtq.config.listed import read
from tests.config.lived_in import values

LISTS = values.filter(lambda text: text[0] in "[{")


def items(text: str) -> list[object]:
    found = tomllib.loads(f"x = {text}")["x"]
    return list(found.items()) if isinstance(found, dict) else list(found)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[]", "[9]"),
        ("[ ]", "[ 9 ]"),
        ("[1]", "[1, 9]"),
        ("[ 1 ]", "[ 1, 9 ]"),
        ("[1,2]", "[1,2,9]"),
        ("[1, 2,]", "[1, 2, 9,]"),
        ("[1, 2, # two\n]", "[1, 2, 9, # two\n]"),
        ("[1, 2 # two\n]", "[1, 2, 9 # two\n]"),
        ("[\n]", "[\n    9,\n]"),
        ("[\n  # none\n]", "[\n  # none\n  9,\n]"),
        ("[ # none\n  ]", "[ # none\n      9,\n  ]"),
        ("[\n  1,\n]", "[\n  1,\n  9,\n]"),
        ("[\n  1\n]", "[\n  1,\n  9\n]"),
        ("[\n  1,  # one\n  # end\n]", "[\n  1,  # one\n  9,\n  # end\n]"),
        ("[\n  1  # one\n  # end\n]", "[\n  1,  # one\n  9\n  # end\n]"),
        ("[\n\t1\n\t, 2]", "[\n\t1\n\t, 2, 9]"),
        ("[1,\n 2]", "[1,\n 2,\n 9]"),
        ("[1,\n 2,]", "[1,\n 2,\n 9,]"),
        ("[\r\n  1,\r\n]", "[\r\n  1,\r\n  9,\r\n]"),
        ("[\r\n]", "[\r\n    9,\r\n]"),
        ("['[', ']', \"\\\"]\"]", "['[', ']', \"\\\"]\", 9]"),
        ("[[1, 2], [3]]", "[[1, 2], [3], 9]"),
    ],
)
def test_a_new_item_is_written_as_its_neighbours_are(before: str, after: str) -> None:
    assert read(before).adding(["9"]).text == after
    assert read(after).without([len(items(before))]).text == before


def test_several_new_items_each_get_their_line() -> None:
    assert read("[\n  1, # one\n]").adding(["8", "9"]).text == "[\n  1, # one\n  8,\n  9,\n]"


@pytest.mark.parametrize(
    ("before", "gone", "after"),
    [
        ("[1]", [0], "[]"),
        ("[ 1 ]", [0], "[ ]"),
        ("[1,]", [0], "[]"),
        ("[1, 2, 3]", [0], "[2, 3]"),
        ("[1, 2, 3]", [1], "[1, 3]"),
        ("[1, 2, 3]", [2], "[1, 2]"),
        ("[1, 2, 3]", [0, 2], "[2]"),
        ("[1, 2, 3]", [], "[1, 2, 3]"),
        ("[1, 2, 3,]", [2], "[1, 2,]"),
        ("[1 , 2]", [1], "[1 ]"),
        ("[\n  1,\n  2, # two\n  3,\n]", [1], "[\n  1,\n  3,\n]"),
        ("[\n  1,\n  2, # two\n  3\n]", [2], "[\n  1,\n  2 # two\n]"),
        ("[\n  # first\n  1, # one\n\n  # second\n  2,\n]", [0], "[\n  # first\n\n  # second\n  2,\n]"),
        ("[\n  1,  # one\n]", [0], "[\n]"),
        ("[\n  1, 2,\n  3, 4,\n]", [2], "[\n  1, 2,\n  4,\n]"),
        ("[\n  1, 2, # both\n  3,\n]", [1], "[\n  1, # both\n  3,\n]"),
        ("[1,\n 2]", [0], "[\n 2]"),
        ("[1, # one\n 2]", [1], "[1 # one\n ]"),
        ("[ # none\n  1]", [0], "[ # none\n  ]"),
    ],
)
def test_an_item_takes_its_line_and_its_comment_along(before: str, gone: list[int], after: str) -> None:
    assert read(before).without(gone).text == after


def test_another_text_for_an_item() -> None:
    assert read("[ 1, # one\n  2 ]").with_text(1, "9").text == "[ 1, # one\n  9 ]"


@given(LISTS)
def test_what_is_read_is_written_as_it_was(text: str) -> None:
    assert read(text).text == text


@given(LISTS, st.integers(1, 3))
def test_adding_and_removing_again_changes_nothing(text: str, count: int) -> None:
    new = [f"new{n} = {n}" if text[0] == "{" else f'"# {n} ]"' for n in range(count)]
    have = len(read(text).items)
    longer = read(text).adding(new).text
    assert [item.text for item in read(longer).items[have:]] == new
    assert len(items(longer)) == len(items(text)) + count
    assert read(longer).without(range(have, have + count)).text == text


@given(LISTS.filter(lambda text: text[0] == "["), st.data())
def test_the_others_stay_whichever_are_removed(text: str, data: st.DataObject) -> None:
    have = items(text)
    gone = data.draw(st.sets(st.integers(0, len(have) - 1)) if have else st.just(set()))
    left = [item for index, item in enumerate(have) if index not in gone]
    assert repr(items(read(text).without(gone).text)) == repr(left)
