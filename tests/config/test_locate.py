"""The line in which a key of a TOML text stands."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtq.config.layout import KeyPath
from mtq.config.locate import line_of


def line(text: str, *path: str | int) -> str:
    """The line of a key, as it is written. The text has to be TOML."""
    tomllib.loads(text)
    return text.split("\n")[line_of(text, path) - 1].strip()


def test_a_key_of_a_table() -> None:
    assert line("[a]\nx = 1\n[b]\nx = 2\ny = 3\n", "b", "x") == "x = 2"


def test_a_key_before_every_table() -> None:
    assert line("# x = 0\n\nx = 1\n[a]\nx = 2\n", "x") == "x = 1"


def test_a_table_is_where_its_header_is() -> None:
    assert line("[a]\n\n[ a . b ] # here\nx = 1\n", "a", "b") == "[ a . b ] # here"


def test_a_table_that_is_written_down_nowhere_is_where_it_first_appears() -> None:
    assert line("y = 1\na.b.c = 1\na.b.d = 2\n", "a", "b") == "a.b.c = 1"


def test_what_is_not_there_is_in_the_innermost_table_around_it() -> None:
    assert line("[a]\n[a.b]\nx = 1\n", "a", "b", "y", "z") == "[a.b]"


def test_what_is_nowhere_is_in_the_first_line() -> None:
    assert line_of("\n\n[a]\n", ("b",)) == 1


def test_dotted_keys() -> None:
    assert line("a.b.x = 1\n a . b . y = 2\n", "a", "b", "y") == "a . b . y = 2"


def test_one_key_in_two_tables() -> None:
    text = "[services.a]\ntls = 'off'\n[services.b]\ntls = 'off'\n[services.b.proxy]\ntls = 'auto'\n"
    assert line_of(text, ("services", "b", "tls")) == 4
    assert line_of(text, ("services", "b", "proxy", "tls")) == 6


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ('"pop.isp.com"', "pop.isp.com"),
        ("'pop.isp.com'", "pop.isp.com"),
        (r'"a\"b"', 'a"b'),
        (r'"a\\"', "a\\"),
        (r"'a\'", "a\\"),
        (r'"\u00e9\t\U0001F4EC"', "é\t\N{OPEN MAILBOX WITH RAISED FLAG}"),
        ('"# = ] ."', "# = ] ."),
        ('""', ""),
        ("1995", "1995"),
        ("-_-", "-_-"),
    ],
)
def test_quoted_and_bare_keys(written: str, meant: str) -> None:
    text = f"before = 1\n{written} = 2\n[t.{written}.u]\nx = 3\n"
    assert line_of(text, (meant,)) == 2
    assert line_of(text, ("t", meant, "u", "x")) == 4


def test_keys_of_inline_tables() -> None:
    text = "a = { x = 1, b.y = { z = '}' } }\nc = { x = 2 }\n"
    assert [line_of(text, path) for path in (("a", "b", "y", "z"), ("c", "x"))] == [1, 2]


ARRAY = """
list = [ 'a', # ] 'no' ,
  'b' , # "

  # [
  { range = 'c]',
  }, [ 'd', "e" ],
  '''
f''', 7 ]
after = 1
""".replace(",\n  }", " }")


@pytest.mark.parametrize(("item", "number"), [(0, 2), (1, 3), (2, 6), (3, 6), (4, 7), (5, 8)])
def test_items_of_an_array_over_lines(item: int, number: int) -> None:
    assert line_of(ARRAY, ("list", item)) == number


def test_items_within_items() -> None:
    assert line(ARRAY, "list", 3, 1) == line(ARRAY, "list", 2, "range") == "{ range = 'c]' }, [ 'd', \"e\" ],"


def test_a_key_after_an_array() -> None:
    assert line(ARRAY, "after") == "after = 1"


@pytest.mark.parametrize(
    "value",
    [
        '"# not a comment"',
        "'[x]'",
        '"a = 1"',
        r'"\""',
        r'"\\"',
        r"'\'",
        '""',
        "''",
        '""""""',
        "''''''",
        '"""x = 1\n[t]\nx = 2"""',
        "'''x = 1\n[t]\nx = 2'''",
        '"""two quotes at the end"""""',
        "'''it's'''''",
        '"""\\""" \\\\"""',
        '"""\n# \\\n  no"""',
        "2026-12-01 00:00:00Z",
        "1e3 # ] }",
        "[[], [{}], {}]",
        "{ x = '}', \"}\" = [ '}' ] }",
    ],
)
def test_values_are_skipped_whatever_is_in_them(value: str) -> None:
    assert line(f"[t]\nv = {value}\nx = 'here'\n", "t", "x") == "x = 'here'"


def test_lines_that_end_in_crlf() -> None:
    text = '[a]\r\n# x\r\nl = [ 1,\r\n  2 ]\r\ns = """\r\n"""\r\nx = 1\r\n'
    assert line(text, "a", "l", 1) == "2 ]"
    assert line(text, "a", "x") == "x = 1"


