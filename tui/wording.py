"""What the server tells, as short harmless text. Names, addresses and lines of the log come from the network."""

from collections.abc import Mapping

ABSENT = "-"


def shown(value: object) -> str:
    """Text of one line in which nothing moves the cursor, turns the writing round or forges another line."""
    if value is None or value == "":
        return ABSENT
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(shown, value)) or ABSENT
    return harmless(str(value))


def harmless(text: str) -> str:
    """The same text, what cannot be printed replaced."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def moment(value: object) -> str:
    """A time that came as ISO 8601: month, day and time, in UTC as everywhere."""
    text = shown(value)
    return f"{text[5:10]} {text[11:19]}" if len(text) >= 19 and text[10] == "T" else text


def time_of_day(value: object) -> str:
    """The same without its date."""
    text = shown(value)
    return text[11:19] if len(text) >= 19 and text[10] == "T" else text


def duration(value: object) -> str:
    """Seconds: `5s`, `12m34s`, `3h02m`, `4d11h`."""
    if not isinstance(value, int | float):
        return ABSENT
    seconds = int(value)
    if seconds < 60:
        return f"{seconds}s"
    if seconds < 3600:
        return f"{seconds // 60}m{seconds % 60:02}s"
    if seconds < 86400:
        return f"{seconds // 3600}h{seconds // 60 % 60:02}m"
    return f"{seconds // 86400}d{seconds // 3600 % 24:02}h"


def octets(value: object) -> str:
    """Octets: `812`, `17.8K`, `4.2M`."""
    if not isinstance(value, int | float):
        return ABSENT
    size, units = float(value), iter(("", "K", "M", "G", "T"))
    unit = next(units)
    while size >= 999.5 and unit != "T":
        size, unit = size / 1024, next(units)
    return f"{size:.0f}{unit}" if unit == "" or size >= 99.5 else f"{size:.1f}{unit}"


def rate(value: float) -> str:
    """So often a second."""
    return f"{value:.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"


def whose(row: Mapping[str, object]) -> str:
    """Whose a session or a lock is, for a question or an outcome."""
    user = row.get("user")
    return "nobody yet" if user in (None, "") else shown(user)


def counted(number: int, what: str) -> str:
    """So many of something: `1 lock`, `2 locks`."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
