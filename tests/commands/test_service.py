"""`mtq service`: services listed, added, changed, started and stopped, with a server running and without."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from mtq.config.read import load
from tests.commands.desk import Outcome, Run, tree
from tests.house import House, Running, free_port
from tests.server.pop import Client

KEYS = ["name", "state", "enabled", "listen", "tls", "access", "connections", "max_connections", "error"]


@pytest.fixture
def running(house: House) -> Iterator[Running]:
    """The house's server."""
    with house.serving() as running:
        yield running


def states(run: Run) -> dict[str, str]:
    """What each service does."""
    return {row["name"]: row["state"] for row in run("service", "list", "--json").data["services"]}


# List, show


def test_services_are_listed_as_json(house: House, run: Run, running: Running) -> None:
    with Client(house.pop3) as client:
        client.line()
        pop3, pop3s = run("service", "list", "--json").data["services"]
    assert list(pop3) == list(pop3s) == KEYS
    assert pop3 == {
        "name": "pop3",
        "state": "running",
        "enabled": True,
        "listen": [f"127.0.0.1:{house.pop3}"],
        "tls": "starttls",
        "access": "firewall+lan",
        "connections": 1,
        "max_connections": 25,
        "error": None,
    }


def test_without_a_server_they_are_listed_as_configured_and_stopped(house: House, run: Run) -> None:
    rows = run("service", "list", "--json").data["services"]
    assert [list(row) for row in rows] == [KEYS, KEYS]
    assert states(run) == {"pop3": "stopped", "pop3s": "stopped"}


def test_a_table_is_for_a_person(house: House, run: Run) -> None:
    head, pop3, _ = run("service", "list").out.splitlines()
    assert head.split() == [key.upper() for key in KEYS]
    assert pop3.split()[:3] == ["pop3", "stopped", "yes"]


def test_no_services_are_an_empty_list_and_a_hint(house: House, run: Run) -> None:
    run("service", "remove", "pop3")
    run("service", "remove", "pop3s")
    assert run("service", "list", "--json").data == {"services": []}
    outcome = run("service", "list")
    assert outcome == Outcome(0, "", "No service is configured: `mtq service add NAME --listen WHERE`.\n")


def test_one_service_is_shown_with_all_its_settings(house: House, run: Run, running: Running) -> None:
    found = run("service", "show", "pop3", "--json").data
    assert [*KEYS, "settings"] == list(found)
    assert found["state"] == "running"
    assert found["settings"]["proxy"]["delimiter"] == "#"
    lines = {line.split()[0]: line.split()[1:] for line in run("service", "show", "pop3").out.splitlines()}
    assert (lines["state"], lines["enabled"], lines["proxy.dialup.timeout"]) == (["running"], ["yes"], ["60"])


# Add


def test_a_service_that_is_added_serves_at_once(house: House, run: Run, running: Running) -> None:
    port = free_port()
    with Client(house.pop3) as before:
        before.login()
        assert run("service", "add", "office", "--listen", f"127.0.0.1:{port}", "tls=off").said == (
            "service office was added"
        )
        assert before.ask(b"NOOP") == b"+OK"
    with Client(port) as client:
        assert client.login().startswith(b"+OK")


def test_it_has_the_settings_that_are_given(house: House, run: Run) -> None:
    arguments = ["--listen", "127.0.0.1:4110", "--listen", "[::1]:4110", "--listen", "4995"]
    settings = ["tls=implicit", "max_connections=7", "firewall=['10.*']", "proxy.enabled=true", "folders=all"]
    run("service", "add", "office", *arguments, *settings)
    service = load(house.file).services["office"]
    assert [str(listen) for listen in service.listen] == ["127.0.0.1:4110", "[::1]:4110", "4995"]
    assert (service.tls.value, service.max_connections, service.folders.value) == ("implicit", 7, "all")
    assert ([entry.range.text for entry in service.firewall], service.proxy.enabled) == (["10.*"], True)


@pytest.mark.parametrize(
    "arguments", [["--listen", "4110", "tls=off"], ["--listen", "4110"], ["--listen", "4110", "max_connections=25"]]
)
def test_a_service_that_is_there_with_these_settings_is_left_unchanged(run: Run, arguments: list[str]) -> None:
    run("service", "add", "office", "--listen", "4110", "tls=off")
    run("service", "set", "office", "listen=4110")      # written otherwise, and the same
    assert run("service", "add", "office", *arguments).said == "unchanged: service office is there already"


def test_one_with_other_settings_is_not_overwritten(house: House, run: Run) -> None:
    before = house.file.read_text()
    assert run("service", "add", "pop3", "--listen", "4110").complaint == (
        1, "there is a service pop3 already; `mtq service set pop3` changes it",
    )
    assert house.file.read_text() == before


