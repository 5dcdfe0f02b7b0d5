"""KEY and VALUE as they are typed on a command line."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtq.config.assignment import key, pair, value
from mtq.config.document import Document
from mtq.config.kinds import Choice, Kind, ListenKind, Several, Switch, Template, Text, Unfit, Whole
from mtq.config.layout import Path
from mtq.config.model import Delimiter, EntryKind, Mechanisms, PathKind, TlsVersion
from mtq.config.writing import Plain, alike, dotted
from mtq.errors import WrongUsage

LISTEN = Several(ListenKind(), lone=True, least=1)
VERSION = Choice(TlsVersion)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("server", ("server",)),
        ("services.pop3.listen", ("services", "pop3", "listen")),
        ('services.pop3.proxy.targets."pop.isp.com"', ("services", "pop3", "proxy", "targets", "pop.isp.com")),
        (" a . 'b.c' ", ("a", "b.c")),
        (r'"\u0041\"."', ('A".',)),
        ("1.2-3_4", ("1", "2-3_4")),
    ],
)  # fmt: skip
def test_a_key_is_written_as_in_toml(text: str, path: Path) -> None:
    assert key(text) == path


NO_KEYS = ["", ".", "a.", ".a", "a..b", "a b", "a\nb", "é", '"a', "'a", '"\\x"', '"\n"', "a=1", "a = 1 #", "[a]\nb"]


@pytest.mark.parametrize("text", [*NO_KEYS, '"\udce9"'])
def test_no_key(text: str) -> None:
    with pytest.raises(WrongUsage, match="is no key"):
        key(text)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1))
def test_any_key_that_can_be_written_can_be_typed(path: list[str]) -> None:
    assert key(dotted(path)) == tuple(path)


@pytest.mark.parametrize(
    ("text", "path", "rest"),
    [
        ("listen=995", ("listen",), "995"),
        ("listen=", ("listen",), ""),
        ('proxy.targets."a=b".port=1=2', ("proxy", "targets", "a=b", "port"), "1=2"),
        ("a = b", ("a",), " b"),
    ],
)
def test_a_key_and_a_value_with_an_equals_sign_between(text: str, path: Path, rest: str) -> None:
    assert pair(text) == (path, rest)


@pytest.mark.parametrize("text", ["", "listen", "=1", "a b=1", ".=1", "a\n=1", '"\\x"=1'])
def test_no_key_and_value(text: str) -> None:
    with pytest.raises(WrongUsage, match="is not KEY=VALUE"):
        pair(text)


@pytest.mark.parametrize(
    ("text", "kind", "meant"),
    [
        ("true", Switch(), True),
        ("10", Whole(1, 99), 10),
        ("0x0a", Whole(1, 99), 10),
        ("1110", LISTEN, 1110),
        ('"1110"', LISTEN, "1110"),
        ("pop3", LISTEN, "pop3"),
        ("127.0.0.1:1110", LISTEN, "127.0.0.1:1110"),
        ("[::1]:1110", LISTEN, "[::1]:1110"),
        ('[1110, "[::1]:1110"]', LISTEN, [1110, "[::1]:1110"]),
        ('[ # two\n 1110,\n 1111,\n]', LISTEN, [1110, 1111]),
        ("pop.isp.com", Text(), "pop.isp.com"),
        ('"pop.isp.com"', Text(), "pop.isp.com"),
        ("", Text(empty=True), ""),
        ("auto", Mechanisms(), "auto"),
        ("#", Delimiter(), "#"),
        ('"', Delimiter(), '"'),
        ("mail/{user}", Template(("user",)), "mail/{user}"),
        ('{ range = "10.*", until = 2026-12-01T00:00:00Z }', EntryKind(),
         {"range": "10.*", "until": datetime(2026, 12, 1, tzinfo=UTC)}),
    ],
)  # fmt: skip
def test_a_value_is_toml_if_it_parses_and_a_string_else(text: str, kind: Kind[object], meant: Plain) -> None:
    assert alike(value(("x",), text, kind), meant)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("1.2", VERSION),
        ("123", Text()),
        ("true", Text()),
        ("2026-12-01", Text()),
        ("[a]", Text()),
        ("['a']", Text()),
        ("9" * 5000, Text()),
        ("[" * 5000, Text()),
        ("110", PathKind()),
    ],
)
def test_what_is_another_thing_to_toml_is_a_string_where_one_is_wanted(text: str, kind: Kind[object]) -> None:
    assert value(("x",), text, kind) == text


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ("1000", Whole(1, 999), "x: found 1000; allowed is a whole number from 1 to 999"),
        ("yes", Switch(), 'x: found "yes"; allowed is true or false'),
        ("1.5", VERSION, 'x: found 1.5; allowed is one of "1.0", "1.1", "1.2", "1.3"'),
        ("[1110, 0]", LISTEN, "x[1]: found 0; allowed is "),
        ("pop.isp.com:995", LISTEN, 'x: found "pop.isp.com:995"; allowed is '),
        ("1110 # x", LISTEN, 'x: found "1110 # x"; allowed is '),
        ("1110, 1111", LISTEN, 'x: found "1110, 1111"; allowed is '),
        ("1110,", LISTEN, 'x: found "1110,"; allowed is '),
        ('"a"\ny = 1', Text(), r'x: found ""a"\ny = 1"; allowed is '),
        ('"a"]\n[t', Text(), r'x: found ""a"]\n[t"; allowed is '),
        ("a\udce9", Template(("user",)), r'x: found "a\udce9"; allowed is '),
        ("\udce9/{user}", Template(("user",)), r'x: found "\udce9/{user}"; allowed is '),
    ],
)
def test_a_value_that_is_not_allowed_says_what_is(text: str, kind: Kind[object], said: str) -> None:
    with pytest.raises(WrongUsage) as caught:
        value(("x",), text, kind)
    assert str(caught.value).startswith(said)


KINDS: list[Kind[object]] = [Text(), LISTEN, Mechanisms(), Template(("user",)), EntryKind(), Several(Text())]


@given(st.text("a1\"'#=,.[]{} \n\r\t:-\\/é\x00\udce9"), st.sampled_from(KINDS))
def test_no_text_can_smuggle_in_anything_beside_its_value(text: str, kind: Kind[object]) -> None:
    try:
        meant = value(("t", "x"), text, kind)
    except WrongUsage:
        return
    document = Document("[t]\ny = 1\n")
    document.set(("t", "x"), meant)
    assert document.get(()) == {"t": {"y": 1, "x": meant}}
    document.text.encode()
    try:
        kind.read(meant)
    except Unfit:
        pytest.fail("not of its kind")
