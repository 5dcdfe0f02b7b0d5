"""The real `mtq serve` under something that does what systemd does."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house import House, wait_for_line
from tests.server.pop import Client
from tests.server.privsep.people import SERVICE
from tests.server.systemd.listener import listening
from tests.server.test_room import allow, in_use

SOCKETS = """
import os, socket, sys
address, names, *command = sys.argv[1:]
for descriptor, name in enumerate(names.split(":"), 3):
    host, port = address.split(",")[descriptor - 3].rsplit(":", 1)
    sock = socket.create_server((host, int(port)))
    os.dup2(sock.fileno(), descriptor + 100)
    sock.close()
for descriptor, name in enumerate(names.split(":"), 3):
    os.dup2(descriptor + 100, descriptor)
    os.close(descriptor + 100)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": str(len(names.split(":"))), "LISTEN_FDNAMES": names}
os.execvp(command[0], command)
"""
"""Opens sockets at 3, 4 and so on, and becomes the command after them, as systemd does."""


def test_ready_reloads_and_the_end_are_told(house: House) -> None:
    with listening(house.folder) as systemd, house.process(["env", f"NOTIFY_SOCKET={systemd.address}"]) as server:
        assert systemd.hear_of("READY") == {"READY": "1", "STATUS": "pop3 running, pop3s running"}
        server.send_signal(signal.SIGHUP)
        assert "MONOTONIC_USEC" in systemd.hear_of("RELOADING")
        systemd.hear_of("READY")
        server.terminate()
        assert "EXTEND_TIMEOUT_USEC" in systemd.hear_of("STOPPING")
        assert server.wait() == 0


def test_a_server_that_cannot_start_is_never_ready(house: House) -> None:
    with (
        listening(house.folder) as systemd,
        socket.create_server(("127.0.0.1", house.pop3)),
        socket.create_server(("127.0.0.1", house.pop3s)),
    ):
        command = [str(Path(sys.executable).with_name("mtq")), "--config", str(house.file), "serve"]
        environment = {**os.environ, "NOTIFY_SOCKET": systemd.address}
        assert subprocess.run(command, env=environment, stderr=subprocess.DEVNULL).returncode == 1
        assert systemd.heard_all() == []


def test_the_watchdog_hears_of_an_event_loop_that_turns_and_not_of_one_that_does_not(house: House) -> None:
    variables = ["WATCHDOG_USEC=300000"]
    with (
        listening(house.folder) as systemd,
        house.process(["env", f"NOTIFY_SOCKET={systemd.address}", *variables]) as server,
    ):
        for _ in range(3):
            systemd.hear_of("WATCHDOG")
        server.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, server.pid, os.WSTOPPED)
        systemd.heard_all()
        assert systemd.heard_all() == []
        server.send_signal(signal.SIGCONT)
        systemd.hear_of("WATCHDOG")


def test_a_server_without_a_descriptor_to_spare_says_that_it_lives(house: House) -> None:
    with (
        listening(house.folder) as systemd,
        house.process(["env", f"NOTIFY_SOCKET={systemd.address}", "WATCHDOG_USEC=300000"]) as server,
    ):
        systemd.hear_of("WATCHDOG")
        allow(server, in_use(server))
        systemd.heard_all()
        for _ in range(2):
            systemd.hear_of("WATCHDOG")


def test_as_another_user_it_is_the_process_that_works_that_tells(public_folder: Path) -> None:
    house = House(public_folder, server=f'user = "{SERVICE.name}"')
    house.user("fred", "secret")
    house.certify()
    for path in (house.config.users.file, *house.config.server.state_dir.rglob("*"), house.config.server.state_dir):
        os.chown(path, SERVICE.uid, SERVICE.gid)
    with listening(public_folder) as systemd:
        Path(systemd.address).chmod(0o777)
        with house.process(["env", f"NOTIFY_SOCKET={systemd.address}", "WATCHDOG_USEC=300000"]) as server:
            systemd.hear_of("READY")
            [worker] = map(int, Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split())
            assert systemd.sender == worker
            systemd.hear_of("WATCHDOG")
            server.send_signal(signal.SIGHUP)
            systemd.hear_of("RELOADING")
            systemd.hear_of("READY")
            server.terminate()
            systemd.hear_of("STOPPING")
            assert server.wait() == 0


@pytest.mark.parametrize("user", ["", f'user = "{SERVICE.name}"'])
def test_services_stand_on_the_sockets_that_are_passed(public_folder: Path, user: str) -> None:
    house = House(public_folder, server=user)
    house.user("fred", "secret")
    house.certify()
    for path in (house.config.users.file, *house.config.server.state_dir.rglob("*"), house.config.server.state_dir):
        os.chown(path, SERVICE.uid, SERVICE.gid)
    places = f"127.0.0.2:{house.pop3},127.0.0.2:{house.pop3s}"
    through = [sys.executable, "-c", SOCKETS, places, "pop3:pop3s"]
    with house.process(through) as server:
        with Client(house.pop3, "127.0.0.2") as client:
            assert client.login().startswith(b"+OK")
        with Client(house.pop3s, "127.0.0.2", house.authority) as client:
            assert client.login().startswith(b"+OK")
        with pytest.raises(ConnectionRefusedError):
            Client(house.pop3)
        server.send_signal(signal.SIGHUP)
        wait_for_line(server, "configuration read again: nothing changed")
        with Client(house.pop3, "127.0.0.2") as client:
            assert client.login().startswith(b"+OK")
        server.terminate()
        assert server.wait() == 0
