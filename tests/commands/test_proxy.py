"""`mtq proxy`: what a test of a server says is what clients get; the allow-list; remembered failures of APOP."""

import json
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.commands.desk import Outcome, Run, at_a_terminal, process
from tests.house import MTQ, WAIT, House, free_port
from tests.proxy.dovecot import EXPIRED, GOOD, SELF_SIGNED, WRONG_NAME, Dovecot
from tests.proxy.remote import READY, WITH_APOP, Peer, Remote, Talk
from tests.server.pop import Client

PROXY = """
[services.pop3.proxy]
enabled = true
allow = [{allow}]
connect_timeout = {patience}
{more}
"""

PASSWORD = "yabba dabba"
"""Like no other word in here."""


def proxied(house: House, *allow: str, more: str = "", patience: float = WAIT) -> None:
    """Turn the house's proxy on. It waits `patience` seconds for each answer."""
    listed = ", ".join(f'"{entry}"' for entry in allow)
    proxy = PROXY.format(allow=listed, more=more, patience=int(patience))
    house.file.write_text(house.file.read_text() + proxy)


def at(dovecot: Dovecot, host: str, implicit: bool = True) -> str:
    """One of Dovecot's places."""
    return f"{host}:{dovecot.pop3s if implicit else dovecot.pop3}"


def trusting(dovecot: Dovecot, implicit: bool = True) -> str:
    """Settings for Dovecot, whose ports are not the usual ones."""
    return f'ca_file = "{dovecot.authority}"\n' + ('tls = "implicit"' if implicit else "")


def step(data: Any, name: str) -> Any:      # Any: what JSON holds
    """The last step of this name."""
    return [step for step in data["steps"] if step["name"] == name][-1]


# What a test says is what clients get


def same_for_a_client(house: House, run: Run, target: str, password: str = "secret", user: str = "fred") -> str:
    """Test the server, then log in at it as a client of ours; the answer that both give."""
    tested = run(
        "proxy", "test", target, "--user", user, "--password-stdin", "--json", stdin=password.encode() + b"\n"
    )
    with house.again().serving(), Client(house.pop3) as client:
        got = client.login(f"{user}#{target}", password).decode()
    assert tested.data["answer"] == got
    assert tested.data["ok"] is got.startswith("+OK")
    assert tested.code == (0 if got.startswith("+OK") else 1)
    assert tested.err == ""
    return got


@pytest.mark.parametrize("implicit", [True, False])
@pytest.mark.parametrize(
    ("host", "password", "answer"),
    [
        (GOOD, "secret", "+OK Logged in."),
        (GOOD, "wrong", "-ERR [AUTH] Authentication failed."),
        (EXPIRED, "secret", "certificate not trusted"),
        (WRONG_NAME, "secret", "certificate not trusted"),
        (SELF_SIGNED, "secret", "certificate not trusted"),
    ],
)
def test_a_client_of_dovecot_gets_what_the_test_says(
    house: House, run: Run, dovecot: Dovecot, host: str, password: str, answer: str, implicit: bool
) -> None:
    target = at(dovecot, host, implicit)
    proxied(house, target, more=trusting(dovecot, implicit))
    assert same_for_a_client(house, run, target, password).endswith(answer)


def test_it_does_with_an_authority_that_nobody_knows(house: House, run: Run, dovecot: Dovecot) -> None:
    target = at(dovecot, GOOD)
    proxied(house, target, more='tls = "implicit"')
    assert same_for_a_client(house, run, target).endswith("certificate not trusted")


def test_it_does_with_a_certificate_that_is_not_looked_at(house: House, run: Run, dovecot: Dovecot) -> None:
    target = at(dovecot, SELF_SIGNED)
    proxied(house, target, more='tls = "implicit"\nverify = false')
    assert same_for_a_client(house, run, target) == "+OK Logged in."


@pytest.mark.parametrize("auth", ["apop", "plain", "user"])
def test_it_does_by_every_way_to_log_in(house: House, run: Run, dovecot: Dovecot, auth: str) -> None:
    target = at(dovecot, GOOD)
    proxied(house, target, more=f'{trusting(dovecot)}\n[services.pop3.proxy.targets."{GOOD}"]\nauth = "{auth}"')
    assert same_for_a_client(house, run, target) == "+OK Logged in."


