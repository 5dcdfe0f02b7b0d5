"""`mtq reload`: the running server reads its configuration again."""

import signal
import socket

import pytest

from mtq import tls
from mtq.ledger import utc_now
from tests.commands.desk import Outcome, Run
from tests.house import House, wait_for_line
from tests.server.pop import Client


def rewrite(house: House, was: str, now: str) -> None:
    """Change the configuration by hand."""
    text = house.file.read_text()
    assert was in text
    house.file.write_text(text.replace(was, now))


def test_what_was_changed_by_hand_is_taken_up_and_told(house: House, run: Run) -> None:
    with house.serving(), Client(house.pop3) as client:
        client.login()
        rewrite(house, "[services.pop3]", "[services.pop3]\nmax_connections = 1")
        assert run("reload").said == "reloaded: services.pop3.max_connections changed"
        with Client(house.pop3) as another:
            assert another.line().startswith(b"-ERR [SYS/TEMP] ")
        assert client.ask(b"NOOP") == b"+OK"


def test_nothing_may_have_changed(house: House, run: Run) -> None:
    with house.serving():
        assert run("reload").said == "reloaded: no key has changed"


def test_as_json_it_tells_of_certificates_too(house: House, run: Run) -> None:
    with house.serving():
        tls.make(house.config.tls.certificate, house.config.tls.key, "localhost", utc_now())
        outcome = run("reload", "--json")
    assert (outcome.code, outcome.err) == (0, "")
    assert list(outcome.data) == ["changed", "failed", "at_start", "certificates"]
    assert all(row["before"] != row["after"] for row in outcome.data["certificates"])


def test_a_certificate_that_is_another_now_is_told_of(house: House, run: Run) -> None:
    with house.serving():
        tls.make(house.config.tls.certificate, house.config.tls.key, "localhost", utc_now())
        lines = run("reload").said.splitlines()
    assert len(lines) == 3
    assert lines[1].startswith("service pop3: certificate ")


def test_what_only_a_start_can_change_is_told(house: House, run: Run) -> None:
    with house.serving():
        rewrite(house, "[server]", "[server]\nuser = 'somebody'")
        assert run("reload").said.splitlines() == [
            "reloaded: server.user changed", "server.user counts from the next start of the server on",
        ]


@pytest.mark.parametrize("broken", ["\n[services.pop3s.proxy]\nenabled = 1\n", "\n]["], ids=["wrong", "no TOML"])
@pytest.mark.parametrize("option", [(), ("--json",), ("--quiet",), ("--dry-run",)], ids=" ".join)
def test_an_invalid_file_changes_nothing_and_is_exit_code_3(
    house: House, run: Run, broken: str, option: tuple[str, ...]
) -> None:
    with house.serving() as running, Client(house.pop3) as client:
        client.login()
        rewrite(house, "[services.pop3]", "[services.pop3]\nmax_connections = 1")
        house.file.write_text(house.file.read_text() + broken)
        code, text = run("reload", *option).complaint
        assert code == 3
        assert text.startswith(f"{house.file}:")
        assert running.server.config == house.config
        with Client(house.pop3) as another:
            assert another.line().startswith(b"+OK")
        assert client.ask(b"NOOP") == b"+OK"


def test_a_service_that_cannot_follow_is_exit_code_1_and_the_rest_is_taken_up(house: House, run: Run) -> None:
    with house.serving(), socket.create_server(("127.0.0.1", 0)) as other:
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        rewrite(house, f"127.0.0.1:{house.pop3}", taken)
        rewrite(house, "[services.pop3s]", "[services.pop3s]\nmax_connections = 7")
        outcome = run("reload")
        assert outcome.code == 1
        assert outcome.err.splitlines() == [
            "reloaded: services.pop3.listen, services.pop3s.max_connections changed",
            f"mtq: service pop3 goes on as before: port {taken}: something else listens there",
        ]
        assert run("service", "list", "--json").data["services"][1]["max_connections"] == 7
        assert run("reload", "--json").data["failed"][0]["service"] == "pop3"


def test_quiet_says_nothing(house: House, run: Run) -> None:
    with house.serving():
        assert run("reload", "--quiet") == Outcome(0, "", "")


def test_a_dry_run_says_what_would_change_and_changes_nothing(house: House, run: Run) -> None:
    with house.serving() as running:
        assert run("reload", "--dry-run").said == "unchanged: no key would change"
        rewrite(house, "[services.pop3]", "[services.pop3]\nmax_connections = 1")
        assert run("reload", "--dry-run").said == "would change: services.pop3.max_connections"
        assert run("reload", "--dry-run", "--json").data["changed"] == ["services.pop3.max_connections"]
        assert running.server.config == house.config


def test_without_a_server_it_is_exit_code_4(run: Run) -> None:
    assert run("reload").complaint[0] == 4


def test_a_signal_does_the_same(house: House) -> None:
    with house.process() as server, Client(house.pop3) as client:
        client.login()
        rewrite(house, "[services.pop3]", "[services.pop3]\nmax_connections = 1")
        server.send_signal(signal.SIGHUP)
        wait_for_line(server, "configuration read again: services.pop3.max_connections changed")
        with Client(house.pop3) as another:
            assert another.line().startswith(b"-ERR [SYS/TEMP] ")
        assert client.ask(b"NOOP") == b"+OK"


def test_an_invalid_file_is_told_in_the_log_after_a_signal(house: House) -> None:
    with house.process() as server:
        rewrite(house, "[services.pop3]", "[services.pop3]\nmax_connections = 0")
        server.send_signal(signal.SIGHUP)
        line = wait_for_line(server, "not reloaded, nothing has changed: ")
        assert f"{house.file}:" in line
        with Client(house.pop3) as client:
            assert client.login().startswith(b"+OK")
