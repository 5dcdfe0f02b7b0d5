"""`mtq status --check`: the running server, called as a client calls it."""

import socket

import pytest

from mtq.config.read import load
from tests.commands.desk import Run
from tests.house import House
from tests.server.pop import Client

LETTER = b"Subject: bread\n\nPlease bring bread.\n"


def change(house: House, old: str, new: str) -> None:
    """Change the configuration with which the server will start."""
    house.file.write_text(house.file.read_text().replace(old, new, 1))
    house.config = load(house.file)


def test_all_is_well_with_greeting_tls_and_capabilities(run: Run, house: House) -> None:
    with house.serving():
        outcome = run("status", "--check", "--json")
    assert outcome.code == 0
    assert outcome.data["ok"] is True
    assert [(c["service"], c["listen"], c["tls"], c["login"], c["error"]) for c in outcome.data["checks"]] == [
        ("pop3", f"127.0.0.1:{house.pop3}", "TLSv1.3", None, None),
        ("pop3s", f"127.0.0.1:{house.pop3s}", "TLSv1.3", None, None),
    ]


def test_a_login_is_a_real_one_and_leaves_the_mail(run: Run, house: House) -> None:
    house.deliver("fred", LETTER)
    with house.serving() as running:
        outcome = run("status", "--check", "--user", "fred", "--password-stdin", "--json", stdin=b"secret\n")
        assert [closed.session.user for closed in running.closed(2)] == ["fred", "fred"]
    assert outcome.code == 0
    assert [check["login"] for check in outcome.data["checks"]] == [True, True]
    assert house.stored("fred") == [LETTER]


def test_a_login_that_is_refused_is_exit_code_1_and_says_why(run: Run, house: House) -> None:
    with house.serving():
        outcome = run("status", "--check", "--user", "fred", "--password-stdin", "--json", stdin=b"wrong\n")
    assert outcome.code == 1
    assert [check["error"] for check in outcome.data["checks"]] == [
        "-ERR [AUTH] wrong user name or password"
    ] * 2
    assert "secret" not in outcome.out


def test_without_a_server_it_is_exit_code_4(run: Run) -> None:
    assert run("status", "--check").code == 4


def test_a_service_that_failed_is_wrong(run: Run, house: House) -> None:
    with socket.create_server(("127.0.0.1", house.pop3)), house.serving():
        outcome = run("status", "--check", "--json")
    assert outcome.code == 1
    assert "something else listens there" in outcome.data["checks"][0]["error"]


def test_a_service_that_was_stopped_is_left_out(run: Run, house: House) -> None:
    with house.serving() as running:
        running.do(running.server.stop_service("pop3"))
        outcome = run("status", "--check", "--json")
        running.do(running.server.stop_service("pop3s"))
        nothing = run("status", "--check", "--json")
    assert (outcome.code, [check["service"] for check in outcome.data["checks"]]) == (0, ["pop3s"])
    assert (nothing.code, nothing.data["checks"][0]["error"]) == (1, "no service runs")


@pytest.mark.parametrize("service", ["pop3", "pop3s"])
def test_a_service_that_does_not_let_this_machine_in_says_so(run: Run, house: House, service: str) -> None:
    change(house, f"[services.{service}]\n", f'[services.{service}]\naccess = "firewall"\n')
    with house.serving() as running:
        outcome = run("status", "--check", "--json")
        assert not any(event.name == "session.refused" for event in running.events)
    [wrong] = [check for check in outcome.data["checks"] if check["error"]]
    assert (outcome.code, wrong["service"]) == (1, service)
    assert wrong["error"].startswith("this check comes from 127.0.0.1, which the service does not let in: ")
    assert wrong["error"].endswith(f"`mtq firewall add 127.0.0.1 --service {service}` would")


def test_a_service_that_is_full_is_wrong(run: Run, house: House) -> None:
    change(house, "[services.pop3]\n", "[services.pop3]\nmax_connections = 1\n")
    with house.serving(), Client(house.pop3) as client:
        client.line()
        outcome = run("status", "--check")
    assert outcome.code == 1
    assert "too many connections" in outcome.out


def test_a_service_that_takes_no_clear_text_is_checked_without_a_login(run: Run, house: House) -> None:
    change(house, "[services.pop3]\n", '[services.pop3]\nplaintext_auth = "never"\n')
    change(house, 'tls = "starttls"', 'tls = "off"')
    with house.serving():
        outcome = run("status", "--check", "--user", "fred", "--password-stdin", "--json", stdin=b"secret\n")
    assert outcome.code == 0
    assert [check["login"] for check in outcome.data["checks"]] == [False, True]


def test_a_login_that_no_service_takes_is_exit_code_1(run: Run, house: House) -> None:
    for service in ("pop3", "pop3s"):
        change(house, f"[services.{service}]\n", f'[services.{service}]\nmechanisms = ["scram-sha-256"]\n')
    with house.serving():
        outcome = run("status", "--check", "--user", "fred", "--password-stdin", "--json", stdin=b"secret\n")
    assert outcome.code == 1
    assert outcome.data["checks"][-1]["error"] == "no service takes a password from this machine"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--user", "fred"), "are for --check"),
        (("--password-stdin",), "are for --check"),
        (("--check", "--password-stdin"), "of use only with --user"),
    ],
)
def test_options_that_do_not_go_together(run: Run, words: tuple[str, ...], said: str) -> None:
    outcome = run("status", *words)
    assert outcome.code == 2
    assert said in outcome.err