def saying(*lines: bytes, greeting: bytes = READY, hang_up: bool = False) -> Talk:
    """A server that greets, says these lines whatever it hears, and then nothing more."""

    def talk(peer: Peer) -> None:
        peer.say(greeting)
        peer.answer(*lines)
        if hang_up:
            peer.hear()
        else:
            peer.wait_for_the_end()

    return talk


def silent(peer: Peer) -> None:
    peer.wait_for_the_end()


def gone(peer: Peer) -> None:
    """Hang up at once."""


CAPA = b"+OK\r\nUSER\r\n."
STLS = b"+OK\r\nUSER\r\nSTLS\r\n."
NO = b"-ERR"

SCRIPTED: list[tuple[str, Talk, str]] = [
    ("silent", silent, "time-out"),
    ("gone", gone, "it hung up"),
    ("not POP3", saying(greeting=b"220 mail ESMTP\r\n"), "it does not speak POP3"),
    ("endless line", saying(greeting=b"+OK " + b"x" * 100_000), "it does not speak POP3"),
    ("full", saying(greeting=b"-ERR [SYS/TEMP] too many clients\r\n"), "too many clients"),
    ("old", saying(NO, NO, b"+OK", b"+OK in", b"+OK 2 320", b"+OK"), "+OK in"),
    ("with capabilities", saying(CAPA, b"+OK", b"+OK in", b"+OK 2 320", b"+OK"), "+OK in"),
    ("wrong user", saying(CAPA, b"-ERR no such user"), "-ERR no such user"),
    ("in use", saying(CAPA, b"+OK", b"-ERR [IN-USE] locked"), "-ERR [IN-USE] locked"),
    ("APOP", saying(CAPA, b"+OK hello", b"+OK 2 320", b"+OK", greeting=WITH_APOP), "+OK hello"),
    ("APOP refused", saying(CAPA, NO, b"+OK", b"+OK in", b"+OK 2 320", b"+OK", greeting=WITH_APOP), "+OK in"),
    ("APOP, in use", saying(CAPA, b"-ERR [IN-USE] locked", greeting=WITH_APOP), "-ERR [IN-USE] locked"),
    ("STLS refused", saying(STLS, b"-ERR not now"), "no TLS"),
    ("gone at CAPA", saying(hang_up=True), "it hung up"),
    ("gone at USER", saying(CAPA, hang_up=True), "it hung up"),
    ("gone at PASS", saying(CAPA, b"+OK", hang_up=True), "it hung up"),
    ("silent at PASS", saying(CAPA, b"+OK"), "time-out"),
    ("babbling", saying(CAPA, b"+OK", b"\xff\xfe\0"), "it does not speak POP3"),
]


@pytest.mark.parametrize(("talk", "answer"), [pytest.param(*rest, id=name) for name, *rest in SCRIPTED])
def test_a_client_of_an_odd_server_gets_what_the_test_says(house: House, run: Run, talk: Talk, answer: str) -> None:
    with Remote(talk, talk) as remote:
        proxied(house, f"127.0.0.1:{remote.port}", patience=1 if answer == "time-out" else WAIT)
        assert same_for_a_client(house, run, f"127.0.0.1:{remote.port}").endswith(answer)


def test_it_does_where_nobody_listens(house: House, run: Run) -> None:
    target = f"127.0.0.1:{free_port()}"
    proxied(house, target)
    assert same_for_a_client(house, run, target).endswith("connection refused")


def test_it_does_where_there_is_no_such_name(house: House, run: Run) -> None:
    proxied(house, "nowhere.invalid")
    assert same_for_a_client(house, run, "nowhere.invalid").endswith("name not found")


@pytest.mark.parametrize("target", ["pop.isp.com", "127.0.0.1", "[::ffff:127.0.0.1]", "localhost:9"])
def test_it_does_for_a_server_that_is_not_allowed(house: House, run: Run, target: str) -> None:
    proxied(house, "localhost", "pop.example.com")
    assert same_for_a_client(house, run, target).startswith("-ERR [AUTH] ")


