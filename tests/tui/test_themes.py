"""Which theme suits which terminal."""

import pytest

from mtq.tui.themes import suited


@pytest.mark.parametrize(
    ("no_color", "colors", "theme"),
    [
        (False, "truecolor", "textual-dark"),
        (False, "256", "textual-dark"),
        (False, "standard", "ansi-dark"),
        (False, None, "plain"),
        (True, "truecolor", "plain"),
        (True, "standard", "plain"),
    ],
)
def test_a_theme_asks_for_no_more_colours_than_there_are(no_color: bool, colors: str | None, theme: str) -> None:
    assert suited(no_color, colors) == theme
