"""How a TOML text is laid out: its statements in their order, each with every byte of it.

The text has been accepted by tomllib before, so it is valid: what is left is to find where things begin and end.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum, auto
from typing import NamedTuple

Path = tuple[str, ...]
"""The keys that lead to a value or a table, from the outermost in."""

KeyPath = tuple[str | int, ...]
"""The same through arrays, too: within them, indexes."""

_TOKEN = re.compile(
    r'''
      """ (?: \\. | [^\\] )*? """ "{0,2}      # quotes right before the closing ones belong to the string
    | \'\'\' .*? \'\'\' '{0,2}
    | " [^"\\]* (?: \\. [^"\\]* )* "
    | ' [^']* '
    | \# [^\r\n]*
    | \r?\n
    | [ \t]+
    | [][{},=.]
    | [^][{},=.\#"'\s]+                       # a bare key, a part of a number or of a date
    ''',
    re.DOTALL | re.VERBOSE,
)

DEPTH = {"[": 1, "{": 1, "]": -1, "}": -1}
"""How a token changes the depth of brackets."""


class Kind(Enum):
    """What a statement is."""

    HEADER = auto()
    PAIR = auto()
    COMMENT = auto()
    BLANK = auto()


class Statement(NamedTuple):
    """A statement: what stands before the value, the value, and from the gap before the comment to the line's end.

    `path` is the header's or the key's own, `section` that of the header under which it stands.
    """

    kind: Kind
    section: KeyPath
    path: KeyPath
    before: str
    value: str = ""
    gap: str = ""
    comment: str = ""
    end: str = ""

    @property
    def text(self) -> str:
        """All of it, as it is written."""
        return f"{self.before}{self.value}{self.gap}{self.comment}{self.end}"

    @property
    def indent(self) -> str:
        """The space before it on its line."""
        return self.before[: len(self.before) - len(self.before.lstrip(" \t"))]

    @property
    def content(self) -> bool:
        """Whether it says something to a program, too."""
        return self.kind is Kind.PAIR or self.kind is Kind.HEADER


def tokens(text: str) -> list[str]:
    """The strings, words, comments, signs, line ends and spaces of a text."""
    return _TOKEN.findall(text)


def trivial(token: str) -> bool:
    """Whether a token means nothing to a program: space, a line end, a comment."""
    return token[0] in " \t\r\n#"


def join(statements: Iterable[Statement]) -> str:
    """The text of statements."""
    return "".join(statement.text for statement in statements)


def split(text: str) -> list[Statement]:
    """The statements of a text; `join` gives the text again."""
    found: list[Statement] = []
    section: KeyPath = ()
    arrays: dict[KeyPath, int] = {}
    for line in _lines(text):
        statement = _statement(line, section, arrays)
        section = statement.section
        found.append(statement)
    return found


def _lines(text: str) -> Iterator[list[str]]:
    """The tokens of each line; a line end within brackets or strings ends none."""
    line: list[str] = []
    depth = 0
    for piece in tokens(text):
        line.append(piece)
        depth += DEPTH.get(piece, 0)
        if depth == 0 and piece in ("\n", "\r\n"):
            yield line
            line = []
    if line:
        yield line


def _statement(line: list[str], section: KeyPath, arrays: dict[KeyPath, int]) -> Statement:
    first = next((token for token in line if token[0] not in " \t"), "\n")
    if first[0] in "\r\n":
        return Statement(Kind.BLANK, section, (), "".join(line))
    if first[0] == "#":
        return Statement(Kind.COMMENT, section, (), "".join(line))
    end = line.pop() if line[-1][0] in "\r\n" else ""
    comment = line.pop() if line[-1][0] == "#" else ""
    gap = line.pop() if line[-1][0] in " \t" else ""
    if first == "[":
        path = _header(line, arrays)
        return Statement(Kind.HEADER, path, path, "".join(line), "", gap, comment, end)
    equals = line.index("=")
    path = section + keys(line[:equals])
    start = equals + (2 if line[equals + 1][0] in " \t" else 1)
    return Statement(Kind.PAIR, section, path, "".join(line[:start]), "".join(line[start:]), gap, comment, end)


def _header(line: list[str], arrays: dict[KeyPath, int]) -> KeyPath:
    """The path that a header names: each array of tables in it means its last element."""
    key = keys(line)
    of_array = line.count("[") == 2
    path: KeyPath = ()
    for depth, part in enumerate(key, 1):
        path += (part,)
        if depth == len(key) and of_array:
            arrays[path] = arrays.get(path, -1) + 1
        if path in arrays:
            path += (arrays[path],)
    return path


def keys(line: Sequence[str]) -> tuple[str, ...]:
    """The parts of a dotted key from its tokens."""
    return tuple(_unquoted(token) for token in line if token[0] not in " \t[].")


def _unquoted(token: str) -> str:
    if token[0] == "'":
        return token[1:-1]
    if token[0] != '"':
        return token
    meant = tomllib.loads(f"key = {token}")["key"]
    assert isinstance(meant, str)
    return meant