def test_it_does_for_the_server_itself(house: House, run: Run) -> None:
    proxied(house, f"localhost:{house.pop3}")
    assert same_for_a_client(house, run, f"localhost:{house.pop3}").startswith("-ERR [AUTH] ")


def test_it_does_while_the_proxy_is_off(house: House, run: Run, dovecot: Dovecot) -> None:
    target = at(dovecot, GOOD)
    proxied(house, target, more=trusting(dovecot))
    house.file.write_text(house.file.read_text().replace("enabled = true", "enabled = false"))
    as_fred = ("--user", "fred", "--password-stdin")
    tested = run("proxy", "test", target, "--service", "pop3", *as_fred, stdin=b"secret\n")
    with house.again().serving(), Client(house.pop3) as client:
        got = client.login(f"fred#{target}").decode()
    assert tested.code == 1
    assert tested.out.splitlines()[-1].endswith(f"a client gets: {got}")
    assert "2 messages" in tested.out


# What is shown


def test_the_steps_of_a_whole_login_by_stls(house: House, run: Run, dovecot: Dovecot) -> None:
    target = at(dovecot, GOOD, implicit=False)
    proxied(house, target, more=trusting(dovecot, implicit=False))
    outcome = run("proxy", "test", target, "--user", "fred", "--password-stdin", stdin=b"secret\n")
    assert (outcome.code, outcome.err) == (0, "")
    rows = [line.split(maxsplit=2) for line in outcome.out.splitlines() if line.startswith("ok ")]
    assert [name for _, name, _ in rows] == [
        "service", "allowed", "name", "address", "route", "greeting", "capabilities", "stls", "tls", "certificate",
        "apop", "capabilities", "login", "stat", "verdict",
    ]
    texts = {name: text for _, name, text in rows}
    assert texts["service"] == "pop3: its proxy is on"
    assert texts["tls"].endswith("TLSv1.3, TLS_AES_256_GCM_SHA384")
    assert texts["certificate"].startswith("localhost, by OU=Testing CA")
    assert "until 3000-01-01" in texts["certificate"]
    assert "APOP" in texts["login"]
    assert "2 messages" in texts["stat"]
    assert texts["verdict"] == "a client gets: +OK Logged in."


def test_every_step_but_what_took_no_time_is_timed(house: House, run: Run, dovecot: Dovecot) -> None:
    target = at(dovecot, GOOD)
    proxied(house, target, more=trusting(dovecot))
    lines = run("proxy", "test", target).out.splitlines()
    timed = {line.split()[1] for line in lines if line[22:31].endswith(" s")}
    assert timed == {"allowed", "name", "address", "route", "greeting", "tls", "capabilities"}


@pytest.mark.parametrize(
    ("host", "fault"),
    [(EXPIRED, "expired on"), (WRONG_NAME, "it is not for 127.0.0.4"), (SELF_SIGNED, "it is self-signed")],
)
def test_what_is_wrong_with_a_certificate_is_shown(
    house: House, run: Run, dovecot: Dovecot, host: str, fault: str
) -> None:
    target = at(dovecot, host)
    proxied(house, target, more=trusting(dovecot))
    shown = run("proxy", "test", target).out
    assert fault in next(line for line in shown.splitlines() if line.startswith("FAILED  certificate"))


KEYS = {"target", "service", "ok", "allowed", "answer", "verdict", "steps"}


@pytest.mark.parametrize("host", [GOOD, EXPIRED])
def test_as_json_it_has_the_same_keys_whatever_happens(house: House, run: Run, dovecot: Dovecot, host: str) -> None:
    target = at(dovecot, host)
    proxied(house, target, more=trusting(dovecot))
    data = run("proxy", "test", target, "--json").data
    assert data.keys() == KEYS
    assert {frozenset(step) for step in data["steps"]} == {frozenset(("name", "ok", "seconds", "text", "facts"))}
    assert (data["target"], data["service"], data["allowed"]) == (target, "pop3", True)
    assert step(data, "certificate")["facts"].keys() == {"verified", "faults", "chain"}
    [certificate] = step(data, "certificate")["facts"]["chain"]
    assert certificate.keys() == {
        "subject", "issuer", "names", "serial", "fingerprint", "not_before", "not_after"
    }


