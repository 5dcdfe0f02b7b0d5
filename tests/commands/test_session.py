"""`mtq session`: who is connected, and how to be rid of somebody."""

from collections.abc import Iterator

import pytest

from tests.commands.desk import Outcome, Run
from tests.house import House, Running
from tests.server.pop import Client

KEYS = [
    "id",
    "service",
    "user",
    "address",
    "state",
    "tls",
    "since",
    "idle_seconds",
    "bytes_in",
    "bytes_out",
    "target",
]


@pytest.fixture
def running(house: House) -> Iterator[Running]:
    """The house's server."""
    house.user("wilma", "pebbles")
    with house.serving() as running:
        yield running


@pytest.fixture
def fred(house: House, running: Running) -> Iterator[Client]:
    """Session 1: fred's, from 127.0.0.2."""
    with Client(house.pop3, source="127.0.0.2") as client:
        assert client.login().startswith(b"+OK")
        yield client


@pytest.fixture
def wilma(house: House, fred: Client) -> Iterator[Client]:
    """Session 2: wilma's, inside TLS, from 127.0.0.1."""
    with Client(house.pop3s, authority=house.authority) as client:
        assert client.login("wilma", "pebbles").startswith(b"+OK")
        yield client


def test_sessions_are_listed_as_json(run: Run, fred: Client, wilma: Client) -> None:
    first, second = run("session", "list", "--json").data["sessions"]
    assert list(first) == list(second) == KEYS
    assert {key: first[key] for key in ("id", "service", "user", "address", "state", "tls", "target")} == {
        "id": "1",
        "service": "pop3",
        "user": "fred",
        "address": "127.0.0.2",
        "state": "transaction",
        "tls": None,
        "target": None,
    }
    assert (second["user"], second["service"], second["tls"][:3]) == ("wilma", "pop3s", "TLS")


def test_a_table_is_for_a_person(run: Run, fred: Client) -> None:
    head, row = run("session", "list").out.splitlines()
    assert head.split() == [key.upper() for key in KEYS]
    assert row.split()[:5] == ["1", "pop3", "fred", "127.0.0.2", "transaction"]


def test_no_sessions_are_an_empty_list(run: Run, running: Running) -> None:
    assert run("session", "list", "--json").data == {"sessions": []}
    assert run("session", "list") == Outcome(0, "", "No session is open.\n")


CHOICES = [
    ("1",),
    ("--user", "fred"),
    ("--user", "Fred"),
    ("--address", "127.0.0.2"),
    ("--address", "::ffff:127.0.0.2"),
]


@pytest.mark.parametrize("chosen", CHOICES, ids=" ".join)
def test_a_session_is_ended_and_no_other(run: Run, fred: Client, wilma: Client, chosen: tuple[str, ...]) -> None:
    assert run("session", "kick", *chosen).said == "session 1 of fred from 127.0.0.2 was ended"
    assert fred.rest() == b"-ERR [SYS/TEMP] session ended by the administrator\r\n"
    assert wilma.ask(b"NOOP") == b"+OK"


@pytest.mark.parametrize("chosen", CHOICES, ids=" ".join)
def test_a_dry_run_names_the_same_session_and_leaves_it(
    run: Run, fred: Client, wilma: Client, chosen: tuple[str, ...]
) -> None:
    assert run("session", "kick", *chosen, "--dry-run").said == "session 1 of fred from 127.0.0.2 would be ended"
    assert fred.ask(b"NOOP") == b"+OK"


def test_all_from_an_address_are_ended(house: House, run: Run, fred: Client) -> None:
    with Client(house.pop3, source="127.0.0.2") as second:
        second.line()
        told = run("session", "kick", "--address", "127.0.0.2").said.splitlines()
        assert told == [
            "session 1 of fred from 127.0.0.2 was ended", "session 2 of nobody yet from 127.0.0.2 was ended",
        ]
        assert second.rest().startswith(b"-ERR [SYS/TEMP] ")


@pytest.mark.parametrize("dry", [(), ("--dry-run",)], ids=["wet", "dry"])
@pytest.mark.parametrize(
    ("chosen", "text"),
    [
        (("9",), "there is no session 9"),
        (("--user", "betty"), "betty has no session"),
        (("--address", "192.0.2.7"), "there is no session from 192.0.2.7"),
    ],
)
def test_who_is_not_there_is_exit_code_1(
    run: Run, fred: Client, chosen: tuple[str, ...], text: str, dry: tuple[str, ...]
) -> None:
    assert run("session", "kick", *chosen, *dry).complaint == (1, text)


@pytest.mark.parametrize(
    "chosen", [(), ("1", "--user", "fred"), ("--user", "fred", "--address", "::1")], ids=" ".join
)
def test_one_thing_has_to_be_said(run: Run, chosen: tuple[str, ...]) -> None:
    said = "say which session: one of ID, --user and --address"
    assert run("session", "kick", *chosen).complaint == (2, said)


def test_an_address_has_to_be_one(run: Run) -> None:
    assert run("session", "kick", "--address", "127.0.0.0/8").complaint[0] == 2


def test_quiet_says_nothing(run: Run, fred: Client) -> None:
    assert run("session", "kick", "1", "--quiet") == Outcome(0, "", "")


@pytest.mark.parametrize("arguments", [("list",), ("list", "--json"), ("kick", "1")], ids=" ".join)
def test_without_a_server_it_is_exit_code_4(run: Run, arguments: tuple[str, ...]) -> None:
    assert run("session", *arguments).complaint[0] == 4
