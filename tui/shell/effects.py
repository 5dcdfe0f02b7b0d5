"""What a command line does to the house: whether it only looks, changes or harms, and whether it is run here."""

from collections.abc import Mapping, Sequence

LOOKS = frozenset(
    {
        ("status",),
        ("log",),
        ("completion",),
        ("service", "list"),
        ("service", "show"),
        ("firewall", "list"),
        ("firewall", "test"),
        ("session", "list"),
        ("lock", "list"),
        ("lock", "show"),
        ("penalty", "list"),
        ("proxy", "test"),
        ("proxy", "failures"),
        ("proxy", "status"),
        ("proxy", "allow", "list"),
        ("user", "list"),
        ("user", "check"),
        ("mailbox", "list"),
        ("mailbox", "status"),
        ("cert", "show"),
        ("cert", "check"),
        ("config", "show"),
        ("config", "check"),
        ("config", "path"),
        ("config", "get"),
    }
)
"""Commands that change nothing. Whatever is not here is taken for one that does."""

HARMS = frozenset(
    {
        ("stop",),
        ("service", "stop"),
        ("service", "restart"),
        ("service", "disable"),
        ("service", "remove"),
        ("session", "kick"),
        ("lock", "release"),
        ("firewall", "remove"),
        ("firewall", "mode"),
        ("proxy", "allow", "remove"),
        ("user", "remove"),
    }
)
"""Commands that take something from somebody: they are asked about before."""

SHOWN_ELSEWHERE: Mapping[tuple[str, ...], str] = {
    ("serve",): "a server is started in a terminal of its own",
    ("tui",): "this is the dashboard",
    ("mailbox", "deliver"): "there is no message here that it could read",
}
"""Commands that do not end, or need a terminal or an input to themselves."""


def words_of(arguments: Sequence[str]) -> tuple[str, ...]:
    """The command and its arguments, without options before them."""
    rest = iter(arguments)
    found = []
    for argument in rest:
        if argument == "--config":
            next(rest, None)
        elif not argument.startswith("-"):
            found.append(argument)
    return tuple(found)


def only_looks(arguments: Sequence[str]) -> bool:
    """Whether it changes nothing: by what it is, or because it only says what it would do or how it is called."""
    return not words_of(arguments) or _is_harmless(arguments) or _is_one_of(arguments, LOOKS)


def harms(arguments: Sequence[str]) -> bool:
    """Whether to ask before."""
    return not _is_harmless(arguments) and _is_one_of(arguments, HARMS)


def unsuited(arguments: Sequence[str]) -> str:
    """Why it is not run here; empty: it is."""
    words = words_of(arguments)
    if "--help" in arguments:
        return ""
    if words[:1] == ("log",) and any(_follows(argument) for argument in arguments[1:]):
        return "the log is followed in its view: Esc, then 7"
    return SHOWN_ELSEWHERE.get(words[:1]) or SHOWN_ELSEWHERE.get(words[:2], "")


def _is_harmless(arguments: Sequence[str]) -> bool:
    return "--help" in arguments or "--dry-run" in arguments or "--version" in arguments[:1]


def _is_one_of(arguments: Sequence[str], commands: frozenset[tuple[str, ...]]) -> bool:
    words = words_of(arguments)
    return any(words[: len(command)] == command for command in commands)


def _follows(argument: str) -> bool:
    return argument == "--follow" or (argument.startswith("-") and not argument.startswith("--") and "f" in argument)
