"""Values that have a form of their own: where to listen, paths with placeholders, delimiters, ranges with an end."""

from datetime import UTC, datetime

import pytest

from mtq.access.ranges import parse
from mtq.config.kinds import Listen, ListenKind, Several, Switch, Template, Text, Unfit
from mtq.config.model import Delimiter, Entry, EntryKind, Mechanism, Mechanisms


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (1110, Listen(1110)),
        ("1110", Listen(1110)),
        ("pop3", Listen(110)),
        ("pop3s", Listen(995)),
        (1, Listen(1)),
        (65535, Listen(65535)),
        ("192.0.2.1:pop3", Listen(110, "192.0.2.1")),
        ("192.0.2.1:1110", Listen(1110, "192.0.2.1")),
        ("[::1]:1110", Listen(1110, "::1")),
        ("[2001:DB8:0::1]:pop3s", Listen(995, "2001:db8::1")),
        ("[::]:110", Listen(110, "::")),
    ],
)
def test_where_to_listen(written: object, meant: Listen) -> None:
    assert ListenKind().read(written) == meant


@pytest.mark.parametrize(
    "written",
    [
        0, -1, 65536, True, 1.5, None, "", "0", "65536", "-1", "+1", " 110", "1_0", "٣", "0000000110", "nosuchport",
        ":110", "192.0.2.1:", "192.0.2.1", "::1", "::1:110", "[::1]", "[::1]110", "[192.0.2.1]:110", "localhost:110",
        "192.0.2.1:0", "192.0.2.1:nosuchport", "192.0.2:110", "pop3\0",
    ],
)  # fmt: skip
def test_where_nobody_can_listen(written: object) -> None:
    with pytest.raises(Unfit):
        ListenKind().read(written)


@pytest.mark.parametrize("text", ["110", "192.0.2.1:110", "[::1]:110"])
def test_where_to_listen_is_written_as_it_is_read(text: str) -> None:
    assert str(ListenKind().read(text)) == text


def test_one_item_stands_for_a_list_of_one() -> None:
    assert Several(ListenKind(), lone=True, least=1).read("pop3") == (Listen(110),)


def test_a_list_that_needs_an_item_may_not_be_empty() -> None:
    with pytest.raises(Unfit):
        Several(ListenKind(), lone=True, least=1).read([])


def test_an_item_does_not_stand_for_a_list_everywhere() -> None:
    with pytest.raises(Unfit):
        Several(Switch()).read(True)


def test_a_wrong_item_is_named_by_its_index() -> None:
    with pytest.raises(Unfit) as caught:
        Several(Switch()).read([True, False, "no"])
    assert (caught.value.found, caught.value.item) == ("no", 2)


@pytest.mark.parametrize("written", ["", "a\nb", "\x7f", "\x1b"])
def test_a_string_is_neither_empty_nor_has_control_characters(written: str) -> None:
    with pytest.raises(Unfit):
        Text().read(written)


def test_a_string_may_be_empty_where_that_means_something() -> None:
    assert Text(empty=True).read("") == ""


@pytest.mark.parametrize("path", ["/mail/{user}", "mail/{domain}/{local}/Maildir", "{home}/Maildir"])
def test_a_path_with_placeholders(path: str) -> None:
    assert Template(("user", "local", "domain", "home")).read(path) == path


@pytest.mark.parametrize("path", ["", "/mail", "/mail/{name}", "/mail/{user}/{", "/mail/{ user }", "{user}\0", 1])
def test_a_path_without_a_user_in_it_or_with_other_braces_is_refused(path: object) -> None:
    with pytest.raises(Unfit):
        Template(("user", "local", "domain", "home")).read(path)


@pytest.mark.parametrize("character", "#%!&*+/=?^_`{|}~$,;'\"\\<>()")
def test_a_delimiter(character: str) -> None:
    assert Delimiter().read(character) == character


@pytest.mark.parametrize("written", [*"a9.-:@[] ", "", "##", "é", "\t", 1])
def test_no_delimiter(written: object) -> None:
    with pytest.raises(Unfit):
        Delimiter().read(written)


def test_mechanisms_are_a_list_or_left_to_the_server() -> None:
    assert Mechanisms().read("auto") is None
    assert Mechanisms().read(["apop", "plain"]) == (Mechanism.APOP, Mechanism.PLAIN)


@pytest.mark.parametrize("written", [[], "plain", ["auto"], ["PLAIN"], None])
def test_no_mechanisms(written: object) -> None:
    with pytest.raises(Unfit):
        Mechanisms().read(written)


def test_a_range_may_have_an_end_and_a_comment() -> None:
    until = datetime(2026, 12, 1, tzinfo=UTC)
    entry = EntryKind().read({"range": "!192.0.2.7", "until": until, "comment": "scans us"})
    assert entry == Entry(parse("!192.0.2.7"), until, "scans us")


def test_the_end_of_a_range_needs_its_time_zone() -> None:
    with pytest.raises(Unfit):
        EntryKind().read({"range": "192.0.2.7", "until": datetime(2026, 12, 1)})


@pytest.mark.parametrize(
    "written",
    [
        1,
        "192.0.2.300",
        {},
        {"comment": "no range"},
        {"range": 1},
        {"range": "192.0.2.300"},
        {"range": "192.0.2.7", "until": "2026-12-01T00:00:00Z"},
        {"range": "192.0.2.7", "comment": 1},
        {"range": "192.0.2.7", "expires": "24h"},
    ],
)
def test_no_range(written: object) -> None:
    with pytest.raises(Unfit):
        EntryKind().read(written)
