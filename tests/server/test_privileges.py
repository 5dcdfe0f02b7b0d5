"""The real `mtq serve`, started by root for another user: it serves as that user what root alone can open."""

import os
from pathlib import Path

import pytest

from tests.commands.desk import process
from tests.house import House, wait_for_line
from tests.server.pop import Client
from tests.server.privsep.people import SERVICE
from tests.server.privsep.test_privileges import low_port
from tests.server.privsep.works import status


@pytest.fixture
def house(public_folder: Path) -> House:
    """A house of the service user's in root's hands: port, certificate, key and configuration are root's alone."""
    secrets = public_folder / "secrets"
    secrets.mkdir(mode=0o700)
    house = House(
        public_folder,
        server=f'user = "{SERVICE.name}"\n'
        '[tls]\ncertificate = "secrets/server.pem"\nkey = "secrets/server.key"',
        pop3=low_port(),
    )
    house.certify()
    house.user("fred", "secret")
    house.deliver("fred", b"Subject: hello\r\n\r\nhello\r\n")
    for path in (house.config.users.file, *house.config.server.state_dir.rglob("*"), house.config.server.state_dir):
        os.chown(path, SERVICE.uid, SERVICE.gid)
    house.file.chmod(0o600)
    return house


def test_mail_is_served_by_a_process_that_is_not_root(house: House) -> None:
    with house.process() as server:
        [worker] = map(int, Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split())
        assert {status(worker)[name] for name in ("Uid", "Gid")} == {
            "\t".join([str(number)] * 4) for number in (SERVICE.uid, SERVICE.gid)
        }
        with Client(house.pop3) as client:
            assert client.login().startswith(b"+OK")
            assert client.ask(b"DELE 1").startswith(b"+OK")
            assert client.ask(b"QUIT").startswith(b"+OK")
        with Client(house.pop3s, "localhost", house.authority) as client:
            assert client.login().startswith(b"+OK")
        server.terminate()
        wait_for_line(server, "stopped")
        assert server.wait() == 0
    assert house.stored("fred") == []


def test_a_server_whose_root_process_is_killed_stops_by_itself(house: House) -> None:
    with house.process() as server:
        server.kill()
        wait_for_line(server, "stopped")


def test_a_server_that_cannot_start_says_so_once(house: House) -> None:
    house.config.tls.key.unlink()
    outcome = process("--config", str(house.file), "serve")
    assert outcome.code == 1
    lost = f"{house.config.tls.key}: no such file or directory"
    assert outcome.err.splitlines()[-1] == f"mtq: no service runs: pop3: {lost}; pop3s: {lost}"
    assert outcome.err.count("no service runs") == 1