def test_capabilities_before_and_after_stls_are_told_apart(house: House, run: Run, dovecot: Dovecot) -> None:
    target = at(dovecot, GOOD, implicit=False)
    proxied(house, target, more=trusting(dovecot, implicit=False))
    steps = run("proxy", "test", target, "--json").data["steps"]
    before, after = [s["facts"]["capabilities"] for s in steps if s["name"] == "capabilities"]
    assert ("STLS" in before, "STLS" in after) == (True, False)


def test_without_a_user_nobody_is_logged_in(house: House, run: Run, dovecot: Dovecot) -> None:
    target = at(dovecot, GOOD)
    proxied(house, target, more=trusting(dovecot))
    outcome = run("proxy", "test", target, "--json")
    assert outcome.code == 0
    assert (outcome.data["answer"], outcome.data["verdict"]) == (None, "a client can log in there")


def test_a_server_that_is_not_allowed_is_shown_all_the_same(house: House, run: Run, dovecot: Dovecot) -> None:
    proxied(house, "pop.isp.com", more=trusting(dovecot))
    outcome = run("proxy", "test", at(dovecot, GOOD), "--json")
    assert outcome.code == 1
    assert (outcome.data["allowed"], step(outcome.data, "certificate")["ok"]) == (False, True)
    assert outcome.data["answer"].startswith("-ERR [AUTH] ")


def test_quiet_it_says_nothing_when_all_is_well(house: House, run: Run, dovecot: Dovecot) -> None:
    target = at(dovecot, GOOD)
    proxied(house, target, more=trusting(dovecot))
    assert run("proxy", "test", target, "--quiet") == Outcome(0, "", "")


def test_quiet_it_says_in_one_line_what_is_wrong(house: House, run: Run, dovecot: Dovecot) -> None:
    target = at(dovecot, EXPIRED)
    proxied(house, target, more=trusting(dovecot))
    answer = f"-ERR [SYS/TEMP] cannot reach {target}: certificate not trusted"
    assert run("proxy", "test", target, "--quiet") == Outcome(1, "", f"mtq: {target}: a client gets: {answer}\n")


