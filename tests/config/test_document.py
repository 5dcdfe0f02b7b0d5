"""A configuration changed key by key: what a change does, and that every other byte stays."""

import tomllib
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtq.config.document import Document, Unchangeable
from mtq.config.layout import Path
from mtq.config.writing import Plain
from tests.config.lived_in import LAYOUTS, LIVED_IN, documents
from tests.config.written import config

POP3, POP3S = ("services", "pop3"), ("services", "pop3s")
LAYOUT = pytest.mark.parametrize("text", LAYOUTS.values(), ids=LAYOUTS)


def after(text: str, change: Callable[[Document], object]) -> str:
    document = Document(text)
    change(document)
    return document.text


def difference(before: str, changed: str) -> tuple[list[str], list[str]]:
    """The lines that went and the lines that came; those before and after them are the same."""
    old, new = before.splitlines(keepends=True), changed.splitlines(keepends=True)
    while old and new and old[0] == new[0]:
        del old[0], new[0]
    while old and new and old[-1] == new[-1]:
        del old[-1], new[-1]
    return old, new


@LAYOUT
def test_the_lived_in_configuration_is_valid(text: str) -> None:
    assert set(config(text).services) == {"pop3", "pop3s"}


# Looking


def test_what_is_written_is_got_as_plain_data() -> None:
    document = Document(LIVED_IN)
    assert document.get((*POP3, "listen")) == "127.0.0.1:1110"
    assert document.get((*POP3, "proxy", "dialup", "up")) == ["/usr/bin/pon", "isp"]
    assert document.get((*POP3S, "proxy", "targets")) == {"pop.isp.com": {"port": 995}}
    assert document.get((*POP3, "folders")) is None
    assert document.get((*POP3, "listen", "x")) is None


# Setting


@LAYOUT
@pytest.mark.parametrize(
    ("path", "value", "old", "new"),
    [
        (
            ("server", "hostname"),
            "x",
            '  hostname = "mail.bedrock.example" # must match the certificate',
            '  hostname = "x"                    # must match the certificate',
        ),
        (
            ("server", "shutdown_grace"),
            600,
            "shutdown_grace = 10                 # seconds",
            "shutdown_grace = 600                # seconds",
        ),
        (
            ("server", "log_level"),
            "debug",
            '\tlog_level="info"\t# tabs, as barney writes them',
            '\tlog_level="debug"\t# tabs, as barney writes them',
        ),
        (
            (*POP3, "listen"),
            ["127.0.0.1:1110", "[::1]:1110"],
            'listen = "127.0.0.1:1110"           # a lone one',
            'listen = ["127.0.0.1:1110", "[::1]:1110"]  # a lone one',
        ),
        ((*POP3, "proxy", "enabled"), True, "proxy.enabled = false", "proxy.enabled = true"),
        (
            (*POP3, "proxy", "dialup", "enabled"),
            True,
            'proxy.dialup = { enabled = false, up = [ "/usr/bin/pon", "isp" ] }   # the modem',
            'proxy.dialup = { enabled = true, up = [ "/usr/bin/pon", "isp" ] }   # the modem',
        ),
        ((*POP3S, "tls"), "off", "tls = 'implicit'", 'tls = "off"'),
        (
            (*POP3S, "proxy", "targets", "pop.isp.com", "port"),
            110,
            "port = 995                          # as they say",
            "port = 110                          # as they say",
        ),
        (("mailboxes", "path"), "a\nb", "path = '''mail/{user}'''", r'path = "a\nb"'),
    ],
)
def test_setting_a_key_changes_its_line_alone(text: str, path: Path, value: Plain, old: str, new: str) -> None:
    end = "\r\n" if "\r\n" in text else "\n"
    last = f"{old}\n" not in text.replace("\r", "")      # it has no end
    changed = after(text, lambda document: document.set(path, value))
    assert difference(text, changed) == ([old + end * (not last)], [new + end * (not last)])


@LAYOUT
def test_setting_every_key_to_the_value_that_it_has_changes_nothing(text: str) -> None:
    def everything(document: Document, path: Path, table: Plain) -> None:
        for key, value in table.items():
            if isinstance(value, dict):
                everything(document, (*path, key), value)
            else:
                assert not document.set((*path, key), value)

    assert after(text, lambda document: everything(document, (), tomllib.loads(text))) == text


