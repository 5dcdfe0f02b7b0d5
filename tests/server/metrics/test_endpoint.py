"""The port where metrics are had: bounded, changed while the server runs, and never what mail depends on."""

import socket
from pathlib import Path

import pytest

from mtq.server.metrics.endpoint import MOST
from tests.house import WAIT, House, Running, free_port
from tests.server.metrics.conftest import Telling
from tests.server.metrics.scraper import Scrape, get
from tests.server.pop import Client


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=WAIT)


def reload_with(house: House, running: Running, listen: str) -> None:
    """Change `metrics_listen` and have the server follow."""
    lines = [line for line in house.file.read_text().splitlines() if not line.startswith("metrics_listen")]
    lines.insert(1, f'metrics_listen = "{listen}"')
    house.file.write_text("\n".join(lines))
    running.do(running.server.reload())


@pytest.mark.parametrize(("target", "method", "status"), [("/", "GET", 404), ("/metrics", "POST", 405)])
def test_what_is_no_scrape_is_refused(house: Telling, target: str, method: str, status: int) -> None:
    with house.serving():
        assert get(house.metrics, target, method)[0] == status


def test_a_request_may_come_octet_by_octet(house: Telling) -> None:
    with house.serving(), connect(house.metrics) as sock:
        for octet in b"GET /metrics HTTP/1.0\r\n\r\n":
            sock.send(bytes([octet]))
        assert sock.recv(12) == b"HTTP/1.1 200"


def test_who_only_connects_is_cut(house: Telling, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mtq.server.metrics.endpoint.PATIENCE", 0.05)
    with house.serving(), connect(house.metrics) as sock:
        sock.send(b"GET /metrics")
        assert sock.recv(1) == b""


def test_only_so_many_are_heard_at_a_time_and_mail_goes_on(house: Telling) -> None:
    with house.serving():
        held = [connect(house.metrics) for _ in range(MOST)]
        with connect(house.metrics) as another:
            assert another.recv(1) == b""
        with Client(house.pop3) as client:
            assert client.login().startswith(b"+OK")
        for sock in held:
            sock.close()


def test_there_are_none_unless_they_are_asked_for(tmp_path: Path) -> None:
    with House(tmp_path).serving() as running:
        assert not any("metrics" in remark for remark in running.remarks)


def test_a_reload_moves_them(house: Telling) -> None:
    with house.serving() as running:
        port = free_port()
        reload_with(house, running, f"127.0.0.1:{port}")
        assert Scrape(port).has("mtq_locks")
        with pytest.raises(ConnectionRefusedError):
            connect(house.metrics)


def test_a_reload_turns_them_off_and_on(house: Telling) -> None:
    with house.serving() as running:
        reload_with(house, running, "")
        with pytest.raises(ConnectionRefusedError):
            connect(house.metrics)
        reload_with(house, running, f"127.0.0.1:{house.metrics}")
        assert Scrape(house.metrics).has("mtq_locks")


def test_a_reload_that_changes_nothing_leaves_them_alone(house: Telling) -> None:
    with house.serving() as running, connect(house.metrics) as sock:
        sock.send(b"GET /metrics HTTP/1.1\r\n")
        running.do(running.server.reload())
        sock.send(b"\r\n")
        assert sock.recv(12) == b"HTTP/1.1 200"


def test_a_port_that_is_taken_is_told_of_and_mail_is_served(house: Telling) -> None:
    with connect_taken(house.metrics), house.serving() as running:
        trouble = f"server.metrics_listen: port 127.0.0.1:{house.metrics}: something else listens there"
        assert f"{trouble}; there are no metrics" in running.remarks
        assert trouble in running.server.warnings()
        with Client(house.pop3) as client:
            assert client.login().startswith(b"+OK")


def test_a_port_that_is_free_again_is_taken_with_the_next_reload(house: Telling) -> None:
    taken = connect_taken(house.metrics)
    with house.serving() as running:
        taken.close()
        running.do(running.server.reload())
        assert Scrape(house.metrics).has("mtq_locks")
        assert not any("metrics" in warning for warning in running.server.warnings())


def test_a_service_may_take_their_port(house: Telling) -> None:
    with house.serving() as running:
        text = house.file.read_text().replace(str(house.pop3), "PORT")
        text = text.replace(str(house.metrics), str(house.pop3)).replace("PORT", str(house.metrics))
        house.file.write_text(text)
        assert running.do(running.server.reload()).failed == {}
        assert Scrape(house.pop3).value("mtq_service_up", service="pop3") == 1
        with Client(house.metrics) as client:
            assert client.login().startswith(b"+OK")


def connect_taken(port: int) -> socket.socket:
    return socket.create_server(("127.0.0.1", port))
