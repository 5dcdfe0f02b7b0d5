"""Keys and values as TOML writes them."""

import math
import tomllib
from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtq.config.writing import Plain, alike, dotted, written

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
SCALARS = st.one_of(
    TEXT,
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.datetimes(timezones=st.just(UTC) | st.none()),
    st.dates(),
    st.times(),
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3))


def test_lists_and_tables_are_written_on_one_line() -> None:
    until = datetime(2026, 12, 1, tzinfo=UTC)
    assert written(["10.*", {"range": "!a", "until": until, "comment": 'a "b"'}, {}, []]) == (
        r'["10.*", { range = "!a", until = 2026-12-01T00:00:00Z, comment = "a \"b\"" }, {}, []]'
    )


def test_a_key_is_quoted_where_it_has_to_be() -> None:
    assert dotted(("services", "a-b_1", "pop.isp.com", "", 'x"y', "é")) == (
        'services.a-b_1."pop.isp.com"."".' + r'"x\"y"."é"'
    )


@given(VALUES)
def test_what_is_written_is_read_again_as_it_was(value: Plain) -> None:
    assert alike(tomllib.loads(f"x = {written(value)}")["x"], value)


@given(TEXT)
def test_any_key_is_read_again_as_it_was(key: str) -> None:
    assert tomllib.loads(f"{dotted((key, 'x'))} = 1") == {key: {"x": 1}}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, True),
        (1, 1.0),
        (0.0, -0.0),
        ("1", 1),
        ([1], [True]),
        ([1], [1, 2]),
        ({"a": 1}, {"a": True}),
        ({"a": 1}, {"b": 1}),
        ({}, None),
        ([], None),
        (date(2026, 12, 1), datetime(2026, 12, 1)),
        (datetime(2026, 12, 1, tzinfo=UTC), datetime(2026, 12, 1, 1, tzinfo=timezone(timedelta(hours=1)))),
        (time(1), time(2)),
    ],
)
def test_what_toml_tells_apart_is_not_alike(one: Plain, other: Plain) -> None:
    assert not alike(one, other)


def test_what_is_no_number_is_like_itself() -> None:
    assert alike([math.nan], [math.nan])