def test_two_services_share_a_port_on_two_addresses_and_no_other_way(house: House, run: Run) -> None:
    assert run("service", "add", "second", "--listen", f"127.0.0.2:{house.pop3}").code == 0
    assert run("service", "add", "third", "--listen", f"127.0.0.2:{house.pop3}").complaint == (
        2,
        f"services.third.listen: port {house.pop3} is taken by services.second; allowed is another port, "
        "or a different address in each; nothing was changed",
    )
    outcome = run("service", "add", "third", "--listen", str(house.pop3))
    assert (outcome.code, outcome.err.count("is taken by")) == (2, 2)


def test_a_port_that_cannot_be_had_is_a_failed_service_and_exit_code_1(
    house: House, run: Run, running: Running
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        where = f"127.0.0.1:{other.getsockname()[1]}"
        outcome = run("service", "add", "office", "--listen", where)
        reason = f"port {where}: something else listens there"
        assert (outcome.code, outcome.err) == (
            1, f"service office was added\nmtq: service office does not run: {reason}\n",
        )
        row = run("service", "list", "--json").data["services"][2]
        assert (row["state"], row["error"]) == ("failed", reason)
        assert states(run)["pop3"] == "running"
    assert run("service", "start", "office").said == "service office was started"


# Set


def test_settings_reach_the_running_server_and_drop_nobody(house: House, run: Run, running: Running) -> None:
    with Client(house.pop3) as client:
        client.login()
        told = run("service", "set", "pop3", "max_connections=1", "idle_timeout=300").said
        assert told == "services.pop3.max_connections = 1, services.pop3.idle_timeout = 300"
        with Client(house.pop3) as second:
            assert second.line().startswith(b"-ERR [SYS/TEMP] ")
        assert client.ask(b"NOOP") == b"+OK"


def test_a_port_that_cannot_be_had_leaves_a_running_service_where_it_was(
    house: House, run: Run, running: Running
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        where = f"127.0.0.1:{other.getsockname()[1]}"
        outcome = run("service", "set", "pop3", f"listen={where}")
    assert outcome.code == 1
    assert outcome.err.splitlines()[1] == (
        f"mtq: service pop3 goes on as before: port {where}: something else listens there"
    )
    with Client(house.pop3) as client:
        assert client.login().startswith(b"+OK")


def test_a_service_that_has_failed_is_no_complaint_about_a_change_of_another(
    house: House, run: Run
) -> None:
    with socket.create_server(("127.0.0.1", house.pop3)), house.serving():
        assert states(run)["pop3"] == "failed"
        assert run("service", "set", "pop3s", "max_connections=7").said == "services.pop3s.max_connections = 7"
        assert run("firewall", "add", "192.0.2.7", "--lan").code == 0
        assert run("service", "set", "pop3", "max_connections=7").code == 1


def test_what_is_so_already_is_unchanged(house: House, run: Run) -> None:
    run("service", "set", "pop3", "max_connections=7")
    assert run("service", "set", "pop3", "max_connections=7").said.startswith("unchanged: ")


WRONG = [
    ("max_connections=0", "services.pop3.max_connections: found 0; allowed is a whole number from 1 to 999"),
    ("max_connections=1000", "services.pop3.max_connections: found 1000; allowed is a whole number from 1 to 999"),
    ("max_conections=7", 'services.pop3.max_conections: unknown key; did you mean "max_connections"?'),
    ("max_connections", "'max_connections' is not KEY=VALUE; one looks like max_connections=50"),
    ("proxy={}", "services.pop3.proxy: a table; set the keys in it"),
    ("tls=ssl", 'services.pop3.tls: found "ssl"; allowed is one of "off", "starttls", "implicit"'),
]


@pytest.mark.parametrize(("setting", "text"), WRONG)
def test_a_setting_that_cannot_be_is_wrong_usage_and_changes_nothing(
    house: House, run: Run, setting: str, text: str
) -> None:
    before = house.file.read_text()
    assert run("service", "set", "pop3", setting).complaint == (2, text)
    assert house.file.read_text() == before


# What a command names has to be there


@pytest.mark.parametrize(
    "arguments",
    [("show", "x"), ("set", "x", "tls=off"), ("enable", "x"), ("disable", "x"), ("start", "x"), ("stop", "x"),
     ("restart", "x"), ("start", "x", "--dry-run"), ("stop", "x", "--dry-run"), ("restart", "x", "--dry-run")],
    ids=" ".join,
)
def test_a_service_that_is_not_there_is_exit_code_1(run: Run, running: Running, arguments: tuple[str, ...]) -> None:
    assert run("service", *arguments).complaint == (1, "there is no service x; there are: pop3, pop3s")


# Remove


def test_a_service_that_is_removed_lets_its_clients_finish(house: House, run: Run, running: Running) -> None:
    with Client(house.pop3) as client:
        client.login()
        assert run("service", "remove", "pop3").said == "service pop3 was removed"
        with pytest.raises(ConnectionRefusedError):
            Client(house.pop3)
        assert client.ask(b"QUIT").startswith(b"+OK")
    assert run("service", "remove", "pop3").said == "unchanged: there is no service pop3"


# Enable, disable


def test_enabled_is_about_the_next_start(house: House, run: Run, running: Running) -> None:
    assert run("service", "disable", "pop3").said == "service pop3 does not start with the server"
    assert run("service", "disable", "pop3").said == "unchanged: service pop3 does not start with the server"
    assert states(run)["pop3"] == "running"
    assert load(house.file).services["pop3"].enabled is False
    assert run("service", "enable", "pop3").said == "service pop3 starts with the server"


def test_now_is_about_the_running_server_too(run: Run, running: Running) -> None:
    assert run("service", "disable", "pop3", "--now").said.splitlines()[1] == "service pop3 was stopped"
    assert states(run)["pop3"] == "stopped"
    assert run("service", "enable", "pop3", "--now").said.splitlines()[1] == "service pop3 was started"
    assert states(run)["pop3"] == "running"


def test_now_needs_a_server_and_the_rest_is_done_without(house: House, run: Run) -> None:
    outcome = run("service", "disable", "pop3", "--now")
    assert outcome.code == 4
    assert load(house.file).services["pop3"].enabled is False


# Start, stop, restart


def test_a_service_is_stopped_and_started(house: House, run: Run, running: Running) -> None:
    with Client(house.pop3) as client:
        client.login()
        assert run("service", "stop", "pop3").said == "service pop3 was stopped"
        assert client.rest().startswith(b"-ERR [SYS/TEMP] ")
    assert run("service", "stop", "pop3").said == "unchanged: service pop3 is stopped already"
    assert run("service", "start", "pop3").said == "service pop3 was started"
    assert run("service", "start", "pop3").said == "unchanged: service pop3 is running already"
    with Client(house.pop3) as client:
        assert client.login().startswith(b"+OK")


def test_a_restart_ends_sessions_and_serves_again(house: House, run: Run, running: Running) -> None:
    with Client(house.pop3) as client:
        client.login()
        assert run("service", "restart", "pop3").said == "service pop3 was restarted"
        assert client.rest().startswith(b"-ERR [SYS/TEMP] ")
    with Client(house.pop3) as client:
        assert client.login().startswith(b"+OK")


def test_what_stops_a_service_is_gone_with_the_next_start_of_the_server(house: House, run: Run) -> None:
    before = house.file.read_text()
    with house.serving():
        run("service", "stop", "pop3")
    assert house.file.read_text() == before


def test_a_service_that_cannot_start_says_why(house: House, run: Run, running: Running) -> None:
    run("service", "stop", "pop3")
    with socket.create_server(("127.0.0.1", house.pop3)):
        assert run("service", "start", "pop3").complaint == (
            1, f"service pop3 cannot start: port 127.0.0.1:{house.pop3}: something else listens there",
        )


@pytest.mark.parametrize("verb", ["start", "stop", "restart"])
def test_without_a_server_there_is_nothing_to_start_or_stop(run: Run, verb: str) -> None:
    assert run("service", verb, "pop3").code == 4


def test_a_broken_file_keeps_nobody_from_stopping_a_service(house: House, run: Run, running: Running) -> None:
    house.file.write_text(house.file.read_text() + "\n][")
    assert run("service", "stop", "pop3").said == "service pop3 was stopped"


# Quiet, dry


CHANGES = [
    ("add", "office", "--listen", "4110"),
    ("set", "pop3", "max_connections=7"),
    ("remove", "pop3"),
    ("disable", "pop3"),
    ("disable", "pop3", "--now"),
    ("stop", "pop3"),
    ("start", "pop3"),
    ("restart", "pop3"),
]


@pytest.mark.parametrize("arguments", CHANGES, ids=" ".join)
def test_quiet_says_nothing(run: Run, running: Running, arguments: tuple[str, ...]) -> None:
    assert run("service", *arguments, "--quiet") == Outcome(0, "", "")


@pytest.mark.parametrize("arguments", CHANGES, ids=" ".join)
def test_a_dry_run_changes_nothing(
    house: House, run: Run, running: Running, arguments: tuple[str, ...], tmp_path: Path
) -> None:
    before, did = tree(house.folder), states(run)
    outcome = run("service", *arguments, "--dry-run")
    assert outcome.code == 0
    assert outcome.out or outcome.err
    assert (tree(house.folder), states(run)) == (before, did)


def test_a_dry_run_shows_the_difference(house: House, run: Run) -> None:
    outcome = run("service", "disable", "pop3s", "--dry-run")
    assert outcome.err == ""
    assert [line for line in outcome.out.splitlines()[3:] if line[0] in "+-"] == ["+enabled = false"]


def test_a_dry_run_says_what_would_become_of_a_service(run: Run, running: Running) -> None:
    assert run("service", "stop", "pop3", "--dry-run").said == "service pop3 would be stopped"
    assert run("service", "start", "pop3", "--dry-run").said == "unchanged: service pop3 is running already"
    assert run("service", "restart", "pop3", "--dry-run").said == "service pop3 would be restarted"
