"""contrib/systemd: units that systemd takes, as closed as they say, and a server that needs nothing they forbid."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from mtq.config import template
from mtq.config.kinds import ListenKind
from tests.house import MTQ, House, wait_for_line
from tests.server.pop import Client
from tests.server.privsep.people import SERVICE
from tests.server.privsep.test_privileges import low_port

CONTRIB = Path(__file__).parents[3] / "contrib" / "systemd"
HOWTO = Path(__file__).parents[3] / "docs" / "howto" / "systemd.md"
UNPRIVILEGED = Path("mtq.service.d") / "unprivileged.conf"
LETTER = b"Subject: bread\n\nPlease bring bread.\n"


def values(key: str, *files: Path) -> list[str]:
    """What stands after a key, in the order of the lines."""
    return [value for file in files for value in re.findall(rf"^{key}=(.*)$", file.read_text(), re.MULTILINE)]


def analyze(*arguments: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """systemd-analyze, with units from this folder."""
    environment = {**os.environ, "SYSTEMD_UNIT_PATH": f"{folder}:", "SYSTEMD_COLORS": "0"}
    command = ["systemd-analyze", "--no-pager", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True)


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units without their drop-in, with the program where it is here."""
    folder = tmp_path / "units"
    shutil.copytree(CONTRIB, folder)
    shutil.rmtree(folder / "mtq.service.d")
    service = folder / "mtq.service"
    service.write_text(service.read_text().replace("/usr/local/bin/mtq", MTQ))
    return folder


@pytest.mark.parametrize("unit", ["mtq.service", "mtq-pop3.socket", "mtq-pop3s.socket"])
def test_systemd_takes_the_unit(units: Path, unit: str) -> None:
    done = analyze("verify", "--man=no", str(units / unit), folder=units)
    assert (done.returncode, done.stderr.strip()) == (0, "")


@pytest.mark.parametrize(
    ("unprivileged", "row"), [(False, "| `mtq.service` as it is"), (True, "| with `mtq.service.d/unprivileged.conf`")]
)
def test_a_server_in_it_is_as_exposed_as_the_docs_say(units: Path, unprivileged: bool, row: str) -> None:
    if unprivileged:
        shutil.copytree(CONTRIB / "mtq.service.d", units / "mtq.service.d")
    done = analyze("security", "--offline=true", str(units / "mtq.service"), folder=units)
    [told] = [line.split("|")[-2].strip() for line in HOWTO.read_text().splitlines() if line.startswith(row)]
    assert f"Overall exposure level for mtq.service: {told} " in done.stdout


def test_the_howto_copies_what_there_is() -> None:
    assert set(re.findall(r"\$share/mtq/systemd/([\w.-]+)", HOWTO.read_text())) == {
        file.name for file in CONTRIB.iterdir() if file.is_file()
    }


@pytest.mark.parametrize("service", ["pop3", "pop3s"])
def test_the_sockets_are_those_of_the_services_that_mtq_init_writes(service: str) -> None:
    written = tomllib.loads(template.safe("mail.example.com", "mtq", True))["services"][service]
    unit = CONTRIB / f"mtq-{service}.socket"
    assert values("FileDescriptorName", unit) == [service]
    assert values("ListenStream", unit) == [str(ListenKind().read(listen)) for listen in written["listen"]]


def test_user_and_folder_are_made_as_the_server_wants_them(tmp_path: Path) -> None:
    for program, options in (("sysusers", []), ("tmpfiles", ["--create"])):
        folder = tmp_path / "etc" / f"{program}.d"
        folder.mkdir(parents=True)
        shutil.copy(CONTRIB / f"mtq.{program}", folder / "mtq.conf")
        command = [f"systemd-{program}", *options, f"--root={tmp_path}", "mtq.conf"]
        subprocess.run(command, check=True, capture_output=True)
    users = [line.split(":") for line in (tmp_path / "etc/passwd").read_text().splitlines()]
    [user] = [user for user in users if user[0] == "mtq"]
    state = (tmp_path / "var/lib/mtq").stat()
    assert user[5] == "/var/lib/mtq"
    assert (state.st_uid, state.st_mode & 0o777) == (int(user[2]), 0o700)


# What it may do


