"""What Prometheus is told of a server that works."""

import re
import time
from pathlib import Path

from tests.server.metrics.conftest import Telling
from tests.server.metrics.scraper import Scrape
from tests.server.pop import Client

HOWTO = Path(__file__).parents[3] / "docs" / "howto" / "monitoring.md"
LETTER = b"Subject: bread\n\nPlease bring bread.\n"


def test_a_session_from_its_beginning_to_its_end(house: Telling) -> None:
    house.deliver("fred", LETTER, LETTER, LETTER)
    with house.serving() as running:
        with Client(house.pop3) as client:
            client.login()
            now = Scrape(house.metrics)
            assert now.value("mtq_sessions", service="pop3") == 1
            assert now.value("mtq_locks") == 1
            assert now.value("mtq_connections_total", service="pop3") == 1
            assert now.value("mtq_logins_total", service="pop3") == 1
            client.ask(b"RETR 1")
            client.body()
            client.ask(b"RETR 2")
            client.body()
            client.ask(b"DELE 1")
            assert Scrape(house.metrics).value("mtq_messages_retrieved_total", service="pop3") == 2
            client.ask(b"QUIT")
        [closed] = running.closed()
        after = Scrape(house.metrics)
        assert after.value("mtq_sessions", service="pop3") == 0
        assert after.value("mtq_locks") == 0
        assert after.value("mtq_messages_deleted_total", service="pop3") == 1
        assert after.value("mtq_bytes_total", service="pop3", direction="in") == closed.session.bytes_in
        assert after.value("mtq_bytes_total", service="pop3", direction="out") >= 2 * len(LETTER)


def test_services_and_their_limits(house: Telling) -> None:
    with house.serving() as running:
        now = Scrape(house.metrics)
        assert now.value("mtq_connections_max", service="pop3s") == 25
        assert now.value("mtq_service_up", service="pop3s") == 1
        assert now.value("mtq_log_lines_lost_total") == 0
        running.do(running.server.stop_service("pop3s"))
        assert Scrape(house.metrics).value("mtq_service_up", service="pop3s") == 0


def test_when_the_certificate_ends(house: Telling) -> None:
    with house.serving():
        ends = Scrape(house.metrics).value("mtq_certificate_expiry_timestamp_seconds", service="pop3")
        assert 0 < ends - time.time() < 400 * 86400


def test_failed_logins_by_their_cause(house: Telling) -> None:
    house.deliver("fred", LETTER)
    with house.serving():
        with Client(house.pop3) as client, Client(house.pop3) as second:
            client.line()
            for password in (b"one", b"two", b"two", b"secret"):
                client.ask(b"USER fred")
                client.ask(b"PASS " + password)
            second.login()
            now = Scrape(house.metrics)
        for cause, number in (("credentials", 2), ("repeated", 1), ("unavailable", 1)):
            assert now.value("mtq_login_failures_total", service="pop3", cause=cause) == number
        assert now.value("mtq_penalties") == 1


def test_clients_that_are_not_let_in_by_the_reason(house: Telling) -> None:
    text = house.file.read_text().replace('"starttls"\n', '"starttls"\nmax_connections = 1\n')
    house.file.write_text(text.replace('"implicit"\n', '"implicit"\naccess = "firewall"\n'))
    with house.serving() as running:
        running.do(running.server.reload())
        with Client(house.pop3), Client(house.pop3) as crowded, Client(house.pop3s) as refused:
            assert crowded.line().startswith(b"-ERR [SYS/TEMP]")
            assert refused.line() == b""
            now = Scrape(house.metrics)
        assert now.value("mtq_refused_total", service="pop3", reason="crowded") == 1
        assert now.value("mtq_refused_total", service="pop3s", reason="access") == 1
        assert now.value("mtq_refused_total", service="pop3s", reason="crowded") == 0


def test_no_users_name_and_no_address_is_told(house: Telling) -> None:
    with house.serving(), Client(house.pop3) as client, Client(house.pop3) as guest:
        client.login()
        guest.login("wilma")
        text = Scrape(house.metrics).text
        assert "fred" not in text
        assert "wilma" not in text
        assert "127.0.0.1" not in text


def test_a_service_that_is_gone_keeps_what_it_has_counted(house: Telling) -> None:
    with house.serving() as running:
        with Client(house.pop3) as client:
            client.line()
        running.closed()
        text = house.file.read_text()
        house.file.write_text(text[: text.index("[services.pop3]")] + text[text.index("[services.pop3s]") :])
        running.do(running.server.reload())
        now = Scrape(house.metrics)
        assert now.value("mtq_connections_total", service="pop3") == 1
        assert not now.has("mtq_locks_total")


def test_names_and_kinds_are_as_prometheus_wants_them(house: Telling) -> None:
    with house.serving(), Client(house.pop3):
        families = Scrape(house.metrics).families
    assert families["process_open_fds"] == "gauge"
    for name, kind in families.items():
        assert name.startswith(("mtq_", "process_")), name
        assert kind in ("gauge", "counter"), name


def test_the_docs_name_what_is_told_and_nothing_else(house: Telling) -> None:
    with house.serving(), Client(house.pop3):
        told = set(re.findall(r"^# TYPE (mtq_\w+)", Scrape(house.metrics).text, re.MULTILINE))
    named = set(re.findall(r"\bmtq_[a-z_]+", HOWTO.read_text()))
    assert named == told