def test_steps_are_shown_as_they_happen(house: House) -> None:
    seen = threading.Event()

    def talk(peer: Peer) -> None:
        peer.say(READY)
        peer.hear()
        assert seen.wait(WAIT)
        peer.say(b"-ERR\r\n")
        peer.answer(b"+OK")

    with Remote(talk) as remote:
        proxied(house, f"127.0.0.1:{remote.port}", more='tls = "off"')
        command = [MTQ, "--config", str(house.file), "proxy", "test", f"127.0.0.1:{remote.port}"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as test:
            assert test.stdout is not None
            for line in test.stdout:
                if "greeting" in line:
                    seen.set()
        assert seen.is_set()
        assert test.returncode == 0


def test_on_a_terminal_the_password_is_asked_for_and_steps_have_marks(house: House) -> None:
    with Remote(saying(CAPA, b"+OK", b"+OK in", b"+OK 2 320", b"+OK")) as remote:
        target = f"127.0.0.1:{remote.port}"
        proxied(house, target)
        shown = at_a_terminal(
            "--config", str(house.file), "proxy", "test", target, "--user", "fred", typed=[PASSWORD]
        )
    assert shown.code == 0
    assert f"Password for fred at {target}: " in shown.out
    assert "✓" in shown.out
    assert "✗" not in shown.out
    assert "2 messages, 320 octets" in shown.out
    assert PASSWORD not in shown.out


# The password


@pytest.mark.parametrize("options", [(), ("--json",), ("--quiet",)])
@pytest.mark.parametrize("answers", [(CAPA, b"+OK", b"+OK in", b"+OK 2 320", b"+OK"), (CAPA, b"+OK", NO), (CAPA,)])
def test_of_the_password_nothing_is_ever_said(
    house: House, run: Run, answers: tuple[bytes, ...], options: tuple[str, ...]
) -> None:
    with Remote(saying(*answers, hang_up=True)) as remote:
        proxied(house, f"127.0.0.1:{remote.port}")
        outcome = run(
            "proxy", "test", f"127.0.0.1:{remote.port}", "--user", "fred", "--password-stdin", *options,
            stdin=PASSWORD.encode() + b"\n",
        )
    assert any(PASSWORD.encode() in line for line in remote.heard[0]) is (len(answers) > 1)
    assert PASSWORD not in outcome.out + outcome.err


def test_no_line_end_of_a_user_name_becomes_a_command(house: House, run: Run) -> None:
    with Remote(saying(CAPA, b"+OK")) as remote:
        proxied(house, f"127.0.0.1:{remote.port}")
        outcome = run(
            "proxy", "test", f"127.0.0.1:{remote.port}", "--user", "fred\r\nDELE 1", "--password-stdin",
            stdin=b"secret\n",
        )
    assert outcome.code == 1
    assert remote.heard == [[b"CAPA"]]


# Wrong usage


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("a..b",),
        ("*.isp.com",),
        ("pop.isp.com:0",),
        ("pop.isp.com:pop3",),
        ("fred#pop.isp.com",),
        ("2130706433",),
        ("pop.isp.com", "--password-stdin"),
        ("pop.isp.com", "--user", "fred"),
        ("pop.isp.com", "--user", "fred", "--password-stdin"),
        ("pop.isp.com", "--password", "secret"),
    ],
)
def test_what_cannot_be_meant_is_wrong_usage(house: House, run: Run, arguments: tuple[str, ...]) -> None:
    proxied(house)
    outcome = run("proxy", "test", *arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.count("\n") == 1


def test_a_service_has_to_be_there(house: House, run: Run) -> None:
    outcome = run("proxy", "test", "pop.isp.com", "--service", "imap")
    assert (outcome.code, outcome.err) == (1, "mtq: there is no service imap; there are: pop3, pop3s\n")


# Whose proxy it is


def test_without_any_proxy_it_is_tested_by_the_defaults(house: House, run: Run) -> None:
    data = run("proxy", "test", f"127.0.0.1:{free_port()}", "--json").data
    assert (data["service"], data["steps"][0]["ok"]) == (None, False)
    assert data["answer"] == "-ERR [AUTH] wrong user name or password"


def test_the_only_service_is_the_one(house: House, run: Run) -> None:
    house.file.write_text(house.file.read_text().partition("[services.pop3s]")[0])
    data = run("proxy", "test", f"127.0.0.1:{free_port()}", "--json").data
    assert (data["service"], data["steps"][0]["text"]) == (
        "pop3", "pop3: its proxy is off (services.pop3.proxy.enabled)"
    )


def test_of_two_the_first_is_taken_and_the_other_named(house: House, run: Run) -> None:
    proxied(house)
    house.file.write_text(house.file.read_text() + "[services.pop3s.proxy]\nenabled = true\n")
    target = f"127.0.0.1:{free_port()}"
    first = run("proxy", "test", target, "--json")
    second = run("proxy", "test", target, "--json", "--service", "pop3s")
    assert first.data["steps"][0]["text"] == "pop3: its proxy is on; so is that of pop3s (--service)"
    assert second.data["service"] == "pop3s"


# Dial-up


def dialled(house: House, port: int) -> Path:
    """A house whose proxy dials for everything, and where its commands write what they did."""
    log = house.folder / "dialled"
    commands = "\n".join(f'{what} = ["/bin/sh", "-c", "echo {what} >> {log}"]' for what in ("up", "down"))
    proxied(
        house, f"127.0.0.1:{port}", more=f'tls = "off"\n[services.pop3.proxy.dialup]\nenabled = true\n{commands}'
    )
    text = house.file.read_text().replace("[server]", '[server]\nlan = ["192.0.2.0/24"]')
    house.file.write_text(text.replace("[services.pop3]", '[services.pop3]\naccess = "any"'))
    log.touch()
    return log


LOGGED_IN = saying(CAPA, b"+OK", b"+OK in", b"+OK 2 320", b"+OK")


def test_nothing_is_dialled_unasked(house: House, run: Run) -> None:
    with Remote(saying(CAPA, b"+OK")) as remote:
        log = dialled(house, remote.port)
        outcome = run("proxy", "test", f"127.0.0.1:{remote.port}", "--json")
    assert (outcome.code, log.read_text()) == (0, "")
    assert step(outcome.data, "link")["text"] == "a client's login would dial, this test does not"


def test_with_dial_the_link_is_up_for_the_test(house: House, run: Run) -> None:
    with Remote(saying(CAPA, b"+OK")) as remote:
        log = dialled(house, remote.port)
        outcome = run("proxy", "test", f"127.0.0.1:{remote.port}", "--dial", "--json")
    assert (outcome.code, log.read_text()) == (0, "up\ndown\n")
    assert [s["text"] for s in outcome.data["steps"] if s["name"] == "link"] == ["up", "hung up"]


def test_a_link_that_cannot_be_hung_up_is_said(house: House, run: Run) -> None:
    with Remote(saying(CAPA, b"+OK")) as remote:
        dialled(house, remote.port)
        house.file.write_text(house.file.read_text().replace("echo down", "exit 3; echo"))
        outcome = run("proxy", "test", f"127.0.0.1:{remote.port}", "--dial", "--json")
    assert outcome.code == 0
    assert "cannot hang up" in step(outcome.data, "link")["text"]
    assert not step(outcome.data, "link")["ok"]


def test_the_link_of_a_running_server_is_left_to_it(house: House, run: Run) -> None:
    with Remote(LOGGED_IN, saying(CAPA, b"+OK")) as remote:
        log = dialled(house, remote.port)
        with house.process():
            with Client(house.pop3) as client:
                assert client.login(f"fred#127.0.0.1:{remote.port}") == b"+OK in"
            outcome = run("proxy", "test", f"127.0.0.1:{remote.port}", "--dial", "--json")
            assert log.read_text() == "up\n"
    assert step(outcome.data, "link")["text"] == "up, by the running server"


def test_who_interrupts_a_test_leaves_no_link_up(house: House) -> None:
    with Remote(silent) as remote:
        log = dialled(house, remote.port)
        command = [MTQ, "--config", str(house.file), "proxy", "test", f"127.0.0.1:{remote.port}", "--dial"]
        with subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),     # who runs us may ignore it
        ) as test:
            assert test.stdout is not None
            for line in test.stdout:
                if " route " in line:
                    test.send_signal(signal.SIGINT)
            said = test.communicate()[1]
    assert test.returncode == 128 + signal.SIGINT
    assert "Traceback" not in said
    assert log.read_text() == "up\ndown\n"


