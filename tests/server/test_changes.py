"""Changing a server that runs: what is new counts, what stays is not touched, and nobody is thrown out."""

import re
import socket
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from mtq import tls
from mtq.errors import ConfigInvalid, MtqError
from mtq.ledger import ServiceState, utc_now
from mtq.server.run import NoSuchService
from tests.house import SERVICES, WAIT, House, Running, free_port
from tests.server.pop import Client


def rewrite(house: House, was: str, now: str) -> None:
    """Change the configuration by hand."""
    text = house.file.read_text()
    assert was in text
    house.file.write_text(text.replace(was, now))


def can_connect(port: int) -> bool:
    """Whether somebody listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def states(running: Running) -> dict[str, str]:
    """What each service does."""
    return {name: service.state.value for name, service in running.server.services.items()}


NEW_SERVICE = """
[services.{name}]
listen = ["127.0.0.1:{port}"]
"""

# Reload


def test_a_reload_of_an_unchanged_file_changes_nothing(house: House) -> None:
    with house.serving() as running, Client(house.pop3) as client:
        client.login()
        outcome = running.do(running.server.reload())
        assert (outcome.changed, outcome.failed) == ([], {})
        assert client.ask(b"NOOP") == b"+OK"


def test_what_a_reload_would_take_up_can_be_known_before(house: House) -> None:
    with house.serving() as running:
        rewrite(house, "[server]", "[server]\nuser = 'somebody'\nshutdown_grace = 1")
        seen = running.do(running.server.foresee())
        assert (seen.changed, seen.at_start) == (["server.user", "server.shutdown_grace"], ["server.user"])
        assert running.server.config == house.config


def test_new_limits_count_for_who_comes_next(house: House) -> None:
    with house.serving() as running, Client(house.pop3) as client:
        client.line()
        rewrite(house, "[services.pop3]", "[services.pop3]\nmax_connections = 1")
        assert running.do(running.server.reload()).changed == ["services.pop3.max_connections"]
        with Client(house.pop3) as another:
            assert another.line().startswith(b"-ERR [SYS/TEMP]")
        assert client.ask(b"USER fred") == b"+OK"


def test_new_ranges_count_at_once_and_drop_nobody(house: House) -> None:
    with house.serving() as running, Client(house.pop3, source="127.0.0.2") as client:
        client.login()
        rewrite(house, "[services.pop3]", '[services.pop3]\nfirewall = ["!127.0.0.2"]')
        running.do(running.server.reload())
        with Client(house.pop3, source="127.0.0.2") as another:
            assert another.line() == b"-ERR access denied"
        assert client.ask(b"NOOP") == b"+OK"


def test_an_invalid_file_changes_nothing_and_says_where(house: House) -> None:
    with house.serving() as running:
        rewrite(house, "[services.pop3]", "[services.pop3]\nmax_connections = 0")
        with pytest.raises(ConfigInvalid, match=r"mtq.toml:\d+: services.pop3.max_connections: found 0"):
            running.do(running.server.reload())
        with Client(house.pop3) as client:
            assert client.login().startswith(b"+OK")


def test_a_port_that_moves_takes_its_clients_along(house: House) -> None:
    with house.serving() as running, Client(house.pop3) as client:
        client.login()
        elsewhere = free_port()
        rewrite(house, str(house.pop3), str(elsewhere))
        running.do(running.server.reload())
        assert (can_connect(house.pop3), can_connect(elsewhere)) == (False, True)
        assert client.ask(b"NOOP") == b"+OK"


def test_a_port_that_stays_is_never_closed(house: House) -> None:
    with house.serving() as running:
        more = free_port()
        rewrite(house, f'listen = ["127.0.0.1:{house.pop3}"]', f'listen = ["127.0.0.1:{house.pop3}", {more}]')
        [before] = running.server.services["pop3"]._listeners.values()
        running.do(running.server.reload())
        assert before in running.server.services["pop3"]._listeners.values()


def test_two_services_may_change_places(house: House) -> None:
    with house.serving() as running:
        text = house.file.read_text()
        swapped = {str(house.pop3): str(house.pop3s), str(house.pop3s): str(house.pop3)}
        house.file.write_text(re.sub("|".join(swapped), lambda found: swapped[found[0]], text))
        assert running.do(running.server.reload()).failed == {}
        with Client(house.pop3, authority=house.authority) as client:
            assert client.login().startswith(b"+OK")


def test_a_port_may_turn_to_implicit_tls(house: House) -> None:
    with house.serving() as running, Client(house.pop3) as client:
        client.login()
        rewrite(house, 'tls = "starttls"', 'tls = "implicit"')
        running.do(running.server.reload())
        with Client(house.pop3, authority=house.authority) as inside:
            assert inside.login().startswith(b"+OK")
        assert client.ask(b"NOOP") == b"+OK"


def test_who_was_offered_stls_before_it_was_switched_off_may_take_it(house: House) -> None:
    with house.serving() as running, Client(house.pop3) as client:
        client.line()
        rewrite(house, 'tls = "starttls"', 'tls = "off"')
        running.do(running.server.reload())
        assert client.ask(b"STLS").startswith(b"+OK")
        client.start_tls(house.authority)
        assert client.ask(b"USER fred") == b"+OK"


def test_a_port_that_cannot_be_had_leaves_the_service_as_it_was(house: House) -> None:
    with house.serving() as running, socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        rewrite(house, str(house.pop3), str(taken))
        outcome = running.do(running.server.reload())
        assert list(outcome.failed) == ["pop3"]
        assert "something else listens there" in outcome.failed["pop3"]
        assert states(running)["pop3"] == "running"
        with Client(house.pop3) as client:
            assert client.login().startswith(b"+OK")


def test_it_follows_with_the_next_reload_once_it_can(house: House) -> None:
    with house.serving() as running:
        with socket.create_server(("127.0.0.1", 0)) as other:
            taken = other.getsockname()[1]
            rewrite(house, str(house.pop3), str(taken))
            running.do(running.server.reload())
        assert running.do(running.server.reload()).failed == {}
        assert can_connect(taken)


def test_a_certificate_that_cannot_be_read_leaves_the_service_as_it_was(house: House) -> None:
    with house.serving() as running:
        rewrite(house, "[services.pop3s]", '[services.pop3s]\ncertificate = "no.pem"\nkey = "no.key"')
        assert "no.pem" in running.do(running.server.reload()).failed["pop3s"]
        with Client(house.pop3s, authority=house.authority) as client:
            assert client.login().startswith(b"+OK")


def test_a_service_that_is_added_is_started(house: House) -> None:
    with house.serving() as running:
        port = free_port()
        house.file.write_text(house.file.read_text() + NEW_SERVICE.format(name="office", port=port))
        assert running.do(running.server.reload()).changed == ["services.office"]
        assert can_connect(port)


def test_one_that_is_added_without_being_enabled_is_not(house: House) -> None:
    with house.serving() as running:
        text = NEW_SERVICE.format(name="office", port=free_port()) + "enabled = false\n"
        house.file.write_text(house.file.read_text() + text)
        running.do(running.server.reload())
        assert states(running)["office"] == "stopped"


def test_a_service_that_is_removed_takes_no_more_clients_and_drops_nobody(house: House) -> None:
    with house.serving() as running, Client(house.pop3) as client:
        client.login()
        text = house.file.read_text()
        house.file.write_text(text[: text.index("[services.pop3]")] + text[text.index("[services.pop3s]") :])
        running.do(running.server.reload())
        assert not can_connect(house.pop3)
        assert client.ask(b"QUIT").startswith(b"+OK")


def test_clients_of_a_service_that_is_gone_are_told_when_the_server_stops(house: House) -> None:
    with house.serving() as running, Client(house.pop3) as client:
        client.login()
        text = house.file.read_text()
        house.file.write_text(text[: text.index("[services.pop3]")] + text[text.index("[services.pop3s]") :])
        running.do(running.server.reload())
        running.stop()
        assert client.rest().startswith(b"-ERR [SYS/TEMP]")


def test_enabled_is_about_the_next_start(house: House) -> None:
    with house.serving() as running:
        rewrite(house, "[services.pop3]", "[services.pop3]\nenabled = false")
        running.do(running.server.reload())
        assert states(running)["pop3"] == "running"


def test_a_failed_service_tries_again_with_a_reload(tmp_path: Path) -> None:
    house = House(tmp_path)
    with socket.create_server(("127.0.0.1", house.pop3)), house.serving() as running:
        assert states(running)["pop3"] == "failed"
        rewrite(house, str(house.pop3), str(free_port()))
        running.do(running.server.reload())
        assert states(running)["pop3"] == "running"


def test_a_service_that_failed_shows_what_it_is_configured_to_be_and_why_it_is_not(tmp_path: Path) -> None:
    house = House(tmp_path)
    with socket.create_server(("127.0.0.1", house.pop3)), house.serving() as running:
        rewrite(house, "[services.pop3]", '[services.pop3]\nmax_connections = 7\ncertificate = "no"\nkey = "no"')
        running.do(running.server.reload())
        service = running.server.services["pop3"]
        assert (service.settings.max_connections, service.error) == (7, f"{tmp_path}/no: no such file or directory")


def test_a_service_that_could_not_follow_is_restarted_as_it_is_configured_now(house: House) -> None:
    with house.serving() as running:
        with socket.create_server(("127.0.0.1", 0)) as other:
            taken = other.getsockname()[1]
            rewrite(house, str(house.pop3), str(taken))
            running.do(running.server.reload())
        running.do(running.server.restart_service("pop3"))
        assert (can_connect(house.pop3), can_connect(taken)) == (False, True)


def test_a_failed_service_that_fails_again_is_not_said_to_go_on(tmp_path: Path) -> None:
    house = House(tmp_path)
    with socket.create_server(("127.0.0.1", house.pop3)), house.serving() as running:
        assert list(running.do(running.server.reload()).failed) == ["pop3"]
        assert not [remark for remark in running.remarks if "goes on" in remark]


def test_a_stopped_service_takes_up_its_settings_when_it_starts(house: House) -> None:
    with house.serving() as running:
        running.do(running.server.stop_service("pop3"))
        elsewhere = free_port()
        rewrite(house, str(house.pop3), str(elsewhere))
        running.do(running.server.reload())
        assert not can_connect(elsewhere)
        running.do(running.server.start_service("pop3"))
        assert can_connect(elsewhere)


def test_while_the_names_of_a_new_lan_are_looked_up_the_old_lan_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, come_back = threading.Event(), threading.Event()

    def hanging(*_: object, **__: object) -> list[object]:
        asked.set()
        come_back.wait(WAIT)
        raise OSError("no such name")

    house = House(tmp_path, settings='plaintext_auth = "lan"\nmechanisms = ["plain"]')
    house.user("fred", "secret")
    monkeypatch.setattr(socket, "getaddrinfo", hanging)
    with house.serving() as running:
        rewrite(house, "[server]", '[server]\nlan = ["127.0.0.1", "office.example.com"]')
        reloading = running.begin(running.server.reload())
        assert asked.wait(WAIT)
        with socket.socket() as sock:
            sock.settimeout(WAIT)
            sock.connect(("127.0.0.1", house.pop3))     # not by name: names hang
            sock.sendall(b"USER fred\r\nPASS secret\r\nQUIT\r\n")
            said = b"".join(iter(lambda: sock.recv(4096), b""))
        come_back.set()
        reloading.result(WAIT)
        assert said.count(b"+OK") == 4


def test_another_users_file_is_read_for_the_next_login(house: House, tmp_path: Path) -> None:
    with house.serving() as running:
        (tmp_path / "others").write_text("wilma:{PLAIN}pebbles\n")
        house.file.write_text(house.file.read_text() + '\n[users]\nfile = "others"\n')
        running.do(running.server.reload())
        with Client(house.pop3) as client:
            assert client.login("wilma", "pebbles").startswith(b"+OK")


def test_what_only_a_start_can_change_is_said(house: House) -> None:
    with house.serving() as running:
        rewrite(house, "[server]", '[server]\nuser = "somebody"')
        assert running.do(running.server.reload()).at_start == ["server.user"]


# Start, stop, restart


def test_a_stopped_service_takes_no_more_clients_and_ends_its_sessions(house: House) -> None:
    with house.serving() as running, Client(house.pop3) as client:
        client.login()
        assert running.do(running.server.stop_service("pop3")) is True
        assert client.rest().startswith(b"-ERR [SYS/TEMP]")
        assert (can_connect(house.pop3), can_connect(house.pop3s)) == (False, True)


def test_stopping_it_again_changes_nothing(house: House) -> None:
    with house.serving() as running:
        running.do(running.server.stop_service("pop3"))
        assert running.do(running.server.stop_service("pop3")) is False


def test_a_stopped_service_can_be_started(house: House) -> None:
    with house.serving() as running:
        running.do(running.server.stop_service("pop3"))
        assert running.do(running.server.start_service("pop3")) is True
        with Client(house.pop3) as client:
            assert client.login().startswith(b"+OK")


def test_starting_one_that_runs_changes_nothing(house: House) -> None:
    with house.serving() as running, Client(house.pop3) as client:
        client.login()
        assert running.do(running.server.start_service("pop3")) is False
        assert client.ask(b"NOOP") == b"+OK"


def test_a_service_that_is_not_enabled_can_be_started(tmp_path: Path) -> None:
    house = House(tmp_path, services=SERVICES.replace("[services.pop3]", "[services.pop3]\nenabled = false"))
    with house.serving() as running:
        assert not can_connect(house.pop3)
        running.do(running.server.start_service("pop3"))
        assert can_connect(house.pop3)


def test_a_service_that_cannot_start_says_why(house: House) -> None:
    with house.serving() as running:
        running.do(running.server.stop_service("pop3"))
        with socket.create_server(("127.0.0.1", house.pop3)), pytest.raises(MtqError, match="something else listens"):
            running.do(running.server.start_service("pop3"))
        assert states(running)["pop3"] == "failed"


def test_a_restart_ends_the_sessions_and_lets_clients_in_again(house: House) -> None:
    with house.serving() as running, Client(house.pop3) as client:
        client.login()
        running.do(running.server.restart_service("pop3"))
        assert client.rest().startswith(b"-ERR [SYS/TEMP]")
        with Client(house.pop3) as another:
            assert another.login().startswith(b"+OK")


def test_a_service_that_is_not_there_is_named_with_those_that_are(house: House) -> None:
    with house.serving() as running, pytest.raises(NoSuchService, match="no service pop4; there are: pop3, pop3s"):
        running.do(running.server.start_service("pop4"))


@pytest.fixture
def slow(house: House) -> Iterator[tuple[Running, Client, "Future[bool]"]]:
    """A server of which a service is being stopped, and the client that this waits for."""
    house.user("wilma", "pebbles")
    house.deliver("fred", b"x" * 8_000_000)
    rewrite(house, "[server]", "[server]\nshutdown_grace = 600")
    with house.serving() as running, Client(house.pop3) as client:
        client.login()
        client.send(b"RETR 1\r\n")
        assert client.line().startswith(b"+OK")
        stopping = running.begin(running.server.stop_service("pop3"))
        running.wait_until(lambda: states(running)["pop3"] == "stopped")
        yield running, client, stopping


def test_a_client_that_a_stop_waits_for_holds_up_no_other_change(
    house: House, slow: tuple[Running, Client, "Future[bool]"]
) -> None:
    running, client, stopping = slow
    rewrite(house, "[services.pop3s]", "[services.pop3s]\nmax_connections = 7")
    running.do(running.server.reload())
    assert not stopping.done()
    assert client.body()
    assert stopping.result(WAIT) is True


def test_who_comes_to_a_service_that_is_started_again_meanwhile_may_stay(
    house: House, slow: tuple[Running, Client, "Future[bool]"]
) -> None:
    running, client, stopping = slow
    running.do(running.server.start_service("pop3"))
    with Client(house.pop3) as another:
        another.login("wilma", "pebbles")
        assert client.body()
        assert stopping.result(WAIT) is True
        assert another.ask(b"NOOP") == b"+OK"


def test_every_change_of_a_state_is_told(house: House) -> None:
    with house.serving() as running:
        running.do(running.server.restart_service("pop3"))
        told = [event for event in running.events if isinstance(event, ServiceState) and event.service == "pop3"]
        assert [event.state for event in told] == ["running", "stopped", "running"]


# Kick


def test_a_kicked_session_ends_and_removes_nothing(house: House) -> None:
    house.deliver("fred", b"Subject: stays\n\n")
    with house.serving() as running, Client(house.pop3) as client:
        client.login()
        client.ask(b"DELE 1")
        [record] = running.do(running.server.kick(lambda record: record.user == "fred"))
        assert record.user == "fred"
        assert client.rest() == b"-ERR [SYS/TEMP] session ended by the administrator\r\n"
    assert len(house.stored("fred")) == 1


def test_its_lock_is_free_when_the_kick_is_done(house: House) -> None:
    with house.serving() as running, Client(house.pop3) as client:
        client.login()
        running.do(running.server.kick(lambda record: True))
        with Client(house.pop3) as another:
            assert another.login().startswith(b"+OK")


def test_a_client_that_has_stopped_reading_is_kicked_too(house: House) -> None:
    house.deliver("fred", b"x" * 70 + b"\n" + b"y" * 8_000_000)
    with house.serving() as running, Client(house.pop3) as client:
        client.login()
        client.send(b"RETR 1\r\n")
        assert client.line().startswith(b"+OK")
        running.do(running.server.kick(lambda record: True))
        assert running.closed()[0].reason == "ended by the administrator"


def test_nobody_else_is_kicked(house: House) -> None:
    house.user("wilma", "pebbles")
    with house.serving() as running, Client(house.pop3) as fred, Client(house.pop3) as wilma:
        fred.login()
        wilma.login("wilma", "pebbles")
        running.do(running.server.kick(lambda record: record.user == "fred"))
        assert wilma.ask(b"NOOP") == b"+OK"


# Certificates


def renew(house: House) -> None:
    """Put another certificate and key in the place of those there are, as an ACME client does."""
    tls.make(house.config.tls.certificate, house.config.tls.key, "localhost", utc_now())


def served(house: House) -> str:
    """The serial number of the certificate that a client is shown."""
    with Client(house.pop3s, authority=house.authority) as client:
        assert isinstance(client.sock, ssl.SSLSocket)
        shown = client.sock.getpeercert()
        assert shown is not None
        return str(shown["serialNumber"])


def test_a_reload_shows_a_renewed_certificate_and_says_so(house: House) -> None:
    with house.serving() as running, Client(house.pop3s, authority=house.authority) as client:
        client.login()
        before = served(house)
        renew(house)
        told = running.do(running.server.reload()).certificates["pop3s"]
        after = served(house)
        assert (int(told[0] or "", 16), int(told[1], 16)) == (int(before, 16), int(after, 16))
        assert before != after
        assert client.ask(b"NOOP") == b"+OK"


def test_a_renewed_certificate_is_noticed_without_a_reload(house: House) -> None:
    with house.serving() as running:
        before = served(house)
        renew(house)
        assert running.server.upkeep is not None
        running.do(running.server.upkeep.look())
        assert served(house) != before


def test_the_servers_own_certificate_is_renewed_while_it_runs(house: House) -> None:
    with house.serving() as running:
        before = served(house)
        house.config.tls.key.unlink()      # lost, and so due
        assert running.server.upkeep is not None
        running.do(running.server.upkeep.look())
        assert served(house) != before


def test_a_certificate_that_cannot_be_used_is_told_of_once_and_the_old_one_stays(tmp_path: Path) -> None:
    house = House(tmp_path, settings='certificate = "own.pem"\nkey = "own.key"')
    house.user("fred", "secret")
    for name in ("own.pem", "own.key"):
        house.certify()
        made = house.config.tls.certificate if name == "own.pem" else house.config.tls.key
        (tmp_path / name).write_bytes(made.read_bytes())
    with house.serving() as running:
        before = served(house)
        (tmp_path / "own.pem").write_text("half a certifi")
        assert running.server.upkeep is not None
        running.do(running.server.upkeep.look())
        running.do(running.server.upkeep.look())
        assert sum("own.pem" in remark for remark in running.remarks) == 1
        assert served(house) == before


def test_a_certificate_that_cannot_be_used_does_not_keep_others_from_being_renewed(tmp_path: Path) -> None:
    house = House(tmp_path, services=SERVICES.replace("{settings}", 'certificate = "own.pem"\nkey = "own.key"', 1))
    house.user("fred", "secret")
    house.certify()
    (tmp_path / "own.pem").write_bytes(house.config.tls.certificate.read_bytes())
    (tmp_path / "own.key").write_bytes(house.config.tls.key.read_bytes())
    with house.serving() as running:
        before = served(house)
        (tmp_path / "own.pem").write_text("half a certifi")
        renew(house)
        assert running.server.upkeep is not None
        running.do(running.server.upkeep.look())
        assert served(house) != before
