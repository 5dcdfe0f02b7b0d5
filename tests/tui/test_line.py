"""A line that is being typed, and how its last word is completed."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtq.tui.shell.command import Candidate
from mtq.tui.shell.line import MOST, History, completed, typed


def words(line: str, *offered: str) -> str:
    """The line completed by these words."""
    return completed(line, [Candidate(word) for word in offered])


@pytest.mark.parametrize(
    ("line", "found", "start"),
    [
        ("", ("",), 0),
        ("ser", ("ser",), 0),
        ("service ", ("service", ""), 8),
        ("  service  st", ("service", "st"), 11),
        ("user add 'fred f", ("user", "add", "fred f"), 9),
        ('config set a "x y" ', ("config", "set", "a", "x y", ""), 19),
        ("a\\ b", ("a b",), 0),
        ("''", ("",), 0),
    ],
)
def test_the_words_up_to_the_cursor_are_read_as_a_shell_does(line: str, found: tuple[str, ...], start: int) -> None:
    assert (typed(line).words, typed(line).start) == (found, start)


@given(st.lists(st.text(st.characters(exclude_categories=["Cc", "Cs"])), min_size=1))
def test_quoted_words_are_read_as_they_were(given: list[str]) -> None:
    assert typed(shlex.join(given) + " ").words == (*given, "")


def test_the_only_candidate_is_put_in_with_a_space() -> None:
    assert words("ser", "service") == "service "
    assert words("service st", "stop") == "service stop "


def test_several_candidates_are_completed_as_far_as_they_agree() -> None:
    assert words("s", "service", "serve") == "serv"
    assert words("serv", "service", "serve") == "serv"


def test_after_an_equals_sign_the_value_is_typed_without_a_space() -> None:
    assert words("service set pop3 max", "max_connections=") == "service set pop3 max_connections="


def test_a_folder_is_gone_into() -> None:
    assert words("mailbox import fred /tm", "/tmp/") == "mailbox import fred /tmp/"


def test_without_a_candidate_that_fits_nothing_changes() -> None:
    assert words("xyz", "service") == "xyz"


def test_a_word_that_needs_quotes_gets_them() -> None:
    assert words("mailbox import fred My", "My Mail") == "mailbox import fred 'My Mail' "


def test_what_was_typed_is_gone_back_to_and_the_draft_is_not_lost() -> None:
    history = History()
    history.enter("one")
    history.enter("two")
    assert [history.older("dra"), history.older("two"), history.older("one")] == ["two", "one", "one"]
    assert [history.newer("one"), history.newer("two"), history.newer("dra")] == ["two", "dra", "dra"]


def test_a_line_that_is_typed_again_is_there_once() -> None:
    history = History()
    for line in ("one", "two", "one"):
        history.enter(line)
    assert [history.older(""), history.older("one"), history.older("two")] == ["one", "two", "two"]


def test_without_any_history_the_line_stays() -> None:
    assert History().older("dra") == History().newer("dra") == "dra"


def test_the_history_is_kept_within_bounds() -> None:
    history = History()
    for number in range(MOST + 10):
        history.enter(str(number))
    line = ""
    for _ in range(MOST + 10):
        line = history.older(line)
    assert line == "10"
