"""How an error about the configuration names a key, what was found there and what is allowed."""

import re
from collections.abc import Collection, Sequence


def named(path: Sequence[str | int]) -> str:
    """A key as it is named: `services.pop3.firewall[2]`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            plain = re.fullmatch(r"[A-Za-z0-9_-]+", part)
            shown = part if plain else '"' + part.encode("unicode_escape").decode() + '"'
            text += f".{shown}" if text else shown
    return text


def wrong(found: object, allowed: str) -> str:
    """What to say behind a key of a value that is not allowed."""
    return f": found {_shown(found)}; allowed is {allowed}"


def unknown(name: str, known: Collection[str]) -> str:
    """What to say behind a key that is not known."""
    return f": unknown key; {nearest(name, known)}"


def nearest(name: str, known: Collection[str]) -> str:
    """What was perhaps meant instead of a name."""
    from difflib import get_close_matches

    near = get_close_matches(name, known, 1)
    return f'did you mean "{near[0]}"?' if near else "known here: " + (", ".join(known) or "none")


def _shown(found: object) -> str:
    if isinstance(found, bool):
        return str(found).lower()
    if isinstance(found, str):
        text = '"' + found.encode("unicode_escape").decode() + '"'
    elif isinstance(found, dict):
        return "a table"
    else:
        text = _text(found)
    return text if len(text) <= 60 else text[:57] + "…"


def _text(found: object) -> str:
    try:
        return str(found)
    except ValueError:      # in base 16 a number may have more digits than Python writes in base 10
        return "a number too large to be shown"
