"""Keys of inline tables."""

import pytest

from mtq.config.inline import changed, without


@pytest.mark.parametrize(
    ("path", "after"),
    [
        (("a",), "{ a = 9, b.c = [2],d={e=3} }"),
        (("b", "c"), "{ a = 1, b.c = 9,d={e=3} }"),
        (("d", "e"), "{ a = 1, b.c = [2],d={e=9} }"),
        (("d", "f"), "{ a = 1, b.c = [2],d={e=3, f = 9} }"),
        (("b", "x y"), '{ a = 1, b.c = [2],d={e=3},b."x y" = 9 }'),
        (("z",), "{ a = 1, b.c = [2],d={e=3},z = 9 }"),
        ((), "9"),
    ],
)
def test_a_key_is_changed_where_it_is_written(path: tuple[str, ...], after: str) -> None:
    assert changed("{ a = 1, b.c = [2],d={e=3} }", path, lambda _: "9") == after


def test_the_change_is_given_what_is_written() -> None:
    assert changed("{ a = 'x' }", ("a",), lambda old: f"[{old}]") == "{ a = ['x'] }"
    assert changed("{ a = 'x' }", ("b",), lambda old: str(old)) == "{ a = 'x', b = None }"


@pytest.mark.parametrize(
    ("path", "after"),
    [
        (("a",), "{ b.c = 1, b.d = 2, e = { f = 3, g = 4 } }"),
        (("b", "c"), "{ a = 0, b.d = 2, e = { f = 3, g = 4 } }"),
        (("b",), "{ a = 0, e = { f = 3, g = 4 } }"),
        (("e", "g"), "{ a = 0, b.c = 1, b.d = 2, e = { f = 3 } }"),
        (("e",), "{ a = 0, b.c = 1, b.d = 2 }"),
    ],
)
def test_a_key_or_a_table_is_removed(path: tuple[str, ...], after: str) -> None:
    assert without("{ a = 0, b.c = 1, b.d = 2, e = { f = 3, g = 4 } }", path) == after
