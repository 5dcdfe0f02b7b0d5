"""The local authority: when a certificate of mtq's own is due, what follows it, and what is never touched."""

import fcntl
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from mtq import authority, tls
from mtq.authority import Made, NotOurs, Order
from mtq.certificates import Certificate, Unreadable, read_chain
from tests.commands.desk import tree
from tests.issuer import NOW, Issued, issue

DAY = timedelta(days=1)
HOST = "mail.example.com"


def order(folder: Path, *names: str) -> Order:
    return Order(folder / "server.pem", folder / "server.key", names or (HOST,), folder)


def made(folder: Path, *names: str) -> Made:
    """Make what is due, and say what was made."""
    found = authority.fulfil(order(folder, *names), NOW)
    assert found is not None
    return found


def due(folder: Path, *names: str) -> str | None:
    return authority.due(order(folder, *names), NOW)


def leaf(folder: Path) -> Certificate:
    return read_chain(folder / "server.pem").leaf


def trusted(folder: Path, ca: Path | None = None) -> bool:
    """Whether the files can be served, and a client that knows the authority trusts what is served."""
    context = tls.server_context(folder / "server.pem", folder / "server.key", "1.2")
    return tls.leads_to_an_authority(context, ca or folder / "ca.pem") is True


def local_authority(folder: Path, lasting: timedelta) -> Issued:
    """Lay an authority of mtq's own that ends some day; the one that mtq makes lasts as good as for ever."""
    folder.mkdir(exist_ok=True)
    issued = issue("local", authority=True, organization="mtq", start=NOW - 400 * DAY, end=NOW + lasting)
    (folder / "ca.pem").write_bytes(issued.pem)
    (folder / "ca.key").write_bytes(issued.key_pem)
    return issued


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What was made a moment ago. Tests leave it as it is."""
    folder = tmp_path_factory.mktemp("fresh") / "tls"
    made(folder)
    return folder


@pytest.fixture
def folder(fresh: Path, tmp_path: Path) -> Path:
    """The same, for tests that do something to it."""
    return Path(shutil.copytree(fresh, tmp_path / "tls"))


# When it is due


def test_what_was_just_made_is_not_due(fresh: Path) -> None:
    assert due(fresh) is None


@pytest.mark.parametrize(("days", "is_due"), [(366, False), (367, True), (397, True), (5000, True), (-9000, False)])
def test_it_is_due_thirty_days_before_its_end_and_not_by_a_clock_that_is_behind(
    fresh: Path, days: int, is_due: bool
) -> None:
    assert (authority.due(order(fresh), NOW + days * DAY) is not None) is is_due


def test_a_certificate_that_is_not_there_is_due(tmp_path: Path) -> None:
    assert due(tmp_path / "none") == "it is not there"


def test_one_without_its_key_is_due(folder: Path) -> None:
    (folder / "server.key").unlink()
    assert due(folder) == "its key is not there"


def test_one_with_the_key_of_another_is_due(folder: Path) -> None:
    (folder / "server.key").write_bytes(issue("another").key_pem)
    assert due(folder) == "its key is another one's"


@pytest.mark.parametrize("key", [b"", b"junk"])
def test_one_with_a_key_that_is_none_is_due(folder: Path, key: bytes) -> None:
    (folder / "server.key").write_bytes(key)
    assert due(folder) == "its key is another one's"


def test_one_that_the_authority_beside_it_did_not_issue_is_due(folder: Path) -> None:
    local_authority(folder, 500 * DAY)
    assert due(folder) == f"{folder}/ca.pem did not issue it"


def test_one_whose_authority_is_about_to_end_is_due(tmp_path: Path) -> None:
    local_authority(tmp_path, 31 * DAY)
    made(tmp_path)
    assert authority.due(order(tmp_path), NOW + DAY) == f"its authority ends on {NOW + 31 * DAY:%Y-%m-%d}"


def test_one_that_lacks_a_name_is_due(fresh: Path) -> None:
    assert due(fresh, HOST, "pop.example.com", "192.0.2.77") == "it is not for pop.example.com, 192.0.2.77"


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "0:0:0::1", "LOCALHOST.", HOST.upper()])
def test_one_that_has_a_name_written_in_another_way_is_not(fresh: Path, name: str) -> None:
    assert due(fresh, name) is None


@pytest.mark.parametrize("name", ["my_host", "mail server"])
def test_a_name_that_no_certificate_can_hold_does_not_make_it_due_for_ever(tmp_path: Path, name: str) -> None:
    made(tmp_path, name)
    assert due(tmp_path, name) is None


def test_a_lost_authority_is_no_reason_to_take_a_good_certificate_from_its_clients(folder: Path) -> None:
    (folder / "ca.pem").unlink()
    assert due(folder) is None


# What is made


def test_a_certificate_has_the_names_that_were_asked_for(tmp_path: Path) -> None:
    found = made(tmp_path, HOST, "*.example.com", "müller.example", "192.0.2.77")
    assert {HOST, "*.example.com", "xn--mller-kva.example", "192.0.2.77", "localhost"} <= set(found.names)
    assert leaf(tmp_path).common_name == HOST


def test_what_follows_keeps_the_names_that_were_there(folder: Path) -> None:
    made(folder, HOST, "pop.example.com")
    made(folder, "new.example.com")
    assert {HOST, "pop.example.com", "new.example.com"} <= set(leaf(folder).names)
    assert leaf(folder).common_name == "new.example.com"


def test_it_is_told_which_certificate_was_followed_by_which(folder: Path) -> None:
    before = leaf(folder).serial
    found = made(folder, "pop.example.com")
    assert (found.serial_before, found.serial) == (before, leaf(folder).serial)
    assert found.serial != before


def test_the_first_one_followed_none(tmp_path: Path) -> None:
    assert made(tmp_path).serial_before is None


def test_a_certificate_that_is_not_due_is_made_when_it_is_forced(folder: Path) -> None:
    before = leaf(folder).serial
    assert authority.fulfil(order(folder), NOW) is None
    found = authority.fulfil(order(folder), NOW, force=True)
    assert found is not None
    assert found.serial_before == before
    assert trusted(folder)


def test_it_ends_with_its_authority_at_the_latest(tmp_path: Path) -> None:
    local_authority(tmp_path, 100 * DAY)
    assert made(tmp_path).not_after == NOW + 100 * DAY


# The authority


def test_the_authority_stays_so_that_its_clients_trust_what_follows(folder: Path) -> None:
    shutil.copy(folder / "ca.pem", folder / "imported.pem")
    assert not made(folder, "pop.example.com").new_authority
    assert trusted(folder, folder / "imported.pem")


@pytest.mark.parametrize("days", [-1, 0, 30])
def test_one_that_ends_soon_is_followed_by_a_new_one(tmp_path: Path, days: int) -> None:
    local_authority(tmp_path, days * DAY)
    assert made(tmp_path).new_authority
    assert trusted(tmp_path)


def test_one_whose_key_is_another_ones_is_followed_by_a_new_one(folder: Path) -> None:
    (folder / "ca.key").write_bytes(issue("another").key_pem)
    assert made(folder, "pop.example.com").new_authority
    assert trusted(folder)


def test_one_whose_key_is_locked_away_stays_as_it_is(folder: Path) -> None:
    key = load_pem_private_key((folder / "ca.key").read_bytes(), None)
    lock = BestAvailableEncryption(b"passphrase")
    (folder / "ca.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock))
    before = tree(folder)
    with pytest.raises(Unreadable, match=r"ca\.key: the key is encrypted"):
        made(folder, "pop.example.com")
    assert tree(folder) == before


def test_another_place_has_the_authoritys_certificate_and_not_its_key(folder: Path, tmp_path: Path) -> None:
    place = tmp_path / "pop"
    made_there = authority.fulfil(replace(order(place, "pop.example.com"), home=folder), NOW)
    assert made_there is not None
    assert made_there.authority == place / "ca.pem"
    assert {path.name for path in place.iterdir()} == {"ca.pem", "server.pem", "server.key"}
    assert trusted(place, folder / "ca.pem")
    assert trusted(folder)
    assert authority.fulfil(replace(order(place, "pop.example.com"), home=folder), NOW) is None


# What others made


BOUGHT = issue(HOST, issue("Bought", authority=True), names=[HOST], end=NOW + DAY)


@pytest.mark.parametrize("lost", [None, "server.key"])
def test_what_others_made_is_never_due_though_it_ends_tomorrow(tmp_path: Path, lost: str | None) -> None:
    BOUGHT.write(tmp_path)
    if lost:
        (tmp_path / lost).unlink()
    assert due(tmp_path, "pop.example.com") is None


@pytest.mark.parametrize("file", ["server.pem", "ca.pem"])
def test_what_others_made_is_not_replaced_even_by_force(folder: Path, file: str) -> None:
    (folder / file).write_bytes(BOUGHT.pem)
    before = tree(folder)
    with pytest.raises(NotOurs, match=f"{file} was not made by mtq, and is left alone"):
        authority.fulfil(order(folder), NOW, force=True)
    assert tree(folder) == before


@pytest.mark.parametrize("content", [b"", b"junk"])
def test_what_is_no_certificate_is_not_replaced_either(folder: Path, content: bytes) -> None:
    (folder / "server.pem").write_bytes(content)
    before = tree(folder)
    with pytest.raises(Unreadable, match=r"server\.pem: there is no certificate in it"):
        made(folder)
    assert tree(folder) == before


def test_a_certificate_that_a_link_leads_to_stays_where_it_is(folder: Path, tmp_path: Path) -> None:
    for name in ("server.pem", "server.key"):
        (folder / name).rename(tmp_path / name)
        (folder / name).symlink_to(tmp_path / name)
    before = [(tmp_path / name).read_bytes() for name in ("server.pem", "server.key")]
    made(folder, "pop.example.com")
    assert [(tmp_path / name).read_bytes() for name in ("server.pem", "server.key")] == before
    assert trusted(folder)


# When it goes wrong half way


@contextmanager
def full_disk() -> Iterator[None]:
    """A key can be written, a certificate is too much."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (400, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_the_old_files_stand_when_the_disk_is_full(folder: Path) -> None:
    before = tree(folder)
    with full_disk(), pytest.raises(OSError, match="File too large"):
        made(folder, "pop.example.com")
    assert tree(folder) == before