# The allow-list


def listed(run: Run, service: str = "pop3") -> list[str]:
    """What is allowed."""
    return [row["server"] for row in run("proxy", "allow", "list", "--service", service, "--json").data["allow"]]


def allow(run: Run, what: str, *arguments: str) -> Outcome:
    return run("proxy", "allow", what, *arguments, "--service", "pop3")


def test_servers_are_allowed_and_no_more(house: House, run: Run) -> None:
    proxied(house, "pop.example.com")
    assert allow(run, "add", "pop.isp.com", "*.isp.com", "pop.isp.com:995") == Outcome(
        0, "", "service pop3: pop.isp.com, *.isp.com, pop.isp.com:995 added\n"
    )
    assert listed(run) == ["pop.example.com", "pop.isp.com", "*.isp.com", "pop.isp.com:995"]
    assert allow(run, "remove", "pop.isp.com", "*.isp.com").err == (
        "service pop3: pop.isp.com, *.isp.com removed\n"
    )
    assert listed(run) == ["pop.example.com", "pop.isp.com:995"]


def test_a_list_is_made_where_there_is_none_and_the_proxy_that_is_off_is_named(house: House, run: Run) -> None:
    outcome = allow(run, "add", "pop.isp.com")
    assert outcome.err == (
        "service pop3: pop.isp.com added; its proxy is off: `mtq config set services.pop3.proxy.enabled true`\n"
    )
    assert listed(run) == ["pop.isp.com"]


