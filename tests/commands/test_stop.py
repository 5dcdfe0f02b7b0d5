"""`mtq stop`: the running server ends, and is waited for."""

import socket
import subprocess

import pytest

from tests.commands.desk import Outcome, Run
from tests.house import MTQ, WAIT, House, wait_for_line
from tests.server.pop import Client


def test_the_server_ends_sessions_with_a_word_and_itself_with_0(house: House, run: Run) -> None:
    house.deliver("fred", b"one\n")
    with house.process() as server, Client(house.pop3) as client:
        client.login()
        client.ask(b"DELE 1")
        assert run("stop").said == "the server has stopped"
        assert client.rest().startswith(b"-ERR [SYS/TEMP] ")
        wait_for_line(server, "stopped")
        assert server.wait() == 0
    assert house.stored("fred") == [b"one\n"]


def test_a_command_in_flight_is_finished_and_waited_for(house: House, run: Run) -> None:
    house.deliver("fred", b"x" * 8_000_000)
    with house.process() as server, Client(house.pop3) as client:
        client.login()
        client.send(b"RETR 1\r\n")
        assert client.line().startswith(b"+OK")
        assert run("stop", "--dry-run").said.endswith("would be stopped; 1 session would end")
        with subprocess.Popen([MTQ, "--config", str(house.file), "stop"], stderr=subprocess.PIPE, text=True) as stop:
            wait_for_line(server, "stopping")
            assert stop.poll() is None
            assert len(client.body()) == 8_000_002
            assert client.rest().startswith(b"-ERR [SYS/TEMP] ")
            assert stop.communicate(timeout=WAIT)[1] == "the server has stopped\n"
        assert stop.returncode == 0


def test_when_it_has_stopped_the_next_can_start_at_once(house: House, run: Run) -> None:
    for _ in range(3):
        with house.process():
            assert run("stop", "--quiet") == Outcome(0, "", "")
            assert not house.config.server.control_socket.exists()
            with socket.create_server(("127.0.0.1", house.pop3)):
                pass


def test_a_dry_run_stops_nothing(house: House, run: Run) -> None:
    with house.serving():
        assert run("stop", "--dry-run").said.endswith(", would be stopped; 0 sessions would end")
        assert run("status").code == 0


def test_quiet_says_nothing(house: House, run: Run) -> None:
    with house.process():
        assert run("stop", "--quiet") == Outcome(0, "", "")


@pytest.mark.parametrize("option", [(), ("--dry-run",), ("--quiet",)], ids=" ".join)
def test_without_a_server_it_is_exit_code_4(run: Run, option: tuple[str, ...]) -> None:
    assert run("stop", *option).complaint[0] == 4
