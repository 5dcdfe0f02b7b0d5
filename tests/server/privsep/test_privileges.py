"""Worker and root process as they are: real processes, started by root, and what each can and cannot do."""

import fcntl
import json
import os
import pty
import signal
import socket
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import IO

import pytest

import mtq
from mtq import tls
from mtq.config.model import Config
from mtq.config.read import load
from mtq.errors import MtqError
from mtq.server.privsep.start import cautions, run
from tests.house import WAIT
from tests.server.privsep.people import SERVICE
from tests.server.privsep.works import status, until_killed

Line = dict[str, object]

ROOT = Path(__file__).parents[3]


def low_port() -> int:
    """A port that only root can open, and nobody has."""
    for port in range(1023, 511, -1):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no port below 1024 is free")


class Pair:
    """Root's process and the worker, as started from a configuration."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.worker = 0     # its process id, once it is at work

    def await_work(self) -> None:
        """Wait until the worker is at work."""
        ready = self.line().get("ready")
        assert isinstance(ready, int), self.end()
        self.worker = ready

    def tell(self, line: str) -> None:
        """Send the worker a line."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def line(self) -> Line:
        """What it says next."""
        found = json.loads(self._next())
        assert isinstance(found, dict)
        return found

    def ask(self, line: str) -> Line:
        """Have it do something."""
        self.tell(line)
        return self.line()

    def end(self) -> tuple[int, str]:
        """Let it come to its end; exit code and what was said on standard error."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        assert self.process.stderr is not None
        said = self.process.stderr.read()
        return self.process.wait(WAIT), said

    def _next(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()


class House:
    """A configuration and its files, root's alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "mtq.toml"
        self.secrets = folder / "secrets"
        self.secrets.mkdir(mode=0o700)
        self.certificate, self.key = self.secrets / "server.pem", self.secrets / "server.key"
        self.port = low_port()
        self.write("pop3", f"127.0.0.1:{self.port}")

    def write(self, service: str, listen: str, more: str = "") -> None:
        """Write the configuration, for nobody else to read."""
        self.file.write_text(
            f'[server]\nuser = "{SERVICE.name}"\nstate_dir = "state"\n'
            f'[tls]\ncertificate = "{self.certificate}"\nkey = "{self.key}"\n'
            f'[services.{service}]\nlisten = "{listen}"\n{more}\n'
        )
        self.file.chmod(0o600)

    def load(self) -> Config:
        """The configuration as it stands."""
        return load(self.file)

    @contextmanager
    def start(self, work: str, stdin: int | IO[str] = subprocess.PIPE) -> Iterator[Pair]:
        """Have root start it."""
        command = [sys.executable, "-m", "tests.server.privsep.works", work, str(self.file)]
        with subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=_take_the_terminal,
        ) as process:
            try:
                pair = Pair(process)
                pair.await_work()
                yield pair
            finally:
                process.kill()


def _take_the_terminal() -> None:
    """As a shell does for whom it starts."""
    if os.isatty(0):
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@pytest.fixture
def house(public_folder: Path) -> House:
    """A configuration with one service on a port below 1024."""
    return House(public_folder)


# Who works


def test_the_worker_is_the_user_and_its_parent_is_root(house: House) -> None:
    with house.start("identity") as pair:
        found = pair.line()
        worker, parent = status(pair.worker), status(pair.process.pid)
        assert found["parent"] == pair.process.pid
        assert worker["Uid"].split() == [str(SERVICE.uid)] * 4
        assert worker["Gid"].split() == [str(SERVICE.gid)] * 4
        assert sorted(map(int, worker["Groups"].split())) == sorted(SERVICE.groups)
        assert int(worker["CapEff"], 16) == int(worker["CapPrm"], 16) == 0
        assert parent["Uid"].split() == ["0"] * 4
        assert found["home"] == SERVICE.home


def test_the_worker_cannot_become_root_again(house: House) -> None:
    with house.start("identity") as pair:
        pair.line()
        for _ in range(2):
            assert {str(answer).partition(":")[0] for answer in pair.line().values()} == {"PermissionError"}


def test_what_is_to_be_cleared_away_is_cleared_away_once_and_by_root(house: House) -> None:
    with house.start("identity") as pair:
        for _ in range(3):
            pair.line()
        pair.tell("come to an end")
        assert pair.line() == {"cleared_away_by": pair.process.pid}
        assert pair.end() == (0, "")


