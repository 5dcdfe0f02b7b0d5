"""What each method does with a server, and what it answers: the results are those of the document."""

import os
import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mtq import __version__, tls
from mtq.access.ranges import client_address
from mtq.access.servers import Server
from mtq.control import wire
from mtq.control.handlers import Reception
from mtq.control.wire import VERSION
from mtq.ledger import utc_now
from mtq.users.throttle import FORGIVEN
from tests.control.raw import Raw
from tests.house import House, Running
from tests.server.pop import Client

Json = Any      # what JSON holds has no narrower type

DOCUMENT = (Path(__file__).parents[2] / "docs" / "control-protocol.md").read_text()


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A house with fred and his mail."""
    house = House(tmp_path)
    house.user("fred", "secret")
    house.deliver("fred", b"Subject: hello\n\nhello\n")
    return house


@pytest.fixture
def running(house: House) -> Iterator[Running]:
    """Its server."""
    with house.serving() as running:
        yield running


@pytest.fixture
def caller(house: House, running: Running) -> Iterator[Raw]:
    """A client of the server's control socket."""
    with Raw(house.config.server.control_socket) as caller:
        yield caller


def ask(caller: Raw, method: str, params: dict[str, object]) -> Json:
    """The answer of a method."""
    caller.send(wire.call(1, method, params))
    return caller.answer()


def result(caller: Raw, method: str, **params: object) -> Json:
    """The result of a method."""
    answer = ask(caller, method, params)
    assert "result" in answer, answer
    return answer["result"]


def refusal(caller: Raw, method: str, **params: object) -> tuple[str, str]:
    """The message of a server's no, and its kind."""
    error = ask(caller, method, params)["error"]
    return error["message"], error["data"]["kind"]


def rewrite(house: House, was: str, now: str) -> None:
    """Change the configuration by hand."""
    text = house.file.read_text()
    assert was in text
    house.file.write_text(text.replace(was, now))


@contextmanager
def logged_in(house: House, source: str | None = None) -> Iterator[Client]:
    """A session of fred's."""
    with Client(house.pop3, source=source) as client:
        assert client.login().startswith(b"+OK")
        yield client


# The server


def test_status_says_how_the_server_is(house: House, running: Running, caller: Raw) -> None:
    with logged_in(house):
        found = result(caller, "server.status")
    assert found["version"] == __version__
    assert (found["protocol"], found["pid"], found["config"]) == (VERSION, os.getpid(), str(house.file))
    assert found["hostname"] == "localhost"
    assert [service["name"] for service in found["services"]] == ["pop3", "pop3s"]
    assert (found["sessions"], found["locks"]) == (1, 1)
    assert (found["totals"]["sessions"], found["totals"]["logins"]) == (1, 1)
    assert datetime.fromisoformat(found["since"]).tzinfo is not None


def test_a_change_that_waits_for_the_next_start_is_warned_of_until_it_is_taken_back(
    house: House, running: Running, caller: Raw
) -> None:
    for was, now, expected in [
        ("[server]", "[server]\nuser = 'somebody'", ["server.user was changed and counts from the next start on"]),
        ("user = 'somebody'", "", []),
    ]:
        rewrite(house, was, now)
        result(caller, "server.reload")
        assert [text for text in result(caller, "server.status")["warnings"] if "start" in text] == expected


def test_a_reload_tells_what_it_has_changed(house: House, caller: Raw) -> None:
    rewrite(house, "[services.pop3]", "[services.pop3]\nmax_connections = 7")
    told = result(caller, "server.reload")
    assert (told["changed"], told["failed"], told["at_start"]) == (["services.pop3.max_connections"], [], [])
    shown = {row["service"]: (row["before"], row["after"]) for row in told["certificates"]}
    assert shown.keys() == {"pop3", "pop3s"}
    assert all(before == after for before, after in shown.values())


def test_a_reload_shows_that_a_certificate_is_another_one(house: House, caller: Raw) -> None:
    tls.make(house.config.tls.certificate, house.config.tls.key, "localhost", utc_now())
    for row in result(caller, "server.reload")["certificates"]:
        assert row["before"] != row["after"]


def test_a_reload_of_an_invalid_file_is_refused_and_changes_nothing(
    house: House, running: Running, caller: Raw
) -> None:
    rewrite(house, "[services.pop3]", "[services.pop3]\nmax_connections = 0")
    message, kind = refusal(caller, "server.reload")
    assert message.startswith(f"{house.file}:")
    assert kind == "config"
    assert running.server.config == house.config