KILLED = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from mtq import tls
folder, left, now = Path(sys.argv[1]), int(sys.argv[2]), datetime.fromisoformat(sys.argv[3])
rename = os.rename
def last(*names):
    global left
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    left -= 1
    rename(*names)
os.rename = last
tls.make_if_due(folder / "server.pem", folder / "server.key", "mail.example.com", now)
"""


def killed(folder: Path, renames: int) -> None:
    """Make what is due in a process that is killed after so many files have been put in place."""
    command = [sys.executable, "-c", KILLED, str(folder), str(renames), NOW.isoformat()]
    assert subprocess.run(command).returncode == -signal.SIGKILL


def healed(folder: Path) -> None:
    """The next process to look finds or makes what can be served, and then nothing is due."""
    authority.fulfil(order(folder), NOW)
    assert trusted(folder)
    assert due(folder) is None


@pytest.mark.parametrize("renames", range(4))
def test_a_first_making_that_is_killed_is_made_good_by_the_next(tmp_path: Path, renames: int) -> None:
    killed(tmp_path, renames)
    healed(tmp_path)


@pytest.mark.parametrize("renames", range(2))
def test_a_renewal_that_is_killed_is_made_good_by_the_next(tmp_path: Path, renames: int) -> None:
    authority.fulfil(order(tmp_path, HOST, "pop.example.com"), NOW - 380 * DAY)
    shutil.copy(tmp_path / "ca.pem", tmp_path / "imported.pem")
    killed(tmp_path, renames)
    healed(tmp_path)
    assert trusted(tmp_path, tmp_path / "imported.pem")
    assert "pop.example.com" in leaf(tmp_path).names


@pytest.mark.parametrize("renames", range(4))
def test_a_change_of_authority_that_is_killed_is_made_good_by_the_next(tmp_path: Path, renames: int) -> None:
    local_authority(tmp_path, 20 * DAY)
    authority.fulfil(order(tmp_path), NOW - 60 * DAY)
    killed(tmp_path, renames)
    healed(tmp_path)


def test_many_processes_at_once_make_one(tmp_path: Path) -> None:
    script = "import sys; from pathlib import Path; from mtq import tls; f = Path(sys.argv[1]); "
    script += "print(tls.make_if_due(f / 'server.pem', f / 'server.key', 'mail.example.com') is not None)"
    command = [sys.executable, "-c", script, str(tmp_path / "tls")]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    said = sorted(process.communicate()[0].strip() for process in processes)
    assert said == ["False", "False", "False", "True"]
    assert trusted(tmp_path / "tls")


def test_what_another_process_made_while_this_one_waited_for_it_is_not_made_again(
    fresh: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fcntl, "flock", lambda *_: shutil.copytree(fresh, tmp_path, dirs_exist_ok=True))
    assert authority.fulfil(order(tmp_path), NOW) is None
    assert leaf(tmp_path) == leaf(fresh)


def test_what_root_makes_belongs_to_the_owner_of_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "tls"
    folder.mkdir()
    if os.geteuid() == 0:
        os.chown(folder, 1234, 2345)
    made(folder)
    owner = folder.stat()
    for name in ("ca.pem", "ca.key", "server.pem", "server.key"):
        status = (folder / name).stat()
        assert (status.st_uid, status.st_gid) == (owner.st_uid, owner.st_gid)
