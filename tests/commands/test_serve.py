"""`mtq serve` beside another server, after one that was killed, and told to end or to read again by signals."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.commands.desk import Run, process
from tests.house import MTQ, House, wait_for_line
from tests.server.pop import Client


def test_a_second_server_refuses_to_start_and_disturbs_nothing(house: House, run: Run) -> None:
    socket_file = house.config.server.control_socket
    with house.process(), Client(house.pop3) as client:
        client.login()
        before = socket_file.stat().st_ino
        outcome = process("--config", str(house.file), "serve")
        assert (outcome.code, outcome.out) == (1, "")
        assert outcome.err == f"mtq: a server is running already on {socket_file}\n"
        assert socket_file.stat().st_ino == before
        assert client.ask(b"NOOP") == b"+OK"
        assert run("status").code == 0


def test_another_configuration_with_the_same_control_socket_does_not_start_either(house: House) -> None:
    other = house.folder / "other.toml"
    other.write_text(house.file.read_text().replace(str(house.pop3), "1").replace(str(house.pop3s), "2"))
    with house.process():
        outcome = process("--config", str(other), "serve")
    assert (outcome.code, outcome.err) == (
        1, f"mtq: a server is running already on {house.config.server.control_socket}\n",
    )


def test_the_socket_of_a_server_that_was_killed_is_replaced(house: House, run: Run) -> None:
    with house.process() as server:
        server.kill()
        server.wait()
    assert house.config.server.control_socket.is_socket()
    assert run("status").complaint[0] == 4
    with house.process():
        assert run("status").code == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_0_and_leaves_nothing_behind(house: House, number: signal.Signals) -> None:
    with house.process() as server, Client(house.pop3) as client:
        client.login()
        server.send_signal(number)
        assert client.rest().startswith(b"-ERR [SYS/TEMP] ")
        wait_for_line(server, "stopped")
        assert server.wait() == 0
    assert not house.config.server.control_socket.exists()
    assert not Path(f"{house.config.server.control_socket}.lock").exists()


def test_a_configuration_that_is_named_and_not_there_is_not_made(tmp_path: Path) -> None:
    file = tmp_path / "none.toml"
    outcome = process("--config", str(file), "serve")
    assert (outcome.code, outcome.err) == (
        3, f"mtq: {file}: there is no such file; `mtq init` writes a safe configuration\n",
    )
    assert list(tmp_path.iterdir()) == []


def test_an_invalid_configuration_starts_nothing(house: House) -> None:
    house.file.write_text(house.file.read_text() + "max_connections = 0\n")
    outcome = process("--config", str(house.file), "serve")
    assert outcome.code == 3
    assert outcome.err.startswith(f"mtq: {house.file}:")
    assert not house.config.server.control_socket.exists()


def test_root_without_a_user_to_serve_as_is_warned(house: House, run: Run) -> None:
    assert os.geteuid() == 0, "this looks at what root is told: run it as root"
    warning = "serving as root; set server.user (`mtq init --create-user` makes one)"
    with house.process():
        assert run("status", "--json").data["warnings"] == [warning]
        assert warning in run("log").out


def test_a_service_that_cannot_listen_is_failed_and_the_others_run(house: House, run: Run) -> None:
    with socket.create_server(("127.0.0.1", house.pop3)), house.process():
        rows = run("service", "list", "--json").data["services"]
        assert [(row["name"], row["state"]) for row in rows] == [("pop3", "failed"), ("pop3s", "running")]
        assert rows[0]["error"] == f"port 127.0.0.1:{house.pop3}: something else listens there"
        with Client(house.pop3s, authority=house.authority) as client:
            assert client.login().startswith(b"+OK")


@contextmanager
def starting(house: House) -> Iterator["subprocess.Popen[str]"]:
    """A server that cannot finish its start before somebody opens a pipe in which its ranges are to be."""
    text = house.file.read_text()
    house.file.write_text(text.replace("[services.pop3]", '[services.pop3]\nfirewall_file = "ranges"'))
    os.mkfifo(house.folder / "ranges")
    command = [MTQ, "--config", str(house.file), "serve"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        try:
            wait_for_line(server, "starting")
            yield server
        finally:
            server.kill()


def test_a_reload_asked_for_before_the_server_is_ready_is_done_when_it_is(house: House) -> None:
    house.certify()
    with starting(house) as server:
        text = house.file.read_text()
        house.file.write_text(text.replace("[services.pop3]", "[services.pop3]\nmax_connections = 7"))
        server.send_signal(signal.SIGHUP)
        with (house.folder / "ranges").open("w"):
            (house.folder / "none").touch()
            (house.folder / "none").replace(house.folder / "ranges")
        wait_for_line(server, "ready")
        wait_for_line(server, "configuration read again: services.pop3.max_connections changed")
        with Client(house.pop3) as client:
            assert client.login().startswith(b"+OK")