@pytest.mark.parametrize(("old", "new"), [("1", True), ("true", 1), ("1", 1.0), ('"1"', 1), ("[1]", [True])])
def test_a_value_of_another_type_is_another_value(old: str, new: Plain) -> None:
    document = Document(f"a = {old}\n")
    assert document.set(("a",), new)
    assert type(document.get(("a",))) is type(new)


@pytest.mark.parametrize(
    ("before", "new", "changed"),
    [
        ("[\n  1, # one\n  2, # two\n]", [2, 3], "[\n  2, # two\n  3,\n]"),
        ("[\n  1, # one\n]", [2], "[\n  2,\n]"),
        ("[1,2]", [1, 2, 3], "[1,2,3]"),
        ("[1,2]", [2, 1], "[2, 1]"),
        ("[1, # one\n2]", [], "[ # one\n]"),
    ],
)
def test_a_list_keeps_what_it_has_in_common_with_the_new_one(before: str, new: Plain, changed: str) -> None:
    assert after(f"a = {before} # a\n", lambda document: document.set(("a",), new)) == f"a = {changed} # a\n"


@pytest.mark.parametrize(
    ("before", "changed"),
    [
        ("[\n  1, # one\n  2, # two\n]", "[\n  1, # one\n  12, # two\n]"),
        ("[1,2 , 1]", "[1,12 , 1]"),
        ("[]", "[]"),
        ("2", "2"),
    ],
)
def test_items_are_changed_where_they_stand(before: str, changed: str) -> None:
    def dozen(item: Plain) -> Plain:
        return 12 if item == 2 else item

    assert after(f"a = {before} # a\n", lambda document: document.amend(("a",), dozen)) == f"a = {changed} # a\n"


ALIGNED = "[t]\na = 1       # one\nb = 1       # one, too\nlonger = 2  # two\nalone = 3 # three\n"


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        ("a", 1234567, "a = 1234567 # one"),
        ("a", 123456789, "a = 123456789  # one"),
        ("alone", 33, "alone = 33 # three"),
        ("alone", 123456789, "alone = 123456789 # three"),
    ],
)
def test_a_comment_keeps_its_column_if_there_is_room(key: str, value: int, line: str) -> None:
    document = Document(ALIGNED)
    before = document.get(("t", key))
    document.set(("t", key), value)
    assert line in document.text.splitlines()
    document.set(("t", key), before)
    assert document.text == ALIGNED


# New keys and tables


@pytest.mark.parametrize(
    ("before", "path", "changed"),
    [
        ("[t]\na = 1 # c\n\n# u\n[u]\n", ("t", "x"), "[t]\na = 1 # c\nx = 9\n\n# u\n[u]\n"),
        ("[t]\n# empty\n\n[u]\n", ("t", "x"), "[t]\nx = 9\n# empty\n\n[u]\n"),
        ("[t]\n  a = 1\n", ("t", "x y"), '[t]\n  a = 1\n  "x y" = 9\n'),
        ("[t]\na = 1", ("t", "x"), "[t]\na = 1\nx = 9"),
        ("[t]\r\na = 1\r\n", ("t", "x"), "[t]\r\na = 1\r\nx = 9\r\n"),
        ("[t]\na = 1\n[t.u]\nb = 2\n[v]\n", ("t", "x"), "[t]\na = 1\nx = 9\n[t.u]\nb = 2\n[v]\n"),
        ("[t]\nu.a = 1\n\nu.b = 2\nz = 3\n", ("t", "u", "x"), "[t]\nu.a = 1\n\nu.b = 2\nu.x = 9\nz = 3\n"),
        ("t.u.a = 1\nz = 3\n[v]\n", ("t", "u", "x"), "t.u.a = 1\nt.u.x = 9\nz = 3\n[v]\n"),
        ("t.u.a = 1\nz = 3\n[v]\n", ("t", "w", "x"), "t.u.a = 1\nt.w.x = 9\nz = 3\n[v]\n"),
        ("[t]\nu = { a = 1 }\n", ("t", "u", "x"), "[t]\nu = { a = 1, x = 9 }\n"),
        ("[t]\nu = {}\n", ("t", "u", "w", "x"), "[t]\nu = {w.x = 9}\n"),
        ("a = 1\n\n[t]\n", ("x",), "a = 1\nx = 9\n\n[t]\n"),
    ],
)
def test_a_new_key_stands_after_the_last_one_of_its_table(before: str, path: Path, changed: str) -> None:
    document = Document(before)
    assert document.set(path, 9)
    assert document.text == changed
    assert document.remove(path)
    assert document.text == before