@pytest.mark.parametrize("user", ["", 'user = "root"'])
def test_without_a_user_to_become_root_works_itself(house: House, user: str) -> None:
    house.file.write_text(f'[server]\n{user}\n[services.pop3]\nlisten = "127.0.0.1:{house.port}"\n')
    with house.start("asking") as pair:
        assert pair.ask(f"bind 127.0.0.1 {house.port}") == {"bound": [["127.0.0.1", house.port]], "blocking": False}
        assert pair.ask("config") == {"config": ["pop3"]}
        assert pair.ask(f"read {house.file}")["content"] == house.file.read_text()
        assert pair.worker == pair.process.pid


def test_a_user_who_is_not_there_is_an_error(house: House) -> None:
    house.file.write_text('[server]\nuser = "no-such-user"\n')
    with pytest.raises(MtqError, match="no user no-such-user on this system; `mtq init --create-user` makes"):
        run(house.load(), house.file, lambda: until_killed)


# What it can have


def test_a_port_below_1024_is_bound_for_it_again_and_again(house: House) -> None:
    with house.start("asking") as pair:
        for _ in range(3):
            found = pair.ask(f"bind 127.0.0.1 {house.port}")
            assert found == {"bound": [["127.0.0.1", house.port]], "blocking": False}


def test_a_bare_port_is_bound_in_both_families(house: House) -> None:
    house.write("pop3", str(house.port))
    with house.start("asking") as pair:
        assert pair.ask(f"bind * {house.port}")["bound"] == [["0.0.0.0", house.port], ["::", house.port]]


@pytest.mark.parametrize("place", ["127.0.0.1 {0}", "* {1}", "127.0.0.2 {1}"])
def test_a_port_that_no_service_has_is_refused(house: House, place: str) -> None:
    with house.start("asking") as pair:
        refused = str(pair.ask(f"bind {place.format(low_port() - 1, house.port)}")["failed"])
        assert refused.startswith("CannotListen: port ")
        assert "no service of the configuration in use listens there" in refused


def test_a_port_that_somebody_has_is_said_to_be_taken(house: House) -> None:
    with socket.create_server(("127.0.0.1", house.port)), house.start("asking") as pair:
        refused = pair.ask(f"bind 127.0.0.1 {house.port}")
        assert refused == {"failed": f"CannotListen: port 127.0.0.1:{house.port}: something else listens there"}


def test_a_port_that_is_added_can_be_had_once_the_configuration_is_read_again(house: House) -> None:
    added = low_port()
    with house.start("asking") as pair:
        house.write("added", f"127.0.0.1:{added}")
        assert pair.ask("config") == {"config": ["added"]}
        assert pair.ask(f"bind 127.0.0.1 {added}")["bound"] == [["127.0.0.1", added]]


def test_a_port_that_was_given_is_given_again_for_a_service_that_goes_back_to_it(house: House) -> None:
    with house.start("asking") as pair:
        assert "bound" in pair.ask(f"bind 127.0.0.1 {house.port}")
        house.write("pop3", "127.0.0.1:1")
        pair.ask("config")
        assert "bound" in pair.ask(f"bind 127.0.0.1 {house.port}")


def test_a_port_that_was_only_configured_is_not_given_any_more(house: House) -> None:
    with house.start("asking") as pair:
        house.write("pop3", "127.0.0.1:1")
        pair.ask("config")
        assert "no service" in str(pair.ask(f"bind 127.0.0.1 {house.port}")["failed"])


def test_a_configuration_that_was_only_looked_at_is_not_in_use(house: House) -> None:
    with house.start("asking") as pair:
        house.write("other", "127.0.0.1:1")
        assert pair.ask("peek") == {"config": ["other"]}
        assert "bound" in pair.ask(f"bind 127.0.0.1 {house.port}")
        assert "failed" in pair.ask("bind 127.0.0.1 1")


def test_a_configuration_that_is_wrong_is_told_and_the_last_one_counts_on(house: House) -> None:
    with house.start("asking") as pair:
        house.write("pop3", "nowhere")
        told = str(pair.ask("config")["failed"])
        assert told.startswith("ConfigInvalid: ")
        assert f"{house.file}:8: services.pop3.listen" in told
        assert "bound" in pair.ask(f"bind 127.0.0.1 {house.port}")


def test_a_configuration_that_is_gone_is_told(house: House) -> None:
    with house.start("asking") as pair:
        house.file.unlink()
        assert pair.ask("config")["failed"] == (
            f"ConfigInvalid: {house.file}: there is no such file; `mtq init` writes a safe configuration"
        )


def test_a_key_that_root_alone_can_read_is_read_and_read_again_when_it_is_replaced(house: House) -> None:
    with house.start("asking") as pair:
        for content in ("first", "second"):
            new = house.key.with_name("new")
            new.write_text(content)
            new.chmod(0o600)
            new.rename(house.key)
            assert pair.ask(f"read {house.key}") == {"content": content}


