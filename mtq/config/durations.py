"""Durations as a person writes them: `90`, `3s`, `5m`, `24h`, `7d`."""

import re

from mtq.errors import WrongUsage

ALLOWED = "90 (seconds), 3s, 5m, 24h or 7d; at most 36500d"

LONGEST = 36500 * 86400
"""A hundred years: what is added to the present time stays a time."""

_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


def parse(text: str) -> int:
    """The seconds of a duration. Raises WrongUsage."""
    found = re.fullmatch(r"([0-9]{1,10})([smhd]?)", text)
    seconds = int(found[1]) * _SECONDS[found[2]] if found else None
    if seconds is None or seconds > LONGEST:
        raise WrongUsage(f"{text!r} is not a duration; allowed is {ALLOWED}")
    return seconds
