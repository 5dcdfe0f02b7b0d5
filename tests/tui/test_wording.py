"""What the server tells, as short harmless text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtq.tui.wording import counted, duration, moment, octets, rate, shown, time_of_day, whose


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        ("", "-"),
        ([], "-"),
        (True, "yes"),
        (False, "no"),
        (25, "25"),
        (["110", "[::1]:995"], "110, [::1]:995"),
        ("[bold]fred[/]", "[bold]fred[/]"),
        ("fred\x1b[2J", "fred\N{REPLACEMENT CHARACTER}[2J"),
        ("two\nlines\r", "two\N{REPLACEMENT CHARACTER}lines\N{REPLACEMENT CHARACTER}"),
        ("moc.elpmaxe\N{RIGHT-TO-LEFT OVERRIDE}", "moc.elpmaxe\N{REPLACEMENT CHARACTER}"),
        ("m\N{LATIN SMALL LETTER U WITH DIAERESIS}ller", "m\N{LATIN SMALL LETTER U WITH DIAERESIS}ller"),
    ],
)
def test_a_value_is_shown_as_one_line_of_text(value: object, text: str) -> None:
    assert shown(value) == text


@given(st.text())
def test_nothing_that_is_shown_moves_the_cursor(text: str) -> None:
    assert shown(text).isprintable()


def test_a_time_is_shown_without_its_year_or_without_its_date() -> None:
    assert moment("2026-03-01T12:00:09.123Z") == "03-01 12:00:09"
    assert time_of_day("2026-03-01T12:00:09.123Z") == "12:00:09"


@pytest.mark.parametrize("odd", ["soon", "x" * 30])
def test_what_is_no_time_is_shown_as_it_is(odd: str) -> None:
    assert moment(odd) == time_of_day(odd) == odd


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (0.4, "0s"),
        (59.9, "59s"),
        (60, "1m00s"),
        (754, "12m34s"),
        (3599, "59m59s"),
        (3600, "1h00m"),
        (86399, "23h59m"),
        (86400, "1d00h"),
        (1_000_000, "11d13h"),
    ],
)
def test_seconds_are_shown_in_two_units(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (None, "-"),
        (0, "0"),
        (812, "812"),
        (999, "999"),
        (1000, "1.0K"),
        (18230, "17.8K"),
        (102400, "100K"),
        (4_400_000, "4.2M"),
        (5_000_000_000, "4.7G"),
        (5_000_000_000_000, "4.5T"),
    ],
)
def test_octets_are_shown_in_three_digits(number: float | None, text: str) -> None:
    assert octets(number) == text


@given(st.integers(0, 10**15))
def test_octets_take_five_cells_at_most(number: int) -> None:
    assert len(octets(number)) <= 5


def test_a_rate_has_a_digit_after_its_point_where_that_tells_something() -> None:
    assert [rate(value) for value in (0.0, 0.25, 2.0, 9.96, 12.3)] == ["0", "0.2", "2", "10.0", "12"]


def test_one_is_not_many() -> None:
    assert [counted(number, "lock") for number in (0, 1, 2)] == ["0 locks", "1 lock", "2 locks"]


def test_a_session_without_a_user_is_nobodys_yet() -> None:
    assert whose({"user": None}) == "nobody yet"
    assert whose({"user": "fred\x07"}) == "fred\N{REPLACEMENT CHARACTER}"
