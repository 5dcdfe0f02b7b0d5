"""Which theme suits a terminal."""

from textual.theme import Theme

PLAIN = Theme(
    name="plain",
    ansi=True,
    primary="ansi_default",
    secondary="ansi_default",
    warning="ansi_default",
    error="ansi_default",
    success="ansi_default",
    accent="ansi_default",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    variables={
        "ansi-background": "ansi_default",
        "ansi-foreground": "ansi_default",
        "block-cursor-background": "ansi_default",
        "block-cursor-text-style": "reverse",
        "block-cursor-blurred-text-style": "underline",
    },
)
"""No colour at all: what matters is told by bold, reversed and by words."""


def suited(no_color: bool, color_system: str | None) -> str:
    """The theme for a terminal with so many colours; `no_color` is the wish of its user (https://no-color.org)."""
    if no_color or color_system is None:
        return PLAIN.name
    return "ansi-dark" if color_system == "standard" else "textual-dark"