def test_a_service_that_cannot_follow_is_told_with_what_has_become_of_it(house: House, caller: Raw) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        text = f'[services.new]\nlisten = "127.0.0.1:{taken}"\ntls = "off"\n'
        house.file.write_text(house.file.read_text().replace(f"127.0.0.1:{house.pop3}", f"127.0.0.1:{taken}9") + text)
        rewrite(house, f"127.0.0.1:{taken}9", "192.0.2.1:1110")
        failed = result(caller, "server.reload")["failed"]
    assert failed == [
        {"service": "pop3", "state": "running", "error": "port 192.0.2.1:1110: this machine has no such address"},
        {"service": "new", "state": "failed", "error": f"port 127.0.0.1:{taken}: something else listens there"},
    ]


@pytest.mark.parametrize("dry_run", [False, None])
def test_what_a_reload_would_change_is_not_changed(
    house: House, running: Running, caller: Raw, dry_run: bool | None
) -> None:
    rewrite(house, "[services.pop3]", "[services.pop3]\nmax_connections = 7")
    told = result(caller, "server.reload", dry_run=True)
    assert told == {"changed": ["services.pop3.max_connections"], "failed": [], "at_start": [], "certificates": []}
    assert running.server.services["pop3"].settings.max_connections == 25
    assert result(caller, "server.reload", dry_run=dry_run)["changed"] == ["services.pop3.max_connections"]


def test_the_server_ends_and_hangs_up_last(house: House, running: Running, caller: Raw) -> None:
    with logged_in(house) as client:
        assert result(caller, "server.shutdown") == {}
        assert client.rest().startswith(b"-ERR [SYS/TEMP] ")
        assert caller.rest() == []
    with pytest.raises(ConnectionRefusedError):
        Client(house.pop3)


# Services


def test_services_are_listed_in_the_order_of_the_configuration(house: House, caller: Raw) -> None:
    with logged_in(house):
        pop3, pop3s = result(caller, "service.list")["services"]
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
    assert (pop3s["name"], pop3s["tls"], pop3s["connections"]) == ("pop3s", "implicit", 0)


def test_a_service_is_stopped_and_started(caller: Raw) -> None:
    done = [result(caller, method, name="pop3") for method in ("service.stop", "service.stop", "service.start")]
    assert [(told["changed"], told["service"]["state"]) for told in done] == [
        (True, "stopped"),
        (False, "stopped"),
        (True, "running"),
    ]
    assert result(caller, "service.start", name="pop3")["changed"] is False


@pytest.mark.parametrize("before", ["service.stop", "service.start"])
def test_a_restart_leaves_it_running_whatever_it_did_before(caller: Raw, before: str) -> None:
    result(caller, before, name="pop3")
    told = result(caller, "service.restart", name="pop3")
    assert (told["changed"], told["service"]["state"]) == (True, "running")


@pytest.mark.parametrize("method", ["service.start", "service.stop", "service.restart"])
def test_a_service_that_is_not_there_is_told(caller: Raw, method: str) -> None:
    assert refusal(caller, method, name="pop4") == ("there is no service pop4; there are: pop3, pop3s", "failed")


def test_a_service_that_cannot_start_says_why_and_is_listed_so(house: House, caller: Raw) -> None:
    result(caller, "service.stop", name="pop3")
    with socket.create_server(("127.0.0.1", house.pop3)):
        reason = f"port 127.0.0.1:{house.pop3}: something else listens there"
        assert refusal(caller, "service.start", name="pop3") == (f"service pop3 cannot start: {reason}", "failed")
    [row, _] = result(caller, "service.list")["services"]
    assert (row["state"], row["error"]) == ("failed", reason)


# Sessions and locks


def test_sessions_are_listed_the_oldest_first(house: House, running: Running, caller: Raw) -> None:
    with logged_in(house, "127.0.0.2"), Client(house.pop3s, authority=house.authority) as second:
        second.line()
        one, two = result(caller, "session.list")["sessions"]
    assert (one["id"], one["user"], one["address"], one["state"]) == ("1", "fred", "127.0.0.2", "transaction")
    assert (one["service"], one["tls"], one["target"]) == ("pop3", None, None)
    assert one["bytes_in"] == len("USER fred\r\nPASS secret\r\n")
    assert (two["id"], two["user"], two["service"], two["state"]) == ("2", None, "pop3s", "greeting")
    assert two["tls"].startswith("TLSv1.")


