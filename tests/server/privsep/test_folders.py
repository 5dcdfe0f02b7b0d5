"""What root makes for the worker, and what it leaves alone."""

import os
import stat
from pathlib import Path

import pytest

from mtq.server.privsep.folders import control_folder, hand_over
from tests.server.privsep.people import SERVICE


def owner_and_mode(path: Path) -> tuple[int, int, int]:
    """Whose it is, and who may do what."""
    found = path.lstat()
    return found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)


WORKERS = (SERVICE.uid, SERVICE.gid, 0o700)
ROOTS = (0, 0, 0o700)


@pytest.fixture
def run(public_folder: Path) -> Path:
    """A folder as /run/mtq, which is not there yet."""
    return public_folder / "run" / "mtq"


def root_has_served_in(run: Path, *names: str) -> None:
    """Leave what a server leaves that was started as root, and had no user to become."""
    run.mkdir(mode=0o700, parents=True)
    for name in names:
        (run / name).touch(0o600)


def test_the_control_folder_is_made_for_the_worker_alone(run: Path) -> None:
    control_folder(run / "control.sock", SERVICE)
    assert owner_and_mode(run) == WORKERS
    assert owner_and_mode(run.parent) == (0, 0, 0o755)


def test_a_control_folder_that_is_there_stays_as_it_is(run: Path) -> None:
    control_folder(run / "control.sock", SERVICE)
    run.chmod(0o750)
    control_folder(run / "control.sock", SERVICE)
    assert owner_and_mode(run) == (SERVICE.uid, SERVICE.gid, 0o750)


def test_a_control_folder_from_before_there_was_a_user_is_handed_over(run: Path) -> None:
    root_has_served_in(run, "control.sock", "control.sock.lock")
    control_folder(run / "control.sock", SERVICE)
    assert owner_and_mode(run) == WORKERS
    assert {owner_and_mode(file)[:2] for file in run.iterdir()} == {(SERVICE.uid, SERVICE.gid)}


@pytest.mark.parametrize("names", [(), (".bashrc",), ("control.sock", ".ssh")])
def test_a_folder_of_roots_own_is_not_handed_over(run: Path, names: tuple[str, ...]) -> None:
    root_has_served_in(run, *names)
    control_folder(run / "control.sock", SERVICE)
    assert owner_and_mode(run) == ROOTS
    assert all(owner_and_mode(file)[0] == 0 for file in run.iterdir())


@pytest.mark.parametrize("mode", [0o770, 0o777, 0o1777])
def test_a_folder_in_which_others_may_write_is_not_handed_over(run: Path, mode: int) -> None:
    root_has_served_in(run, "control.sock")
    run.chmod(mode)
    control_folder(run / "control.sock", SERVICE)
    assert owner_and_mode(run) == (0, 0, mode)


def test_a_link_is_not_followed(run: Path, public_folder: Path) -> None:
    root_has_served_in(run)
    (public_folder / "link").symlink_to(run)
    hand_over(public_folder / "link", SERVICE)
    assert owner_and_mode(run) == ROOTS


def test_a_link_within_is_handed_over_and_not_what_it_leads_to(run: Path, public_folder: Path) -> None:
    root_has_served_in(run)
    (public_folder / "secret").touch(0o600)
    (run / "link").symlink_to(public_folder / "secret")
    hand_over(run, SERVICE)
    assert owner_and_mode(run / "link")[0] == SERVICE.uid
    assert owner_and_mode(public_folder / "secret") == (0, 0, 0o600)


def test_a_file_in_its_place_is_left_alone(public_folder: Path) -> None:
    file = public_folder / "run"
    file.touch(0o700)
    control_folder(file / "control.sock", SERVICE)
    assert owner_and_mode(file) == ROOTS


def test_nothing_stays_open(run: Path) -> None:
    before = os.listdir("/proc/self/fd")
    control_folder(run / "control.sock", SERVICE)
    control_folder(run / "control.sock", SERVICE)
    assert os.listdir("/proc/self/fd") == before