ARRAY_OF_TABLES = """
[[a]]
x = 1
[[a.b]]
x = 2
[[a.b]]
x = 3
[[a]]
[a.c]
x = 4
[[a.b]]
x = 5
"""


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (("a", 0, "x"), "x = 1"),
        (("a", 0, "b", 1, "x"), "x = 3"),
        (("a", 1, "c", "x"), "x = 4"),
        (("a", 1, "b", 0, "x"), "x = 5"),
    ],
)
def test_arrays_of_tables(path: KeyPath, found: str) -> None:
    assert line(ARRAY_OF_TABLES, *path) == found


def test_the_last_line_needs_no_end() -> None:
    assert line("[a]\nx = 1 # end", "a", "x") == "x = 1 # end"


# Any text: a tree of tables is written in every way that TOML has, then each value is looked for.

Tree = dict[str, "Tree | list[str] | str"]

NOISE = ["", "# x = 1", "  # [t] ' \" ''' \"\"\"", "\t"]
BARE = re.compile(r"[A-Za-z0-9_-]+")


@dataclass
class Writer:
    """Writes a tree. Each value holds a word of its own, by which its line is known."""

    draw: st.DataObject
    lines: list[str] = field(default_factory=list)

    def table(self, tree: Tree, path: tuple[str, ...] = ()) -> None:
        """A table whose header has been written: first its pairs, then the tables with headers of their own."""
        apart = []
        for name, value in tree.items():
            if isinstance(value, dict) and self._one_of("apart", "here") == "apart":
                apart.append((name, value))
            else:
                self._pair((name,), value)
        for name, value in apart:
            inner = (*path, name)
            self._line(f"[{'.'.join(self._key(part) for part in inner)}]")
            self.table(value, inner)

    def _pair(self, path: tuple[str, ...], value: "Tree | list[str] | str") -> None:
        if isinstance(value, dict) and value and self._one_of("dotted", "inline") == "dotted":
            for name, inner in value.items():
                self._pair((*path, name), inner)
        else:
            self._line(f"{' . '.join(self._key(part) for part in path)} = {self._value(value)}")

    def _value(self, value: "Tree | list[str] | str", inline: bool = False) -> str:
        if isinstance(value, dict):
            pairs = (f"{self._key(name)} = {self._value(inner, inline=True)}" for name, inner in value.items())
            return "{ " + ", ".join(pairs) + " }"
        if isinstance(value, list):
            between = ", " if inline else self._one_of(", ", ",\n", " # ]\n,", "\n\n  ,")
            return f"[{between.join(self._value(item) for item in value)}]"
        one_line = f"'{value} # ['", f'"{value} \\" ="'
        return self._one_of(*one_line, f"'''{value}\n[t]\n'''", f'"""{value}\n\\""" x = 1"""')

    def _key(self, name: str) -> str:
        if BARE.fullmatch(name) and self._one_of("bare", "quoted") == "bare":
            return name
        if "'" not in name and name.isprintable():
            return f"'{name}'"
        return '"' + "".join(c if c.isalnum() else f"\\U{ord(c):08x}" for c in name) + '"'

    def _line(self, text: str) -> None:
        self.lines += [self._one_of(*NOISE), text]

    def _one_of(self, *ways: str) -> str:
        return self.draw.draw(st.sampled_from(ways))


def trees() -> st.SearchStrategy[Tree]:
    """Trees whose leaves are empty; `marked` puts the words in."""
    names = st.one_of(st.sampled_from(["a", "b", "a.b", "#", "]"]), st.text(st.characters(codec="utf-8"), max_size=4))
    leaves = st.just("") | st.lists(st.just(""), max_size=3)
    within = st.recursive(leaves, lambda inner: st.dictionaries(names, inner, max_size=3), max_leaves=8)
    return st.dictionaries(names, within, max_size=4)


def marked(tree: Tree, path: KeyPath, words: dict[KeyPath, str]) -> Tree:
    """The tree with a word of its own in every leaf; which is where goes into `words`."""

    def word(path: KeyPath) -> str:
        return words.setdefault(path, f"word{len(words)}.")

    return {
        name: marked(value, (*path, name), words)
        if isinstance(value, dict)
        else [word((*path, name, index)) for index in range(len(value))]
        if isinstance(value, list)
        else word((*path, name))
        for name, value in tree.items()
    }


def leaves(found: object, path: KeyPath = ()) -> Iterator[KeyPath]:
    """The paths of all strings."""
    if isinstance(found, dict):
        for name, value in found.items():
            yield from leaves(value, (*path, name))
    elif isinstance(found, list):
        for index, value in enumerate(found):
            yield from leaves(value, (*path, index))
    else:
        yield path


@given(st.data(), trees())
def test_every_value_of_any_text_is_found_in_its_line(data: st.DataObject, tree: Tree) -> None:
    words: dict[KeyPath, str] = {}
    writer = Writer(data)
    writer.table(marked(tree, (), words))
    text = "\n".join(writer.lines)
    assert set(leaves(tomllib.loads(text))) == set(words)
    for path, word in words.items():
        assert word in text.split("\n")[line_of(text, path) - 1]