def test_a_certificate_is_loaded_from_files_that_root_alone_can_read(house: House) -> None:
    tls.make_if_due(house.certificate, house.key, "localhost")
    with house.start("asking") as pair:
        assert pair.ask(f"context {house.certificate} {house.key}") == {"context": "made"}


def test_a_key_that_is_gone_is_named(house: House) -> None:
    house.certificate.touch()
    with house.start("asking") as pair:
        told = pair.ask(f"context {house.certificate} {house.key}")
        assert told == {"failed": f"BadCertificate: {house.key}: no such file or directory"}


def test_a_list_that_a_service_names_is_read(house: House) -> None:
    listed = house.secrets / "blocklist.txt"
    listed.write_text("192.0.2.7\n" * 50_000)
    house.write("pop3", f"127.0.0.1:{house.port}", f'firewall_file = "{listed}"')
    with house.start("asking") as pair:
        assert pair.ask(f"read {listed}")["content"] == listed.read_text()


@pytest.mark.parametrize("name", ["/etc/shadow", "{0}/secrets/../secrets/server.key", "{0}/mtq.toml"])
def test_a_file_that_the_configuration_does_not_name_is_refused(house: House, name: str) -> None:
    house.key.touch()
    file = name.format(house.folder)
    with house.start("asking") as pair:
        assert pair.ask(f"read {file}") == {"failed": f"MtqError: {file}: the configuration in use does not name it"}


def test_a_key_laid_by_the_worker_leads_to_no_other_file(house: House) -> None:
    state = house.folder / "state" / "tls"
    state.mkdir(parents=True)
    os.chown(state, SERVICE.uid, SERVICE.gid)
    (state / "server.key").symlink_to("/etc/shadow")
    house.file.write_text(f'[server]\nuser = "{SERVICE.name}"\nstate_dir = "state"\n')
    with house.start("asking") as pair:
        assert "is not followed" in str(pair.ask(f"read {state}/server.key")["failed"])


def test_a_worker_that_can_open_nothing_more_is_told_so_and_can_ask_again(house: House) -> None:
    with house.start("crowded", stdin=subprocess.DEVNULL) as pair:
        assert pair.line()["config"] == "MtqError: this process has too many files open to be given another"
        assert pair.line()["config"] == "done"


# How it ends


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_to_root_reaches_the_worker_once(house: House, number: signal.Signals) -> None:
    with house.start("signals") as pair:
        for _ in range(2):
            pair.process.send_signal(number)
            assert pair.line() == {"signal": number.name}
        pair.tell("no further signal has come")
        assert pair.end() == (7, "")
        assert pair.line() == {"cleared_away_by": pair.process.pid}


def test_a_signal_is_taken_by_the_thread_that_heeds_signals(house: House) -> None:
    with house.start("signals") as pair:
        blocked = {
            int(thread.name): int(status(f"{pair.worker}/task/{thread.name}")["SigBlk"], 16)
            for thread in Path(f"/proc/{pair.worker}/task").iterdir()
        }
        assert blocked.pop(pair.worker) == 0
        assert blocked, "nobody looks out for the root process's end"
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            assert all(mask >> (number - 1) & 1 for mask in blocked.values())


def test_ctrl_c_on_the_terminal_reaches_the_worker_once(house: House) -> None:
    ours, theirs = pty.openpty()
    with (
        os.fdopen(ours, "wb", buffering=0) as keyboard,
        os.fdopen(theirs) as terminal,
        house.start("signals_of_a_terminal", terminal) as pair,
    ):
        keyboard.write(b"\x03")
        assert pair.line() == {"signal": "SIGINT"}
        pair.process.send_signal(signal.SIGTERM)
        assert pair.line() == {"signal": "SIGTERM"}
        assert pair.end()[0] == 7


def test_a_worker_that_is_killed_is_a_failure_with_its_reason(house: House) -> None:
    with house.start("until_killed") as pair:
        os.kill(pair.worker, signal.SIGKILL)
        assert pair.end() == (3, "mtq: MtqError: the working process was ended by signal 9 (Killed)\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_is_asked_to_end_before_it_heeds_signals_has_done_so(
    house: House, number: signal.Signals
) -> None:
    with house.start("until_killed") as pair:
        pair.process.send_signal(number)
        assert pair.end() == (0, "")


