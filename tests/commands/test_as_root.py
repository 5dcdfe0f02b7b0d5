"""A server started by root that works as another user, administered by root's commands while a session goes on."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mtq import tls
from mtq.ledger import utc_now
from tests.commands.desk import Outcome, Run
from tests.house import House
from tests.server.pop import Client
from tests.server.privsep.people import SERVICE
from tests.server.privsep.test_privileges import low_port
from tests.server.privsep.works import status

ROOT = Path(__file__).parents[2]


@pytest.fixture
def house(public_folder: Path) -> House:
    """A house of the service user's in root's hands: port, certificate, key and configuration are root's alone."""
    secrets = public_folder / "secrets"
    secrets.mkdir(mode=0o700)
    house = House(
        public_folder,
        server=f'user = "{SERVICE.name}"\n[tls]\ncertificate = "secrets/server.pem"\nkey = "secrets/server.key"',
        pop3=low_port(),
    )
    house.certify()
    house.user("fred", "secret")
    house.deliver("fred", b"Subject: hello\r\n\r\nhello\r\n")
    for path in (house.config.users.file, *house.config.server.state_dir.rglob("*"), house.config.server.state_dir):
        os.chown(path, SERVICE.uid, SERVICE.gid)
    house.file.chmod(0o600)
    return house


@dataclass(frozen=True)
class Worker:
    """The working process."""

    pid: int

    @property
    def uids(self) -> set[str]:
        """As whom it works: real, effective, saved and file system user."""
        return set(status(self.pid)["Uid"].split())


@pytest.fixture
def worker(house: House, run: Run) -> Iterator[Worker]:
    """The house's server, with a session that has to be there at the end as it was in the beginning."""
    with house.process(), Client(house.pop3) as client:
        assert client.login().startswith(b"+OK 1 ")
        worker = Worker(run("status", "--json").data["pid"])
        assert worker.uids == {str(SERVICE.uid)}
        yield worker
        assert client.ask(b"STAT").startswith(b"+OK 1 ")
        assert run("status", "--json").data["pid"] == worker.pid
        assert worker.uids == {str(SERVICE.uid)}


def greeted(port: int) -> bool:
    """Whether a client is served there."""
    with Client(port) as client:
        return client.line().startswith(b"+OK")


def refused(port: int) -> bool:
    """Whether nobody listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def test_a_privileged_port_is_added_and_taken_away(house: House, run: Run, worker: Worker) -> None:
    added = low_port()
    both = f'listen=["127.0.0.1:{house.pop3}", "127.0.0.1:{added}"]'
    assert run("service", "set", "pop3", both).code == 0
    assert greeted(added)
    assert run("service", "set", "pop3", f"listen=127.0.0.1:{house.pop3}").code == 0
    assert refused(added)


def test_a_service_on_a_privileged_port_is_added_stopped_started_and_removed(
    house: House, run: Run, worker: Worker
) -> None:
    port = low_port()
    assert run("service", "add", "office", "--listen", f"127.0.0.1:{port}").code == 0
    assert greeted(port)
    assert run("service", "restart", "office").code == 0
    assert greeted(port)
    assert run("service", "stop", "office").code == 0
    assert refused(port)
    assert run("service", "start", "office").code == 0
    assert greeted(port)
    assert run("service", "remove", "office").code == 0
    assert refused(port)


def test_a_privileged_port_that_somebody_has_leaves_the_service_where_it_was(
    house: House, run: Run, worker: Worker
) -> None:
    with socket.create_server(("127.0.0.1", low_port())) as other:
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        outcome = run("service", "set", "pop3", f"listen={taken}")
        assert outcome.code == 1
        assert f"service pop3 goes on as before: port {taken}: something else listens there" in outcome.err
        assert greeted(house.pop3)


def test_a_renewed_key_that_root_alone_can_read_is_served(house: House, run: Run, worker: Worker) -> None:
    tls.make(house.config.tls.certificate, house.config.tls.key, "localhost", utc_now())
    assert house.config.tls.key.stat().st_uid == 0
    told = run("reload", "--json").data["certificates"]
    assert all(row["before"] != row["after"] for row in told)
    with Client(house.pop3s, authority=house.authority) as client:
        assert client.login("fred", "wrong").startswith(b"-ERR")


def test_ranges_in_a_configuration_that_root_alone_can_read_are_changed(
    house: House, run: Run, worker: Worker
) -> None:
    assert run("firewall", "add", "!127.0.0.2", "--service", "pop3").code == 0
    with Client(house.pop3, source="127.0.0.2") as client:
        assert client.line() == b"-ERR access denied"
    assert (house.file.stat().st_uid, house.file.stat().st_mode & 0o777) == (0, 0o600)


def test_a_file_that_is_wrong_changes_nothing(house: House, run: Run, worker: Worker) -> None:
    house.file.write_text(house.file.read_text() + "max_connections = 0\n")
    assert run("reload").complaint[0] == 3
    assert greeted(house.pop3)


def test_a_dry_run_of_a_reload_is_no_reload(house: House, run: Run, worker: Worker) -> None:
    port = low_port()
    text = house.file.read_text()
    house.file.write_text(text.replace(f"127.0.0.1:{house.pop3}", f"127.0.0.1:{port}"))
    assert run("reload", "--dry-run").said == "would change: services.pop3.listen"
    assert (refused(port), greeted(house.pop3)) == (True, True)
    house.file.write_text(text)


def as_somebody(uid: int, gid: int, house: House, *arguments: str) -> Outcome:
    """Run a command line as another user, who may read the configuration."""
    house.file.chmod(0o644)
    command = [sys.executable, "-m", "tests.commands.somebody", str(uid), str(gid), "--config", str(house.file)]
    done = subprocess.run([*command, *arguments], cwd=ROOT, capture_output=True, text=True)
    house.file.chmod(0o600)
    return Outcome(done.returncode, done.stdout, done.stderr)


def test_the_service_user_may_ask_and_act_and_nobody_else_may(house: House, run: Run, worker: Worker) -> None:
    own = as_somebody(SERVICE.uid, SERVICE.gid, house, "status", "--json")
    assert (own.code, own.data["pid"]) == (0, worker.pid)
    other = as_somebody(65534, 65534, house, "status", "--json")
    assert other.complaint == (
        1,
        f"control socket {house.config.server.control_socket}: permission denied; "
        "root and the server's own user may use it",
    )


@pytest.mark.parametrize("folder", ["run", None], ids=["a folder that is made", "root's own folder"])
def test_it_is_stopped_and_started_again_at_once(public_folder: Path, house: House, run: Run, folder: str) -> None:
    if folder:
        house.file.write_text(house.file.read_text().replace('"control.sock"', f'"{folder}/control.sock"'))
    for _ in range(2):
        with house.process():
            assert greeted(house.pop3)
            assert run("stop").said == "the server has stopped"
            assert refused(house.pop3)
