"""Durations: what may be written, and what it means."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtq.config import durations
from mtq.errors import Exit, WrongUsage


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("90", 90),
        ("3s", 3),
        ("5m", 300),
        ("24h", 86400),
        ("7d", 604800),
        ("007d", 604800),
        ("36500d", 36500 * 86400),
    ],
)
def test_a_duration_is_a_number_with_or_without_its_unit(text: str, seconds: int) -> None:
    assert durations.parse(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["", "h", "24 h", " 24h", "24h\n", "-1h", "+1h", "1.5h", "1e3", "24H", "2w", "24hours", "1h30m", "0x10", "٣h"],
)
def test_anything_else_is_wrong_usage(text: str) -> None:
    with pytest.raises(WrongUsage) as caught:
        durations.parse(text)
    assert caught.value.exit is Exit.USAGE
    assert str(caught.value) == f"{text!r} is not a duration; allowed is {durations.ALLOWED}"


@pytest.mark.parametrize("text", ["36501d", "9999999999d", "9" * 11, "9" * 5000 + "s"])
def test_more_than_a_hundred_years_is_wrong_usage(text: str) -> None:
    with pytest.raises(WrongUsage):
        durations.parse(text)


@given(st.text())
def test_whatever_is_written_it_is_seconds_or_wrong_usage(text: str) -> None:
    with suppress(WrongUsage):
        assert 0 <= durations.parse(text) <= durations.LONGEST