@pytest.mark.parametrize("written", ["POP.isp.com", "pop.isp.com.", " pop.isp.com "])
def test_what_is_there_in_another_way_of_writing_is_there(house: House, run: Run, written: str) -> None:
    proxied(house, "pop.isp.com")
    before = house.file.read_bytes()
    assert allow(run, "add", written).err == f"unchanged: service pop3: {written.strip()} there already\n"
    assert house.file.read_bytes() == before
    assert allow(run, "remove", written).err == "service pop3: pop.isp.com removed\n"
    assert listed(run) == []


@pytest.mark.parametrize("written", ["*.isp.com", "pop.isp.com:110", "isp.com", "other.isp.com"])
def test_what_is_only_like_it_is_not_there(house: House, run: Run, written: str) -> None:
    proxied(house, "pop.isp.com")
    assert allow(run, "remove", written) == Outcome(0, "", f"unchanged: service pop3: {written} not there\n")


def test_one_that_is_named_twice_is_added_once(house: House, run: Run) -> None:
    proxied(house)
    allow(run, "add", "pop.isp.com", "POP.ISP.COM")
    assert listed(run) == ["pop.isp.com"]


def test_quiet_a_change_says_nothing(house: House, run: Run) -> None:
    proxied(house)
    assert allow(run, "add", "pop.isp.com", "--quiet") == Outcome(0, "", "")
    assert allow(run, "add", "pop.isp.com", "--quiet") == Outcome(0, "", "")


@pytest.mark.parametrize(("what", "entry"), [("add", "*.isp.com"), ("remove", "pop.isp.com")])
def test_a_dry_run_shows_the_difference_and_changes_nothing(house: House, run: Run, what: str, entry: str) -> None:
    proxied(house, "pop.isp.com")
    before = house.file.read_bytes()
    outcome = allow(run, what, entry, "--dry-run")
    assert (outcome.code, outcome.err) == (0, "")
    assert '-allow = ["pop.isp.com"]' in outcome.out.splitlines()
    assert house.file.read_bytes() == before


@pytest.mark.parametrize("what", ["add", "remove"])
@pytest.mark.parametrize("entry", ["a..b", "*.192.0.2.7", "pop.isp.com:0", "", "127.1", "*", "pop.*.com"])
def test_a_malformed_entry_is_wrong_usage(house: House, run: Run, what: str, entry: str) -> None:
    before = house.file.read_bytes()
    outcome = allow(run, what, "pop.isp.com", entry)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith(f"mtq: {entry!r} cannot be allowed: ")
    assert house.file.read_bytes() == before


@pytest.mark.parametrize("arguments", [("add", "pop.isp.com"), ("remove", "pop.isp.com"), ("list",)])
def test_the_service_of_a_list_has_to_be_there(house: House, run: Run, arguments: tuple[str, ...]) -> None:
    outcome = run("proxy", "allow", *arguments, "--service", "imap")
    assert outcome == Outcome(1, "", "mtq: there is no service imap; there are: pop3, pop3s\n")


@pytest.mark.parametrize("what", ["add", "remove"])
def test_a_change_without_its_service_is_wrong_usage(run: Run, what: str) -> None:
    assert run("proxy", "allow", what, "pop.isp.com").code == 2


def test_the_lists_of_all_services_are_listed(house: House, run: Run) -> None:
    proxied(house, "pop.isp.com")
    assert run("proxy", "allow", "list").out == "SERVICE  SERVER\npop3     pop.isp.com\n"
    assert run("proxy", "allow", "list", "--service", "pop3s") == Outcome(
        0, "", "No server is allowed: `mtq proxy allow add SERVER --service NAME`.\n"
    )


def test_where_any_server_may_be_used_that_is_said(house: House, run: Run) -> None:
    proxied(house, more="only_allowed = false")
    assert "service pop3: only_allowed is off" in run("proxy", "allow", "list").err


def test_an_allowed_server_can_be_used_at_once(house: House, run: Run) -> None:
    with Remote(LOGGED_IN) as remote:
        proxied(house)
        name = f"fred#127.0.0.1:{remote.port}"
        with house.process(), Client(house.pop3) as before, Client(house.pop3) as after:
            assert before.login(name).startswith(b"-ERR [AUTH]")
            allow(run, "add", f"127.0.0.1:{remote.port}")
            assert after.login(name) == b"+OK in"