def test_a_reload_before_the_worker_heeds_signals_does_no_harm(house: House) -> None:
    with house.start("asking") as pair:
        pair.process.send_signal(signal.SIGHUP)
        assert "bound" in pair.ask(f"bind 127.0.0.1 {house.port}")
        assert pair.end() == (0, "")


def test_a_worker_whose_root_process_is_killed_is_asked_to_end(house: House) -> None:
    with house.start("signals") as pair:
        pair.process.kill()
        assert pair.line() == {"signal": "SIGTERM"}


@pytest.mark.parametrize(
    ("work", "said"),
    [
        ("failing", "CannotListen: port 1: no service of the configuration in use listens there"),
        ("stumbling", "FileNotFoundError: [Errno 2] No such file or directory: '/none'"),
    ],
)
def test_what_the_worker_fails_by_is_what_the_start_fails_by(house: House, work: str, said: str) -> None:
    with house.start(work, stdin=subprocess.DEVNULL) as pair:
        assert pair.end() == (3, f"mtq: {said}\n")


# A worker in a stranger's hands


def message(*fields: str) -> str:
    """Octets that a worker could send, for the test's `taken_over`."""
    body = "\0".join(fields).encode(errors="surrogateescape")
    return (len(body).to_bytes(4, "big") + body).hex()


RUBBISH = [
    ["bind", "22", ""],
    ["bind", "-1", "x"],
    ["read", "/etc/shadow"],
    ["read"],
    ["\udcff\udcfe"],
    [""],
    ["failed"],
    ["given", "1"],
]


def test_rubbish_opens_nothing_and_brings_root_not_down(house: House) -> None:
    house.key.write_text("secret")
    with house.start("taken_over") as pair:
        before = pair.ask(message("configuration", "please"))["open"]
        for fields in RUBBISH:
            found = pair.ask(message(*fields))
            assert isinstance(answer := found["answer"], list)
            assert (answer[0], found["open"]) == ("failed", before)
        found = pair.ask(message("read", str(house.key)))
        assert found["answer"] == ["given", "1"]
        assert pair.end() == (0, "")


def test_who_sends_no_messages_is_cut_off_and_watched_on(house: House) -> None:
    with house.start("taken_over") as pair:
        assert pair.ask("ff" * 100) == {"answer": "cut off"}
        assert pair.end() == (7, "")


def test_who_reads_no_answers_is_cut_off_and_watched_on(house: House) -> None:
    with house.start("flooding", stdin=subprocess.DEVNULL) as pair:
        assert pair.line() == {"answer": "cut off"}
        assert pair.end() == (7, "")


def test_root_keeps_nothing_open_that_it_has_given(house: House) -> None:
    house.key.touch()
    with house.start("asking") as pair:
        before = os.listdir(f"/proc/{pair.process.pid}/fd")
        for asked in ("config", f"read {house.key}", f"bind 127.0.0.1 {house.port}"):
            assert "failed" not in pair.ask(asked)
            assert "failed" in pair.ask("read /none")       # when this is answered, the last answer is done with
            assert os.listdir(f"/proc/{pair.process.pid}/fd") == before


# What weakens it


def cautioned(house: House) -> bool:
    """Whether the administrator is cautioned because of the configuration's file."""
    told = cautions(house.load(), house.file)
    return any(caution.startswith(f"{house.file}: others than root can change it") for caution in told)


def test_a_configuration_that_is_roots_alone_needs_no_caution(house: House) -> None:
    assert not cautioned(house)


def test_a_configuration_that_the_worker_can_change_is_cautioned_against(house: House) -> None:
    os.chown(house.file, SERVICE.uid, SERVICE.gid)
    assert cautioned(house)


@pytest.mark.parametrize("part", [mtq, os])
def test_a_program_that_the_worker_cannot_read_is_cautioned_against(
    house: House, part: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = house.secrets / "module.py"
    hidden.touch()
    monkeypatch.setattr(part, "__file__", str(hidden))
    told = f"{SERVICE.name} cannot read the program ({hidden}); install it where every user can"
    assert told in cautions(house.load(), house.file)


def test_a_folder_from_before_there_was_a_user_is_cautioned_against(house: House) -> None:
    (house.folder / "state").mkdir(mode=0o700)
    told = f"daemon, as whom the server works, cannot work in {house.folder}/state: it has to be its own (chown)"
    assert told in cautions(house.load(), house.file)
    os.chown(house.folder / "state", SERVICE.uid, SERVICE.gid)
    assert told not in cautions(house.load(), house.file)


def test_nobody_is_cautioned_where_nothing_is_separated(house: House) -> None:
    house.file.write_text("[server]\n")
    assert not list(cautions(house.load(), house.file))