@pytest.mark.parametrize("chosen", [{"id": "1"}, {"user": "FRED"}, {"address": "::ffff:127.0.0.2"}])
def test_sessions_are_ended_by_id_user_or_address(house: House, caller: Raw, chosen: dict[str, str]) -> None:
    with logged_in(house, "127.0.0.2") as client, Client(house.pop3) as another:
        another.line()
        [ended] = result(caller, "session.kick", **chosen)["sessions"]
        assert (ended["id"], ended["user"]) == ("1", "fred")
        assert client.rest().startswith(b"-ERR [SYS/TEMP] ")
        assert another.ask(b"USER wilma").startswith(b"+OK")


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"id": "9"}, "there is no session 9"),
        ({"user": "wilma"}, "wilma has no session"),
        ({"address": "192.0.2.7"}, "there is no session from 192.0.2.7"),
    ],
)
def test_who_is_not_there_cannot_be_ended(caller: Raw, chosen: dict[str, str], message: str) -> None:
    assert refusal(caller, "session.kick", **chosen) == (message, "failed")


@pytest.mark.parametrize("chosen", [{}, {"id": "1", "user": "fred"}])
def test_sessions_are_chosen_by_one_thing(caller: Raw, chosen: dict[str, str]) -> None:
    assert refusal(caller, "session.kick", **chosen) == ("session.kick takes one of id, user and address", "usage")


def test_locks_are_listed(house: House, caller: Raw) -> None:
    with logged_in(house):
        [lock] = result(caller, "lock.list")["locks"]
    assert lock["mailbox"] == str(house.mailbox("fred"))
    assert (lock["user"], lock["service"], lock["session"], lock["address"]) == ("fred", "pop3", "1", "127.0.0.1")
    assert lock["idle_seconds"] + lock["releases_in"] == pytest.approx(60)


@pytest.mark.parametrize("by", ["path", "user"])
def test_a_lock_is_released_with_its_session(house: House, caller: Raw, by: str) -> None:
    mailbox = str(house.mailbox("fred")) if by == "path" else "fred"
    with logged_in(house) as client:
        assert result(caller, "lock.release", mailbox=mailbox) == {"released": True}
        assert client.rest().startswith(b"-ERR [SYS/TEMP] ")
    assert result(caller, "lock.release", mailbox=mailbox) == {"released": False}


# Access


def test_ranges_are_listed_those_of_the_lan_last(house: House, running: Running, caller: Raw) -> None:
    (house.folder / "blocked.txt").write_text("192.0.2.1  # here they are comments\n")
    rewrite(
        house,
        "[services.pop3]",
        '[services.pop3]\nfirewall = [{ range = "!192.0.2.0/24", until = 2999-01-01T00:00:00Z, comment = "scans" }]\n'
        'firewall_file = "blocked.txt"',
    )
    result(caller, "server.reload")
    rows = result(caller, "firewall.list")["ranges"]
    assert rows[0] == {
        "range": "!192.0.2.0/24",
        "service": "pop3",
        "exclude": True,
        "until": "2999-01-01T00:00:00.000Z",
        "comment": "scans",
        "in_force": True,
    }
    assert [(row["range"], row["service"]) for row in rows[1:]] == [
        ("192.0.2.1", "pop3"),
        ("127.0.0.0/8", None),
        ("::1", None),
    ]


def test_ranges_of_a_service_that_does_not_run_are_listed_as_far_as_they_are_known(
    house: House, caller: Raw
) -> None:
    result(caller, "service.stop", name="pop3")
    rewrite(
        house,
        "[services.pop3]",
        '[services.pop3]\nfirewall = ["192.0.2.7"]\nfirewall_file = "no"\ncertificate = "no"\nkey = "no"',
    )
    result(caller, "server.reload")
    assert result(caller, "firewall.list")["ranges"][0]["range"] == "192.0.2.7"


def test_a_check_says_what_decides(caller: Raw) -> None:
    assert result(caller, "firewall.check", address="::ffff:127.0.0.9", service="pop3") == {
        "address": "127.0.0.9",
        "service": "pop3",
        "allowed": True,
        "range": "127.0.0.0/8",
        "reason": "covered by 127.0.0.0/8, a range of the LAN",
    }
    found = result(caller, "firewall.check", address="2001:db8::1", service="pop3")
    assert (found["allowed"], found["range"], found["reason"]) == (False, None, "no range covers it")