@pytest.mark.parametrize(
    ("before", "table", "changed"),
    [
        ("", ("t",), "[t]\nx = 9\n"),
        ("[a]\n", ("t", "u v"), '[a]\n\n[t."u v"]\nx = 9\n'),
        ("[a]\nb = 1", ("t",), "[a]\nb = 1\n\n[t]\nx = 9"),
        ("[a]\r\n", ("t",), "[a]\r\n\r\n[t]\r\nx = 9\r\n"),
        ("# only\n\n# comments\n", ("t",), "# only\n\n# comments\n\n[t]\nx = 9\n"),
        ("[a]\nb = 1\n# b\n\n# end\n", ("t",), "[a]\nb = 1\n# b\n\n[t]\nx = 9\n\n# end\n"),
        ("[a]\n[a.b]\nc = 1\n\n# d\n[d]\n", ("a", "t"), "[a]\n[a.b]\nc = 1\n\n[a.t]\nx = 9\n\n# d\n[d]\n"),
        ("[a.b]\n\n[d]\n\n[a.c]\ne = 1\n\n[f]\n", ("a", "t"),
         "[a.b]\n\n[d]\n\n[a.c]\ne = 1\n\n[a.t]\nx = 9\n\n[f]\n"),
        ("[a]\nb = 1\n# d\n[d]\n", ("t",), "[a]\nb = 1\n# d\n[d]\n\n[t]\nx = 9\n"),
        ("[a]\nb = 1\n# d\n[d]\n", ("a", "t"), "[a]\nb = 1\n\n[a.t]\nx = 9\n# d\n[d]\n"),
        ("[s]\na.b = 1\nz = 2\n[s.a.c]\n[u]\n", ("s", "a", "c", "t"),
         "[s]\na.b = 1\nz = 2\n[s.a.c]\n\n[s.a.c.t]\nx = 9\n[u]\n"),
    ],
)  # fmt: skip
def test_a_new_table_stands_after_those_it_belongs_to(before: str, table: Path, changed: str) -> None:
    document = Document(before)
    assert document.set((*table, "x"), 9)
    assert document.text == changed
    assert document.remove(table)
    assert document.text == before


def test_a_table_that_was_only_the_way_to_another_gets_its_own_header() -> None:
    text = "[a.b]\nc = 1\n\n[d]\n"
    assert after(text, lambda document: document.set(("a", "x"), 9)) == "[a.b]\nc = 1\n\n[a]\nx = 9\n\n[d]\n"


# Removing


def test_a_removed_key_takes_its_line_and_leaves_the_comment_above() -> None:
    text = "[t]\n# about a\na = [ # many\n  1,\n] # lines\n# about b\nb = 2\n"
    assert after(text, lambda document: document.remove(("t", "a"))) == "[t]\n# about a\n# about b\nb = 2\n"


@pytest.mark.parametrize(
    ("before", "changed"),
    [
        ("# t\n[t]\na = 1\n# b = 2\n\n# u\n[u]\n", "# t\n\n# u\n[u]\n"),
        ("[s]\n\n[t]\na = 1\n\n# t.v\n[t.v]\nb = 1\n\n# u\n[u]\n", "[s]\n\n# u\n[u]\n"),
        ("[t]\na = 1\n\n[s]\nc = 1\n\n[t.v]\nb = 1\n", "\n[s]\nc = 1\n"),
        ("t.a = 1\nc = 1\nt.v = { b = 1 }\n\n[t.w]\n", "c = 1\n"),
        ("[s]\n\n[t]\na = 1\n# u\n[u]\n", "[s]\n# u\n[u]\n"),
        ("[s]\nc = 1\n[[t.v]]\na = 1\n[[t.v]]\na = 2\n[u]\n", "[s]\nc = 1\n[u]\n"),
        ("[s]\nc = 1\n[t]\na = 1", "[s]\nc = 1"),
    ],
)
def test_a_removed_table_takes_all_in_it_and_leaves_what_is_about_others(before: str, changed: str) -> None:
    assert after(before, lambda document: document.remove(("t",))) == changed


