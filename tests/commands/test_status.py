"""`mtq status`: what the running server does."""

import os
from pathlib import Path

from mtq import __version__
from tests.commands.desk import Run
from tests.house import House
from tests.server.pop import Client

KEYS = ["version", "pid", "since", "hostname", "services", "sessions", "locks", "totals"]


def test_the_server_is_told_as_json(house: House, run: Run) -> None:
    house.deliver("fred", b"Subject: hello\n\n")
    with house.serving(), Client(house.pop3) as client:
        client.login()
        outcome = run("status", "--json")
    assert outcome.code == 0
    found = outcome.data
    assert [key for key in KEYS if key not in found] == []
    assert (found["version"], found["pid"], found["hostname"]) == (__version__, os.getpid(), "localhost")
    assert (found["sessions"], found["locks"], found["totals"]["logins"]) == (1, 1, 1)
    assert [service["name"] for service in found["services"]] == ["pop3", "pop3s"]


def test_a_person_is_told_in_few_lines(house: House, run: Run) -> None:
    house.deliver("fred", b"Subject: hello\n\n")
    with house.serving(), Client(house.pop3) as client:
        client.login()
        said = run("status").out.splitlines()
    assert said[0].startswith(f"mtq {__version__}, process {os.getpid()}, on localhost since 20")
    assert said[1] == f"configuration {house.file}"
    assert said[2] == "1 session, 1 locked mailbox"
    assert said[3].startswith("since then: sessions 1, logins 1, failed logins 0, ")
    assert said[4].split()[:4] == ["NAME", "STATE", "ENABLED", "LISTEN"]
    assert said[5].split()[:4] == ["pop3", "running", "yes", f"127.0.0.1:{house.pop3}"]


def test_what_should_be_changed_is_a_warning_beside_the_data(house: House, run: Run) -> None:
    with house.serving():
        house.file.write_text(house.file.read_text().replace("[server]", "[server]\nuser = 'nobody'"))
        run("reload")
        outcome = run("status", "--json")
        assert "server.user was changed and counts from the next start on" in outcome.data["warnings"]
        outcome = run("status")
    assert "warning: server.user was changed and counts from the next start on\n" in outcome.err


def test_no_server_is_exit_code_4(house: House, run: Run) -> None:
    outcome = run("status", "--json")
    socket = house.config.server.control_socket
    assert (outcome.code, outcome.out) == (4, "")
    assert outcome.err == f"mtq: no server is running ({socket}); start it with `mtq serve`\n"


def test_a_server_is_reached_while_its_file_is_broken(house: House, run: Run) -> None:
    with house.serving():
        house.file.write_text(house.file.read_text() + "\n[services.pop3\n")
        assert run("status").code == 0


def test_a_missing_configuration_is_exit_code_3(house: House, run: Run) -> None:
    house.file.unlink()
    outcome = run("status")
    assert (outcome.code, outcome.err) == (
        3, f"mtq: {house.file}: there is no such file; `mtq init` writes a safe configuration\n",
    )


def test_a_link_to_the_configuration_is_the_same_configuration(house: House, run: Run, tmp_path: Path) -> None:
    link = tmp_path / "link.toml"
    with house.serving():
        house.file.rename(tmp_path / "real.toml")
        house.file.symlink_to(tmp_path / "real.toml")
        link.symlink_to(house.file)
        assert run("status").code == 0
