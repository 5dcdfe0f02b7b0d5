"""Files with secrets that others can read or change: who is told of them, when, and how often."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from mtq.config.read import load
from mtq.server.secrecy import exposed
from tests.commands.desk import process
from tests.house import MTQ, House, Running
from tests.server.pop import Client

READ = "everybody on this machine can read it"


def warnings(running: Running) -> list[str]:
    """What was remarked of files that are open to others."""
    return [text for text in running.remarks if "chmod" in text]


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        (0o600, None),
        (0o400, None),
        (0o640, None),
        (0o644, f"{READ}; `chmod 640 "),
        (0o604, f"{READ}; `chmod 600 "),
        (0o444, f"{READ}; `chmod 440 "),
        (0o660, "its whole group can change it; `chmod 640 "),
        (0o602, "everybody on this machine can change it; `chmod 600 "),
        (0o666, "everybody on this machine can read and change it; `chmod 640 "),
    ],
)
def test_a_mode_and_what_is_said_of_it(house: House, mode: int, said: str | None) -> None:
    file = house.config.users.file
    file.chmod(mode)
    assert list(exposed(house.config)) == ([] if said is None else [f"{file}, the users file: {said}{file}`"])


def files(house: House) -> Iterator[Path]:
    """All that a warning may be of."""
    state = house.config.server.state_dir
    yield from (house.config.users.file, state / "tls/server.key", state / "tls/ca.key", state / "secret")
    yield house.folder / "own.key"


def test_every_file_with_a_secret_is_looked_at_once(house: House) -> None:
    house.certify()
    own = 'listen = ["127.0.0.1:{port}"]\ntls = "implicit"\ncertificate = "own.pem"\nkey = "own.key"\n'
    services = "".join(f"\n[services.own{port}]\n{own.format(port=port)}" for port in (1, 2))
    house.file.write_text(house.file.read_text() + services)
    for file in files(house):
        file.touch()
        file.chmod(0o644)
    told = [warning.split(", ")[0] for warning in exposed(load(house.file))]
    assert sorted(told) == sorted(str(file) for file in files(house))


def test_the_key_of_a_service_without_tls_is_nobodys_concern(house: House) -> None:
    house.file.write_text(house.file.read_text().replace('"starttls"', '"off"').replace('"implicit"', '"off"'))
    (house.folder / "own.key").touch()
    (house.folder / "own.key").chmod(0o644)
    text = house.file.read_text() + '[tls]\ncertificate = "own.pem"\nkey = "own.key"\n'
    house.file.write_text(text)
    assert list(exposed(load(house.file))) == []


def test_a_name_with_a_space_is_quoted_for_the_shell(tmp_path: Path) -> None:
    folder = tmp_path / "my mail"
    folder.mkdir()
    house = House(folder)
    house.user("fred", "secret")
    house.config.users.file.chmod(0o644)
    [warning] = exposed(house.config)
    command = warning.partition("`")[2].removesuffix("`")
    subprocess.run(command, shell=True, check=True)
    assert list(exposed(house.config)) == []


def test_the_server_says_it_once_when_it_starts(house: House) -> None:
    house.config.users.file.chmod(0o644)
    with subprocess.Popen([MTQ, "--config", str(house.file), "serve"], stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        lines = []
        for line in server.stderr:
            lines.append(line)
            if line.endswith(" ready\n"):
                server.terminate()
    assert [line.split(maxsplit=2)[1] for line in lines if READ in line] == ["warning"]


def test_another_users_file_is_looked_at_when_it_is_read(house: House) -> None:
    with house.serving() as running:
        file, replacement = house.config.users.file, house.folder / "users.new"
        for mode in (0o644, 0o600, 0o644):
            replacement.write_bytes(file.read_bytes())
            replacement.chmod(mode)
            replacement.replace(file)
            with Client(house.pop3) as client:
                assert client.login().startswith(b"+OK")
                client.ask(b"QUIT")
        running.wait_until(lambda: len(warnings(running)) == 2)


def test_a_key_that_others_may_read_after_its_renewal_is_warned_of_once(house: House) -> None:
    with house.serving() as running:
        house.config.tls.key.chmod(0o644)
        assert running.server.upkeep is not None
        for _ in range(2):
            running.do(running.server.upkeep.look())
        [warning] = warnings(running)
        assert warning.startswith(f"{house.config.tls.key}, a private key: {READ}; ")


def test_a_reload_looks_at_the_files_that_it_takes_up(house: House) -> None:
    (house.folder / "others").touch(0o666)
    (house.folder / "others").chmod(0o644)
    with house.serving() as running:
        house.file.write_text(house.file.read_text() + '[users]\nfile = "others"\n')
        running.do(running.server.reload())
        [warning] = warnings(running)
        assert warning.startswith(f"{house.folder}/others, the users file: ")


def test_status_tells_how_it_is_now(house: House) -> None:
    with house.serving():
        for mode, told in ((0o644, 1), (0o640, 0)):
            house.config.users.file.chmod(mode)
            outcome = process("--config", str(house.file), "status")
            assert outcome.err.count(f"warning: {house.config.users.file}, the users file: {READ}") == told


def test_config_check_warns_and_says_yes_all_the_same(house: House) -> None:
    house.config.users.file.chmod(0o644)
    outcome = process("--config", str(house.file), "config", "check")
    assert outcome.code == 0
    assert f"warning: {house.config.users.file}, the users file: {READ}; `chmod 640 " in outcome.err
