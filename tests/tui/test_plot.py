"""Graphs of plain characters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtq.tui.plot import bars, gauge, top_of


def test_the_newest_value_stands_at_the_right() -> None:
    assert bars([1, 2, 3, 4], 3, 1, 4) == ["▄▆█"]


def test_where_nothing_was_seen_yet_there_is_nothing() -> None:
    assert bars([8], 4, 1, 8) == ["   █"]


def test_a_bar_goes_over_several_lines_from_the_bottom() -> None:
    assert bars([2, 4, 8], 3, 2, 8) == ["  █", "▄██"]


def test_a_nought_is_told_from_a_moment_that_was_not_seen() -> None:
    assert bars([0, 8], 3, 2, 8) == ["  █", " .█"]


def test_what_is_over_nought_is_seen_however_little() -> None:
    assert bars([0.001], 1, 3, 1000) == [" ", " ", "▁"]


def test_what_is_over_the_top_fills_the_height_and_no_more() -> None:
    assert bars([99], 1, 2, 10) == ["█", "█"]


@given(st.lists(st.floats(0, 1e12)), st.integers(0, 40), st.integers(0, 9), st.floats(0, 1e12))
def test_a_graph_has_the_size_that_it_was_given(values: list[float], width: int, height: int, top: float) -> None:
    lines = bars(values, width, height, top)
    assert len(lines) == (height if width else 0)
    assert all(len(line) == width for line in lines)


@pytest.mark.parametrize(
    ("value", "limit", "shown"),
    [(0, 25, "░░░░"), (1, 999, "█░░░"), (5, 10, "██░░"), (10, 10, "████"), (11, 10, "████"), (3, 0, "█░░░")],
)
def test_a_gauge_shows_how_much_of_a_limit_is_reached(value: float, limit: float, shown: str) -> None:
    assert gauge(value, limit, 4) == shown


@given(st.lists(st.floats(0, 1e9)))
def test_the_top_of_a_graph_is_a_round_number_that_no_value_exceeds(values: list[float]) -> None:
    top = top_of(values)
    assert top >= max(values, default=0)
    assert f"{top:.0f}".rstrip("0") in ("1", "2", "5")


def test_the_top_of_a_graph_is_not_far_above_its_values() -> None:
    assert [top_of([most]) for most in (0, 1, 3, 7, 21, 120)] == [1, 1, 5, 10, 50, 200]
