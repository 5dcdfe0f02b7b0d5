"""SASLprep: the examples of RFC 4013, and what it leaves alone."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtq.users.saslprep import Forbidden, saslprep


@pytest.mark.parametrize(
    ("text", "prepared"),
    [
        ("I\u00adX", "IX"),
        ("user", "user"),
        ("USER", "USER"),
        ("\u00aa", "a"),
        ("\u2168", "IX"),
    ],
)
def test_the_examples_of_the_rfc(text: str, prepared: str) -> None:
    """RFC 4013, section 3."""
    assert saslprep(text) == prepared


@pytest.mark.parametrize("text", ["\u0007", "\u06271"])
def test_the_examples_of_the_rfc_that_are_forbidden(text: str) -> None:
    with pytest.raises(Forbidden):
        saslprep(text)


@pytest.mark.parametrize(
    "text", ["\ue000", "\ufffe", "\udcff", "\ufff9", "\u2ff0", "x\u200e", "\U000e0001", "a\u0627b", "\u06271\u0627a"]
)
def test_what_no_password_may_hold_is_forbidden(text: str) -> None:
    with pytest.raises(Forbidden):
        saslprep(text)


@pytest.mark.parametrize("text", ["a\u00a0b", "a\u3000b", "a\u2003b"])
def test_every_space_is_the_space_of_ascii(text: str) -> None:
    assert saslprep(text) == "a b"


def test_a_text_from_right_to_left_is_kept() -> None:
    assert saslprep("\u05e9\u05dc\u05d5\u05dd") == "\u05e9\u05dc\u05d5\u05dd"


def test_a_character_younger_than_the_rfc_is_let_through() -> None:
    assert saslprep("correct 🐎") == "correct 🐎"


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E)))
def test_printable_ascii_stays_as_it_is(text: str) -> None:
    assert saslprep(text) == text


@given(st.text(st.characters(min_codepoint=0xC0, max_codepoint=0x17F), min_size=1))
def test_a_letter_is_the_same_however_it_was_composed(text: str) -> None:
    assert saslprep(unicodedata.normalize("NFD", text)) == saslprep(text)