@pytest.fixture
def house(public_folder: Path) -> House:
    """A house of the service user's, with a key and ports that are root's."""
    (public_folder / "secrets").mkdir(mode=0o700)
    house = House(
        public_folder,
        server=f'user = "{SERVICE.name}"\n[tls]\ncertificate = "secrets/server.pem"\nkey = "secrets/server.key"',
        pop3=low_port(),
    )
    house.certify()
    house.user("fred", "secret", "ARGON2ID")
    house.user("wilma", "secret", "BLF-CRYPT")
    house.deliver("fred", LETTER, LETTER)
    give(house)
    return house


def give(house: House) -> None:
    """Everything of the state is the service user's."""
    for path in (house.config.users.file, *house.config.server.state_dir.rglob("*"), house.config.server.state_dir):
        os.chown(path, SERVICE.uid, SERVICE.gid)


def a_day(house: House, server: "subprocess.Popen[str]") -> None:
    """Logins of every kind, a message, a removal, a reload with another port, an end."""
    with Client(house.pop3) as client:
        client.login()
        client.ask(b"RETR 1")
        client.body()
        client.ask(b"DELE 1")
        assert client.ask(b"QUIT") == b"+OK bye"
    with Client(house.pop3s, "localhost", house.authority) as client:
        assert client.login("wilma").startswith(b"+OK")
        client.ask(b"QUIT")
    with Client(house.pop3) as client:
        assert client.login("fred", "wrong").startswith(b"-ERR [AUTH]")
    added = low_port()
    house.file.write_text(house.file.read_text().replace(f'"127.0.0.1:{house.pop3}"', f'"127.0.0.1:{added}"'))
    server.send_signal(1)
    wait_for_line(server, "configuration read again: services.pop3.listen changed")
    with Client(added) as client:
        assert client.login().startswith(b"+OK 1 ")
    server.terminate()
    wait_for_line(server, "stopped")


def test_the_capabilities_are_enough(house: House) -> None:
    [bounds] = values("CapabilityBoundingSet", CONTRIB / "mtq.service")
    names = bounds.split()
    allowed = ",".join(["-all", *(f"+{name.removeprefix('CAP_').lower()}" for name in names)])
    with house.process(["setpriv", "--no-new-privs", f"--bounding-set={allowed}"]) as server:
        a_day(house, server)
        assert server.wait() == 0


def test_it_makes_no_system_call_that_is_forbidden(house: House, tmp_path: Path) -> None:
    with house.process(["strace", "-D", "-f", "-qq", "-o", str(tmp_path / "trace")]) as server:
        a_day(house, server)
        assert server.wait() == 0
    trace = (tmp_path / "trace").read_text(errors="replace").splitlines()
    service = CONTRIB / "mtq.service"
    assert forbidden(trace, filtered(service)) == []
    worker = [line for line in trace if not line.startswith(f"{server.pid} ")]
    became = max(number for number, line in enumerate(worker) if " setuid(" in line)
    assert forbidden(worker[became + 1 :], filtered(service, CONTRIB / UNPRIVILEGED)) == [], "without root's part"


def forbidden(trace: list[str], allowed: set[str]) -> list[str]:
    """The system calls of a trace that a filter does not let pass, or MemoryDenyWriteExecute does not."""
    calls = [call.groups() for line in trace if (call := re.match(r"\d+ +(\w+)\((.*)", line))]
    assert len(calls) > 500
    return [f"{name}({rest}" for name, rest in calls if name not in allowed or makes_code(name, rest)]


def makes_code(name: str, arguments: str) -> bool:
    """Whether it makes memory executable that is, or was, writable."""
    if name == "mmap":
        return "PROT_WRITE" in arguments and "PROT_EXEC" in arguments
    return name in ("mprotect", "pkey_mprotect") and "PROT_EXEC" in arguments


def filtered(*files: Path) -> set[str]:
    """The names of the system calls that the unit's filter lets pass."""
    allowed: set[str] = set()
    for value in values("SystemCallFilter", *files):
        named = set().union(*(expanded(word) for word in value.removeprefix("~").split()))
        allowed = allowed - named if value.startswith("~") else allowed | named
    return allowed


def expanded(word: str) -> set[str]:
    """A system call, or those of a set."""
    if not word.startswith("@"):
        return {word}
    listed = subprocess.run(["systemd-analyze", "syscall-filter", word], capture_output=True, text=True, check=True)
    found = [line.strip() for line in listed.stdout.splitlines()[1:]]
    return set().union(*(expanded(name) for name in found if name and not name.startswith("#")))