def test_a_table_may_be_in_another_ones_line() -> None:
    text = "s = { a = 1, t.b = 2, t.c = 3 }   # s\n"
    assert after(text, lambda document: document.remove(("s", "t"))) == "s = { a = 1 }   # s\n"


@pytest.mark.parametrize("path", [("t", "b"), ("u",), ("t", "a", "b")])
def test_what_is_not_there_cannot_be_removed(path: Path) -> None:
    document = Document("[t]\na = 1\n")
    assert not document.remove(path)
    assert document.text == "[t]\na = 1\n"


# Lists

LAN = ("server", "lan")


def test_items_are_put_at_the_end_of_a_list() -> None:
    until = datetime(2026, 12, 1, tzinfo=UTC)
    changed = after(LIVED_IN, lambda document: document.append(LAN, ["::1", {"range": "10.*", "until": until}]))
    assert difference(LIVED_IN, changed) == (
        [],
        ['  "::1",\n', "  { range = \"10.*\", until = 2026-12-01T00:00:00Z },\n"],
    )


def test_a_lone_value_becomes_a_list() -> None:
    changed = after(LIVED_IN, lambda document: document.append((*POP3, "listen"), [1111]))
    assert 'listen = ["127.0.0.1:1110", 1111]   # a lone one\n' in changed


def test_a_list_that_is_not_there_is_made() -> None:
    changed = after(LIVED_IN, lambda document: document.append((*POP3, "proxy", "allow"), ["a", "b"]))
    assert difference(LIVED_IN, changed) == ([], ['proxy.allow = ["a", "b"]\n'])


def test_nothing_appended_changes_nothing() -> None:
    assert after(LIVED_IN, lambda document: document.append(("server", "nothing"), [])) == LIVED_IN


def test_items_are_removed_by_what_they_mean() -> None:
    document = Document(LIVED_IN)
    gone = document.discard(LAN, lambda item: not isinstance(item, str) or item.startswith("127."))
    assert [item if isinstance(item, str) else item["range"] for item in gone] == ["127.0.0.0/8", "!192.168.1.66"]
    assert document.get(LAN) == ["192.168.1.*"]
    assert '  # "10.0.0.0/8",   the old office\n  "192.168.1.*",\n  # more to come\n' in document.text


@pytest.mark.parametrize("path", [("server", "user"), (*POP3, "listen"), ("server",)])
def test_from_what_is_no_list_nothing_is_removed(path: Path) -> None:
    document = Document(LIVED_IN)
    assert document.discard(path, lambda _: True) == []
    assert document.text == LIVED_IN


# What cannot be done


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda document: document.set(("t",), 1), "t: a table is changed key by key"),
        (lambda document: document.set(("t", "a"), {}), "t.a: a table is changed key by key"),
        (lambda document: document.set(("t", "a", "b"), 1), "t.a: no table, so there cannot be t.a.b"),
        (lambda document: document.append(("t", "l"), [{"x": 3}]), "t.l: written as tables in double brackets"),
        (lambda document: document.discard(("t", "l"), bool), "t.l: written as tables in double brackets"),
        (lambda document: document.set(("t", "l", "x"), 1), "t.l: no table, so there cannot be t.l.x"),
    ],
)
def test_what_cannot_be_done_changes_nothing(change: Callable[[Document], object], said: str) -> None:
    text = "[t]\na = 1\n[[t.l]]\nx = 1\n[[t.l]]\nx = 2\n"
    document = Document(text)
    with pytest.raises(Unchangeable, match=said):
        change(document)
    assert document.text == text
    assert document.get(("t",)) == {"a": 1, "l": [{"x": 1}, {"x": 2}]}


# Any layout, any changes

ITEM = {"range": "# ] new", "until": datetime(2026, 12, 1, tzinfo=UTC)}


def tables(data: Plain, path: Path = ()) -> list[Path]:
    inner = [found for key, value in data.items() if isinstance(value, dict) for found in tables(value, (*path, key))]
    return [path, *inner] if path else inner


