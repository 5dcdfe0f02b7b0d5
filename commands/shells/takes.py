"""What a parameter takes, said by its word.

The word of a parameter is its metavar; of one without, its own name in capitals. So these complete users:

    user: str
    name: Annotated[str, typer.Argument(metavar="USER")]
    whose: Annotated[str, typer.Option("--user", metavar="USER")]

and `name: str`, the name of something new, completes nothing. Brackets and dots around a word do not count. A new
word belongs into `TAKES`: a test names the commands that use one which is not there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from mtq.access.rules import Mode
from mtq.config.kinds import POP3_PORTS
from mtq.users import schemes


class Source(Enum):
    """Where the values come from that are not written into the scripts."""

    NOWHERE = "nowhere"         # anything may stand there
    FILES = "files"
    SERVICES = "services"       # asked from mtq at completion time
    USERS = "users"             # likewise
    SETTING = "setting"         # KEY=VALUE, a key of a service's table
    KEY = "key"                 # a key of the configuration
    VALUE = "value"             # a value of the key before
    PAIRS = "pairs"             # a key and its value in turn, from the first argument on


@dataclass(frozen=True)
class Choices:
    """A few words, which stand in the scripts."""

    words: tuple[str, ...]


Takes = Source | Choices

NOTHING_KNOWN = (
    "ADDRESS", "COMMENT", "COUNT", "DAYS", "DURATION", "HOST", "ID", "LINES", "NAME", "NUMBER", "RANGE", "SECONDS",
    "SERVER", "SERVER[:PORT]", "TARGET", "TEXT", "UIDL_FORMAT",
)

TAKES: Mapping[str, Takes] = {
    **dict.fromkeys(NOTHING_KNOWN, Source.NOWHERE),
    "SERVICE": Source.SERVICES,
    "USER": Source.USERS,
    "MAILBOX": Source.USERS,            # a mailbox goes by the name of its user
    "PATH": Source.FILES,
    "FILE": Source.FILES,
    "FOLDER": Source.FILES,
    "DIR": Source.FILES,
    "KEY=VALUE": Source.SETTING,
    "KEY": Source.KEY,
    "VALUE": Source.VALUE,
    "KEY VALUE [KEY VALUE]": Source.PAIRS,
    "MODE": Choices(tuple(mode.value for mode in Mode)),
    "SCHEME": Choices(tuple(schemes.SCHEMES)),
    "ORIGIN": Choices(("dovecot", "courier")),
    "WHERE": Choices(tuple(POP3_PORTS)),
}
"""What each word stands for."""
