"""A TOML text as its statements."""

import tomllib

import pytest
from hypothesis import given

from mtq.config.layout import Kind, Statement, join, split
from tests.config.lived_in import LAYOUTS, documents

TEXT = """\
# first

[ a . "b.c" ] # table
  x.y = [1, # one
    2]\t# two
z='''
[no]
'''
"""


def test_every_statement_is_named_with_its_section_and_path() -> None:
    table = ("a", "b.c")
    assert [(s.kind, s.section, s.path) for s in split(TEXT)] == [
        (Kind.COMMENT, (), ()),
        (Kind.BLANK, (), ()),
        (Kind.HEADER, table, table),
        (Kind.PAIR, table, (*table, "x", "y")),
        (Kind.PAIR, table, (*table, "z")),
    ]


def test_a_key_is_cut_into_what_is_before_its_value_the_value_and_its_comment() -> None:
    [pair] = split("\t x . 'y'  = [1, # one\n 2] \t# two\r\n")
    assert pair == Statement(
        Kind.PAIR, (), ("x", "y"), "\t x . 'y'  = ", "[1, # one\n 2]", " \t", "# two", "\r\n"
    )


def test_arrays_of_tables_count_their_elements() -> None:
    text = "[[a]]\n[[a.b]]\nx = 1\n[[a.b]]\n[a.c]\n[[a]]\n[[a.b]]\n"
    headers = [s.path for s in split(text) if s.kind is Kind.HEADER]
    assert headers == [
        ("a", 0), ("a", 0, "b", 0), ("a", 0, "b", 1), ("a", 0, "c"), ("a", 1), ("a", 1, "b", 0)
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["", "\n", " ", "# c", "x=1", "[a]", "\r\n\r\n", *LAYOUTS.values()])
def test_the_statements_together_are_the_text(text: str) -> None:
    assert join(split(text)) == text


@given(documents())
def test_whatever_the_layout_nothing_is_lost_and_every_key_is_found(text: str) -> None:
    statements = split(text)
    assert join(statements) == text
    for pair in statements:
        if pair.kind is Kind.PAIR:
            found = tomllib.loads(text)
            for part in pair.path:
                found = found[str(part)]
            assert tomllib.loads(f"x = {pair.value}")["x"] == found