def lists(data: Plain, path: Path = ()) -> list[Path]:
    inner = [found for key, value in data.items() if isinstance(value, dict) for found in lists(value, (*path, key))]
    return [(*path, key) for key, value in data.items() if isinstance(value, list)] + inner


@given(documents())
def test_what_is_added_to_any_list_and_removed_again_leaves_no_trace(text: str) -> None:
    document = Document(text)
    for path in lists(tomllib.loads(text)):
        document.append(path, ["new", ITEM])
        assert document.discard(path, lambda item: item in ("new", ITEM)) == ["new", ITEM]
    assert document.text == text


@given(documents())
def test_a_key_can_be_added_to_any_table_and_any_table_removed(text: str) -> None:
    for path in tables(tomllib.loads(text)):
        document = Document(text)
        assert document.set((*path, "new"), "value")
        assert document.remove(path)
        assert document.get(path) is None


Edit = tuple[Callable[[Document], object], Callable[[Document], object]]
"""A change, and what undoes it."""


def setting(path: Path, value: Plain) -> Callable[[str], Edit]:
    def edit(text: str) -> Edit:
        old = Document(text).get(path)
        if old is None:
            made = path if Document(text).get(path[:-1]) is not None else path[:-1]
            return (lambda document: document.set(path, value)), (lambda document: document.remove(made))
        return (lambda document: document.set(path, value)), (lambda document: document.set(path, old))

    return edit


def listing(path: Path, items: list[Plain]) -> Callable[[str], Edit]:
    def edit(text: str) -> Edit:
        have = Document(text).get(path)
        new = [item for item in items if item not in have]
        return (
            lambda document: document.append(path, new),
            lambda document: document.discard(path, lambda item: item in new),
        )

    return edit


_words = st.text("ab#'\"\\ é", max_size=40)
_hosts = st.sampled_from(["pop.isp.com", "pop.gmx.example", "x"])
_ranges = st.lists(st.sampled_from(["10.*", "!a", '"']) | st.just(ITEM), max_size=3, unique_by=str)
EDITS = st.one_of(
    st.builds(setting, st.just(("server", "hostname")), _words),
    st.builds(setting, st.just(("server", "shutdown_grace")), st.integers(0, 10**12)),
    st.builds(setting, st.just(("server", "user")), _words),
    st.builds(setting, st.just(("tls", "min_version")), _words),
    st.builds(setting, st.just((*POP3, "listen")), _words),
    st.builds(setting, st.just((*POP3, "proxy", "enabled")), st.booleans()),
    st.builds(setting, st.just((*POP3, "proxy", "only_allowed")), st.booleans()),
    st.builds(setting, st.just((*POP3, "proxy", "dialup", "timeout")), st.integers(0, 10**12)),
    st.builds(setting, st.just((*POP3S, "max_connections")), st.integers(0, 10**30)),
    st.builds(setting, st.sampled_from(["new", "n.w"]).map(lambda name: ("services", name, "listen")), _words),
    st.builds(setting, _hosts.map(lambda host: (*POP3S, "proxy", "targets", host, "port")), st.integers(0, 10**30)),
    st.builds(listing, st.just(LAN), _ranges),
    st.builds(listing, st.just((*POP3S, "listen")), _ranges),
    st.builds(listing, st.just((*POP3S, "firewall")), _ranges),
    st.builds(listing, st.just((*POP3S, "proxy", "allow")), _ranges),
    st.builds(listing, st.just((*POP3, "proxy", "dialup", "up")), _ranges),
)


@settings(max_examples=60)
@given(st.sampled_from(list(LAYOUTS.values())), st.lists(EDITS, max_size=12))
def test_a_day_of_edits_undone_gives_back_every_byte(text: str, day: list[Callable[[str], Edit]]) -> None:
    document = Document(text)
    undoing = []
    for plan in day:
        before = document.text
        do, undo = plan(before)
        do(document)
        undoing.append(undo)
        assert [line for line in before.splitlines() if line.lstrip().startswith("#")] == [
            line for line in document.text.splitlines() if line.lstrip().startswith("#")
        ]
    for undo in reversed(undoing):
        undo(document)
    assert document.text == text