# What the running server remembers


@pytest.fixture
def remembering(house: House) -> Iterator[str]:
    """A running server that remembers of fred at one server that APOP does not work."""
    with Remote(saying(NO, NO, NO, b"+OK", b"+OK in", greeting=WITH_APOP)) as remote:
        proxied(house, f"127.0.0.1:{remote.port}")
        with house.process(), Client(house.pop3) as client:
            assert client.login(f"fred#127.0.0.1:{remote.port}") == b"+OK in"
            yield f"127.0.0.1:{remote.port}"


def remembered(run: Run) -> list[Any]:
    """The rows of failures."""
    return list(run("proxy", "failures", "--json").data["failures"])


def test_failures_are_listed(remembering: str, run: Run) -> None:
    [row] = remembered(run)
    assert row.keys() == {"server", "user", "since"}
    assert (row["server"], row["user"]) == (remembering, "fred")
    assert run("proxy", "failures").out.splitlines()[0].split() == ["SERVER", "USER", "SINCE"]


Arguments = Callable[[str], tuple[str, ...]]

MEANT: dict[str, Arguments] = {
    "everything": lambda server: (),
    "the server": lambda server: (server,),
    "each of its ports": lambda server: ("127.0.0.1",),
    "the user": lambda server: (server, "fred"),
}
NOT_MEANT: dict[str, Arguments] = {
    "another server": lambda server: ("pop.isp.com",),
    "another port": lambda server: ("127.0.0.1:1",),
    "another user": lambda server: (server, "wilma"),
}


@pytest.mark.parametrize("arguments", [pytest.param(a, id=name) for name, a in MEANT.items()])
def test_a_failure_is_forgotten(remembering: str, run: Run, arguments: Arguments) -> None:
    dry = run("proxy", "forget", *arguments(remembering), "--dry-run")
    assert dry == Outcome(0, "", "1 would be forgotten\n")
    assert len(remembered(run)) == 1
    done = run("proxy", "forget", *arguments(remembering))
    assert done == Outcome(0, "", "1 forgotten: APOP is tried there again\n")
    assert remembered(run) == []
    assert run("proxy", "failures").err == "No server has refused APOP.\n"


@pytest.mark.parametrize("arguments", [pytest.param(a, id=name) for name, a in NOT_MEANT.items()])
def test_what_is_not_remembered_is_forgotten_already(remembering: str, run: Run, arguments: Arguments) -> None:
    for options in ((), ("--dry-run",)):
        outcome = run("proxy", "forget", *arguments(remembering), *options)
        assert outcome == Outcome(0, "", "unchanged: no such failure is remembered\n")
    assert len(remembered(run)) == 1


def test_forgetting_at_no_server_is_wrong_usage(run: Run) -> None:
    assert run("proxy", "forget", "a..b").code == 2


def test_the_state_of_each_proxy_is_told(remembering: str, run: Run) -> None:
    assert run("proxy", "status", "--json").data == {
        "proxies": [
            {"service": "pop3", "enabled": True, "sessions": 1, "link": None},
            {"service": "pop3s", "enabled": False, "sessions": 0, "link": None},
        ]
    }
    assert run("proxy", "status").out.splitlines()[1].split() == ["pop3", "yes", "1"]


@pytest.mark.parametrize("command", ["failures", "forget", "status"])
def test_without_a_server_there_is_nothing_to_ask(house: House, run: Run, command: str) -> None:
    outcome = run("proxy", command)
    assert (outcome.code, outcome.out) == (4, "")
    assert outcome.err.startswith("mtq: no server is running")


def test_the_test_is_the_command_that_is_installed(house: House, dovecot: Dovecot) -> None:
    target = at(dovecot, GOOD)
    proxied(house, target, more=trusting(dovecot))
    outcome = process(
        "--config", str(house.file), "proxy", "test", target, "--user", "fred", "--password-stdin", "--json",
        stdin=b"secret\n",
    )
    assert (outcome.code, outcome.err) == (0, "")
    assert json.loads(outcome.out)["answer"] == "+OK Logged in."
