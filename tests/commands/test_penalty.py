"""`mtq penalty`: addresses whose failed logins are answered ever later."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.commands.desk import Outcome, Run
from tests.house import House, Running
from tests.server.pop import Client

KEYS = ["address", "failures", "delay", "until"]


@pytest.fixture
def running(house: House) -> Iterator[Running]:
    """The house's server, of services that listen on both families."""
    one, both = f'["127.0.0.1:{house.pop3}"]', f'["127.0.0.1:{house.pop3}", "[::1]:{house.pop3}"]'
    house.file.write_text(house.file.read_text().replace(one, both))
    with house.serving() as running:
        yield running


@pytest.fixture
def failed(house: House, running: Running) -> None:
    """A failure from 127.0.0.1, and two from ::1."""
    for host, password in [("127.0.0.1", "a"), ("::1", "b"), ("::1", "c")]:
        with Client(house.pop3, host) as client:
            assert client.login("fred", password).startswith(b"-ERR [AUTH]")


def addresses(run: Run) -> list[str]:
    """The addresses that are listed."""
    return [row["address"] for row in run("penalty", "list", "--json").data["penalties"]]


def test_penalties_are_listed_as_json(run: Run, failed: None) -> None:
    first, second = run("penalty", "list", "--json").data["penalties"]
    assert list(first) == list(second) == KEYS
    assert (first["address"], first["failures"]) == ("::/64", 2)
    assert (second["address"], second["failures"], second["delay"]) == ("127.0.0.1", 1, 0)
    until = datetime.fromisoformat(second["until"])
    assert datetime.now(UTC) < until < datetime.now(UTC) + timedelta(minutes=15)


def test_a_table_is_for_a_person(run: Run, failed: None) -> None:
    head, first, _ = run("penalty", "list").out.splitlines()
    assert head.split() == [key.upper() for key in KEYS]
    assert first.split()[:2] == ["::/64", "2"]


def test_no_penalties_are_an_empty_list(run: Run, running: Running) -> None:
    assert run("penalty", "list", "--json").data == {"penalties": []}
    assert run("penalty", "list") == Outcome(0, "", "No login has failed lately.\n")


def test_an_address_begins_anew(run: Run, failed: None) -> None:
    assert run("penalty", "forget", "127.0.0.1").said == "127.0.0.1 begins anew"
    assert addresses(run) == ["::/64"]
    assert run("penalty", "forget", "127.0.0.1").said == "unchanged: nothing stood against 127.0.0.1"


@pytest.mark.parametrize("address", ["::1", "::/64", "::99"])
def test_an_ipv6_address_stands_for_its_network(run: Run, failed: None, address: str) -> None:
    assert run("penalty", "forget", address, "--dry-run").said == f"{address} would begin anew"
    assert addresses(run) == ["::/64", "127.0.0.1"]
    assert run("penalty", "forget", address).said == f"{address} begins anew"
    assert addresses(run) == ["127.0.0.1"]


def test_a_dry_run_says_when_there_is_nothing_to_do(run: Run, failed: None) -> None:
    assert run("penalty", "forget", "192.0.2.7", "--dry-run").said == "unchanged: nothing stood against 192.0.2.7"


def test_quiet_says_nothing(run: Run, failed: None) -> None:
    assert run("penalty", "forget", "::1", "--quiet") == Outcome(0, "", "")
    assert run("penalty", "forget", "::1", "--quiet") == Outcome(0, "", "")


@pytest.mark.parametrize("address", ["somewhere", "127.0.0.0/8", "127.0.0.1/64", ""])
def test_an_address_has_to_be_one(run: Run, address: str) -> None:
    assert run("penalty", "forget", address).complaint[0] == 2


@pytest.mark.parametrize("arguments", [("list",), ("list", "--json"), ("forget", "::1")], ids=" ".join)
def test_without_a_server_it_is_exit_code_4(run: Run, arguments: tuple[str, ...]) -> None:
    assert run("penalty", *arguments).complaint[0] == 4
