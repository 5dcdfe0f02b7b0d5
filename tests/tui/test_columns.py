"""What columns say of a row, in which order rows stand, which of them are found, what fits."""

from hypothesis import given
from hypothesis import strategies as st

from mtq.tui.columns import GAP, Column, Placed, has_words, matching, ordered, placed

NAME = Column("name", "name", rank=9)


def names(rows: object) -> list[object]:
    """The names in rows."""
    assert isinstance(rows, list | tuple)
    return [row.get("name") for row in rows]


def rows(*names: object) -> list[dict[str, object]]:
    """Rows with these names."""
    return [{"name": name} for name in names]


def test_numbers_are_in_order_as_numbers_even_where_they_are_text() -> None:
    assert names(ordered(rows("10", "9", 100, 2.5), NAME, reverse=False)) == [2.5, "9", "10", 100]


def test_text_is_in_order_whatever_its_case() -> None:
    assert names(ordered(rows("wilma", "Fred", "barney"), NAME, reverse=False)) == ["barney", "Fred", "wilma"]


def test_what_is_absent_stands_last_either_way() -> None:
    found = rows(None, "b", "", "a")
    assert names(ordered(found, NAME, reverse=False)) == ["a", "b", None, ""]
    assert names(ordered(found, NAME, reverse=True)) == ["b", "a", None, ""]


def test_rows_of_the_same_value_stay_as_they_came() -> None:
    found = [{"name": "x", "at": at} for at in range(5)]
    assert ordered(found, NAME, reverse=False) == found


def test_without_a_column_rows_stay_as_they_came() -> None:
    assert names(ordered(rows("b", "a"), None, reverse=False)) == ["b", "a"]


def test_a_row_is_found_that_has_all_words_in_whichever_column_and_case() -> None:
    columns = [NAME, Column("address", "address")]
    found = [{"name": "Fred", "address": "192.0.2.7"}, {"name": "fred", "address": "10.0.0.1"}]
    assert matching(found, columns, "FRED 192") == found[:1]


def test_a_word_with_an_exclamation_mark_is_not_to_be_there() -> None:
    assert names(matching(rows("fred", "wilma"), [NAME], "!fr")) == ["wilma"]
    assert names(matching(rows("fred!", "wilma"), [NAME], "!")) == ["fred!"]


def test_rows_are_found_by_what_is_shown_of_them() -> None:
    column = Column("idle", "idle", say=lambda value: f"{value}s")
    assert matching([{"idle": 5}, {"idle": 7}], [column], "5s") == [{"idle": 5}]


def test_no_words_are_in_everything() -> None:
    assert has_words("", "  ")


# What fits


def widths(found: list[Placed]) -> dict[str, int]:
    """The width of each column that is shown."""
    return {place.column.key: place.width for place in found}


def test_a_column_is_as_wide_as_its_content_and_its_title_need() -> None:
    columns = [Column("a", "a", least=1), Column("b", "a long title", least=1)]
    assert widths(placed(columns, [7, 3], 80)) == {"a": 7, "b": 13}


def test_a_column_that_grows_takes_what_is_left() -> None:
    columns = [Column("a", "a", least=1), Column("b", "b", least=1, grows=True)]
    assert widths(placed(columns, [5, 5], 40)) == {"a": 5, "b": 33}


def test_the_widest_column_is_cut_first() -> None:
    columns = [Column("a", "a"), Column("b", "b")]
    assert widths(placed(columns, [10, 20], 24)) == {"a": 10, "b": 12}


def test_no_column_is_cut_below_its_least_width_as_long_as_another_can_go() -> None:
    columns = [Column("a", "a", rank=9, least=10), Column("b", "b", rank=5, least=10)]
    assert widths(placed(columns, [10, 10], 15)) == {"a": 10}


def test_dispensable_columns_go_before_others_are_cut() -> None:
    columns = [Column("a", "a", rank=9), Column("b", "b", rank=1), Column("c", "c", rank=3)]
    assert widths(placed(columns, [12, 12, 12], 26)) == {"a": 12, "c": 12}


def test_an_optional_column_is_there_while_there_is_something_in_it() -> None:
    columns = [Column("a", "a"), Column("error", "error", optional=True)]
    assert widths(placed(columns, [5, 1], 80)) == {"a": 5}
    assert widths(placed(columns, [5, 12], 80)) == {"a": 5, "error": 12}


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 60), st.integers(1, 20)), min_size=1, max_size=12))
def test_what_is_shown_has_room(given: list[tuple[int, int, int]]) -> None:
    columns = [Column(str(at), "x" * 3, rank=rank, least=least) for at, (rank, _, least) in enumerate(given)]
    found = placed(columns, [content for _, content, _ in given], 80)
    assert found
    assert sum(place.width for place in found) + GAP * (len(found) - 1) <= 80
