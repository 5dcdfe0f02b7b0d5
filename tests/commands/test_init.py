"""`mtq init`: what it makes, for whom, and that it leaves alone what is there."""

import os
import pwd
import shutil
import socket
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mtq import tls
from mtq.commands.main import main
from mtq.config.read import load
from tests.commands.desk import Outcome, Run, tree
from tests.house import House
from tests.server.privsep.people import SERVICE


class Newcomer:
    """An ordinary user whose home is empty."""

    def __init__(self, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.home = home
        self.file = home / ".config/mtq/mtq.toml"
        self.users = home / ".config/mtq/users"
        self.state = home / ".local/state/mtq"
        self._capsys = capsys

    def run(self, *arguments: str) -> Outcome:
        """Run `mtq` in this process, on the default place."""
        return Outcome(main(arguments), *self._capsys.readouterr())


@pytest.fixture
def newcomer(ordinary: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Newcomer:
    """An ordinary user whose home is empty."""
    return Newcomer(tmp_path, capsys)


def test_it_says_what_it_made_and_what_to_type_next(newcomer: Newcomer) -> None:
    outcome = newcomer.run("init")
    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err.split("\n") == [
        f"wrote the configuration {newcomer.file}",
        f"made an empty users file {newcomer.users}",
        f"made a certificate {newcomer.state}/tls/server.pem; "
        f"clients that import {newcomer.state}/tls/ca.pem trust it",
        "services: pop3 on 1110, pop3s on 1995; clients from this machine and from private networks are let in",
        "next: `mtq user add NAME`, then `mtq serve`",
        "",
    ]


def test_what_it_made_is_right(newcomer: Newcomer) -> None:
    newcomer.run("init")
    assert newcomer.run("config", "check").code == 0
    config = load(newcomer.file)
    assert config.server.hostname == socket.gethostname()
    assert config.users.file == newcomer.users
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(config.tls.certificate, config.tls.key)


def test_secrets_are_readable_by_their_owner_alone(newcomer: Newcomer) -> None:
    newcomer.run("init")
    assert {path: mode & 0o777 for path, (mode, _) in tree(newcomer.home).items() if "mtq/" in path} == {
        ".config/mtq/mtq.toml": 0o644,
        ".config/mtq/users": 0o600,
        ".local/state/mtq/mail": 0o700,
        ".local/state/mtq/tls": 0o700,
        ".local/state/mtq/tls/ca.key": 0o600,
        ".local/state/mtq/tls/ca.pem": 0o644,
        ".local/state/mtq/tls/ca.pem.lock": 0o600,
        ".local/state/mtq/tls/server.key": 0o600,
        ".local/state/mtq/tls/server.pem": 0o644,
    }
    assert newcomer.state.stat().st_mode & 0o777 == 0o700


def test_the_second_time_everything_is_unchanged(newcomer: Newcomer) -> None:
    newcomer.run("init")
    before = tree(newcomer.home)
    outcome = newcomer.run("init")
    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err == f"unchanged: {newcomer.file} is there already\n"
    assert tree(newcomer.home) == before


def test_quiet_says_nothing(newcomer: Newcomer) -> None:
    for _ in range(2):
        assert newcomer.run("init", "--quiet") == Outcome(0, "", "")


def test_another_place_may_be_named(newcomer: Newcomer) -> None:
    elsewhere = newcomer.home / "new" / "mail.toml"
    assert newcomer.run("--config", str(elsewhere), "init").code == 0
    assert load(elsewhere).users.file == elsewhere.parent / "users"
    assert not newcomer.file.exists()


def test_only_root_can_make_a_system_user(newcomer: Newcomer) -> None:
    outcome = newcomer.run("init", "--create-user")
    assert (outcome.code, outcome.err) == (1, "mtq: only root can make a system user\n")
    assert not newcomer.file.exists()


def test_a_place_where_nothing_can_be_made_is_one_line(newcomer: Newcomer) -> None:
    (newcomer.home / ".config").touch()
    outcome = newcomer.run("init")
    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (1, "", 1)
    assert str(newcomer.home / ".config") in outcome.err


def test_a_configuration_that_is_there_is_kept_and_what_it_lacks_is_made(run: Run, house: House) -> None:
    text = house.file.read_text()
    house.config.users.file.unlink()
    house.mailbox("fred").parent.rmdir()
    outcome = run("init")
    assert outcome.code == 0
    assert f"unchanged: {house.file} is there already\n" in outcome.err
    assert house.file.read_text() == text
    assert house.config.users.file.read_bytes() == b""
    assert house.mailbox("fred").parent.is_dir()
    assert house.config.tls.key.stat().st_mode & 0o777 == 0o600


def test_users_that_are_there_are_kept(run: Run, house: House) -> None:
    before = house.config.users.file.read_bytes()
    assert run("init").code == 0
    assert house.config.users.file.read_bytes() == before


def test_an_invalid_configuration_is_exit_code_3_and_stays(run: Run, house: House) -> None:
    house.file.write_text("[sever]\n")
    before = tree(house.folder)
    assert run("init").code == 3
    assert tree(house.folder) == before


def test_a_certificate_of_the_administrators_own_is_left_to_them(run: Run, house: House) -> None:
    house.file.write_text('[server]\nstate_dir = "state"\n[tls]\ncertificate = "a.pem"\nkey = "a.key"\n')
    assert run("init").code == 0
    assert not list(house.folder.rglob("*.pem"))


def test_a_certificate_that_cannot_be_renewed_yet_is_told_and_kept(run: Run, house: House) -> None:
    tls.make(house.config.tls.certificate, house.config.tls.key, "localhost", datetime.now(UTC) - timedelta(days=380))
    (house.authority.parent / "ca.key").write_bytes(b"junk")
    before = tree(house.folder)
    outcome = run("init", "--quiet")
    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err == (
        f"warning: {house.config.tls.certificate} could not be renewed: "
        f"{house.authority.parent}/ca.key: there is no private key in it (PEM)\n"
    )
    assert tree(house.folder) == before


def test_a_certificate_that_cannot_be_made_at_all_is_an_error(run: Run, house: House) -> None:
    house.authority.parent.mkdir(parents=True)
    house.authority.write_bytes(b"junk")
    outcome = run("init")
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.endswith(f"mtq: {house.authority}: there is no certificate in it (PEM)\n")


# Started by root for a user of the system


@pytest.fixture
def somebody(monkeypatch: pytest.MonkeyPatch) -> pwd.struct_passwd:
    """A user for whom root makes things: another one if root runs the tests, else the one who does."""
    runs = os.getuid()
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return next(user for user in pwd.getpwall() if (user.pw_uid != 0 if runs == 0 else user.pw_uid == runs))


def test_what_root_makes_belongs_to_the_user_who_serves(run: Run, house: House, somebody: pwd.struct_passwd) -> None:
    house.file.write_text(
        f'[server]\nstate_dir = "of/state"\nuser = "{somebody.pw_name}"\n[users]\nfile = "new"\n'
        '[mailboxes]\npath = "mail/{user}"\n'
    )
    assert run("init").code == 0
    for name in ("new", "of/state", "mail"):
        status = (house.folder / name).stat()
        assert (status.st_uid, status.st_gid) == (somebody.pw_uid, somebody.pw_gid)


@pytest.fixture
def started(public_folder: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """A house for root to furnish for SERVICE, in whose state folder there is a certificate that is due."""
    monkeypatch.setattr(os, "__file__", "/etc/passwd")      # a program that every user can read
    house = House(public_folder, server=f'user = "{SERVICE.name}"', control_socket="run/control.sock")
    tls.make(house.config.tls.certificate, house.config.tls.key, "localhost", datetime.now(UTC) - timedelta(days=380))
    return house


def furnish(house: House) -> int:
    """Do what every start does."""
    return main(["--config", str(house.file), "init"])


def owners(folder: Path) -> set[str]:
    """Whose a folder is, and what is in it."""
    return {path.owner() for path in (folder, *folder.iterdir())}


def test_a_certificate_from_before_there_was_a_user_is_renewed_and_becomes_the_users(started: House) -> None:
    os.chown(started.config.server.state_dir, SERVICE.uid, SERVICE.gid)
    assert furnish(started) == 0
    assert tls.expires(started.config.tls.certificate) > datetime.now(UTC) + timedelta(days=390)
    assert owners(started.config.tls.certificate.parent) == {SERVICE.name}


def test_a_certificate_that_is_made_is_the_users(started: House) -> None:
    shutil.rmtree(started.config.server.state_dir)
    assert furnish(started) == 0
    assert owners(started.config.tls.certificate.parent) == {SERVICE.name}


def test_where_the_user_does_not_get_its_certificate_is_made_all_the_same(started: House) -> None:
    started.folder.chmod(0o700)
    assert furnish(started) == 0
    assert tls.expires(started.config.tls.certificate) > datetime.now(UTC) + timedelta(days=390)


def test_a_link_that_the_user_has_laid_makes_root_write_nowhere_else(
    started: House, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = started.folder / "shadow"
    secret.write_text("root's own")
    os.chown(started.config.server.state_dir, SERVICE.uid, SERVICE.gid)
    folder = started.config.tls.certificate.parent
    os.chown(folder, SERVICE.uid, SERVICE.gid)
    started.config.tls.key.unlink()
    started.config.tls.key.symlink_to(secret)
    assert furnish(started) == 0      # what is there goes on being served
    assert "could not be renewed" in capsys.readouterr().err
    assert secret.read_text() == "root's own"


def test_the_control_sockets_folder_is_made_for_the_user(started: House) -> None:
    assert furnish(started) == 0
    run = started.folder / "run"
    assert (run.owner(), run.stat().st_mode & 0o777) == (SERVICE.name, 0o700)


def test_a_user_who_is_not_on_this_system_is_an_error_that_says_what_to_do(
    run: Run, house: House, somebody: pwd.struct_passwd
) -> None:
    house.file.write_text('[server]\nstate_dir = "state"\nuser = "no-such-user"\n')
    outcome = run("init")
    assert (outcome.code, outcome.out) == (1, "")
    assert "no user no-such-user on this system; `mtq init --create-user` makes one" in outcome.err


def test_a_dry_run_prints_the_configuration_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "new" / "mtq.toml"
    assert main(["--config", str(file), "init", "--dry-run"]) == 0
    assert "[services.pop3s]" in capsys.readouterr().out
    assert not file.parent.exists()