def test_nobody_is_let_in_by_a_service_that_does_not_run(caller: Raw) -> None:
    result(caller, "service.stop", name="pop3")
    found = result(caller, "firewall.check", address="127.0.0.1", service="pop3")
    assert (found["allowed"], found["range"], found["reason"]) == (False, None, "the service does not run")


def test_a_check_for_no_service_is_told(caller: Raw) -> None:
    assert refusal(caller, "firewall.check", address="127.0.0.1", service="x")[1] == "failed"


def test_penalties_are_listed_and_forgotten(running: Running, caller: Raw) -> None:
    def fail() -> None:
        for address in ("192.0.2.7", "2001:db8::7", "2001:db8::8"):
            running.server.throttle.failed(client_address(address), "fred", None, running.now())

    running.server.throttle.delay = 2.0
    running.call(fail)
    found = result(caller, "penalty.list")["penalties"]
    assert [(row["address"], row["failures"], row["delay"]) for row in found] == [
        ("2001:db8::/64", 2, 4.0),
        ("192.0.2.7", 1, 2.0),
    ]
    left = datetime.fromisoformat(found[0]["until"]) - datetime.now(UTC)
    assert 0 < left.total_seconds() <= FORGIVEN
    assert result(caller, "penalty.forget", address="2001:db8::9") == {"forgotten": True}
    assert result(caller, "penalty.forget", address="2001:db8::9") == {"forgotten": False}
    assert [row["address"] for row in result(caller, "penalty.list")["penalties"]] == ["192.0.2.7"]


# The document


def noted(found: Json) -> str:
    """A result in the notation of the document."""
    return " ".join(name + _noted(value) for name, value in found.items())


def _noted(value: Json) -> str:
    match value:
        case {}:
            return "{" + " ".join(value) + "}"
        case [{} as first, *_]:
            return "[" + " ".join(first) + "]"
        case [str(), *_]:
            return "[]"
        case []:
            raise AssertionError("an empty list shows nothing")
        case _:
            return ""


def documented() -> dict[str, str]:
    """The results in the document by method."""
    section = DOCUMENT.partition("\n## Results\n")[2].partition("\n## ")[0]
    found: dict[str, str] = {}
    last = ""
    for method, cell in re.findall(r"^\| `([\w.]+)` \| (.*) \|$", section, re.MULTILINE):
        if not cell.startswith("the same"):
            last = cell.strip("`") if cell != "nothing" else ""
        found[method] = last
    return found


def every_result(house: House, running: Running, caller: Raw) -> Iterator[tuple[str, Json]]:
    """A result of each method, with something in every list."""
    with logged_in(house), Client(house.pop3, source="127.0.0.2") as wrong, ExitStack() as others:
        wrong.login("fred", "wrong")
        other = others.enter_context(socket.create_server(("127.0.0.1", 0)))
        taken = other.getsockname()[1]
        rewrite(house, "[server]", "[server]\nuser = 'somebody'")
        house.file.write_text(house.file.read_text() + f'[services.new]\nlisten = "127.0.0.1:{taken}"\n')
        yield "server.reload", result(caller, "server.reload")
        for method in ("server.status", "service.list", "session.list", "lock.list", "firewall.list"):
            yield method, result(caller, method)
        for method in ("penalty.list", "log.tail", "events.subscribe"):
            yield method, result(caller, method)
        result(caller, "events.subscribe", events=["lock.taken"])      # else events come between the answers
        running.call(lambda: running.server.failures.remember(Server("pop.isp.com", 995), "fred"))
        for method in ("proxy.failures", "proxy.status", "proxy.forget"):
            yield method, result(caller, method)
        yield "firewall.check", result(caller, "firewall.check", address="127.0.0.1", service="pop3")
        yield "penalty.forget", result(caller, "penalty.forget", address="127.0.0.2")
        yield "session.kick", result(caller, "session.kick", id="1")
        yield "lock.release", result(caller, "lock.release", mailbox="fred")
        for method in ("service.stop", "service.start", "service.restart"):
            yield method, result(caller, method, name="pop3s")
        yield "server.shutdown", result(caller, "server.shutdown")


def test_the_results_are_as_the_document_has_them(house: House, running: Running, caller: Raw) -> None:
    found = {method: noted(data) for method, data in every_result(house, running, caller)}
    expected = documented()
    assert found == {method: expected[method] for method in found}
    assert found.keys() - {"log.tail", "events.subscribe"} == set(Reception(running.server).handlers())
