"""Which files root opens for the worker: those that the administrator meant, whatever the worker has laid there."""

import os
import stat
from pathlib import Path

import pytest

from mtq.server.privsep.account import Account
from mtq.server.privsep.opening import changeable, exposed, open_as_root
from tests.server.privsep.people import SERVICE


@pytest.fixture
def folder(public_folder: Path) -> Path:
    """A folder of root's, with a key in it."""
    key = public_folder / "server.key"
    key.write_text("key")
    key.chmod(0o600)
    return public_folder


@pytest.fixture
def theirs(folder: Path) -> Path:
    """A folder of the worker's within."""
    path = folder / "theirs"
    path.mkdir()
    os.chown(path, SERVICE.uid, SERVICE.gid)
    return path


def content(file: Path) -> str:
    """What root finds there for the worker."""
    with os.fdopen(open_as_root(file, SERVICE)) as found:
        return found.read()


def test_a_key_of_roots_is_opened(folder: Path) -> None:
    assert content(folder / "server.key") == "key"


@pytest.mark.parametrize("target", ["server.key", "./server.key", "{0}/server.key", "inner/../server.key", "again"])
def test_links_that_root_has_laid_are_followed(folder: Path, target: str) -> None:
    (folder / "inner").mkdir()
    (folder / "again").symlink_to("server.key")
    (folder / "link").symlink_to(target.format(folder))
    assert content(folder / "link") == "key"


def test_a_link_to_a_folder_is_followed(folder: Path) -> None:
    (folder / "live").symlink_to(".")
    assert content(folder / "live" / "server.key") == "key"


def test_a_file_that_lies_in_the_workers_folder_is_opened(theirs: Path) -> None:
    (theirs / "own.key").write_text("its own")
    assert content(theirs / "own.key") == "its own"


@pytest.mark.parametrize("way", ["link", "over/server.key", "../theirs/link"])
def test_a_link_that_the_worker_has_laid_is_not_followed(folder: Path, theirs: Path, way: str) -> None:
    (theirs / "link").symlink_to(folder / "server.key")
    (theirs / "over").symlink_to(folder)
    with pytest.raises(OSError, match="is not followed"):
        content(theirs / way)


def test_a_link_of_roots_to_a_link_of_the_workers_is_not_followed(folder: Path, theirs: Path) -> None:
    (theirs / "link").symlink_to(folder / "server.key")
    (folder / "link").symlink_to(theirs / "link")
    with pytest.raises(OSError, match="is not followed"):
        content(folder / "link")


def test_a_further_name_that_the_worker_gave_a_file_opens_nothing(folder: Path, theirs: Path) -> None:
    (theirs / "hard").hardlink_to(folder / "server.key")
    with pytest.raises(OSError, match="further names"):
        content(theirs / "hard")


def test_a_further_name_that_root_gave_a_file_opens_it(folder: Path) -> None:
    (folder / "hard").hardlink_to(folder / "server.key")
    assert content(folder / "hard") == "key"


def test_a_pipe_holds_nobody_up(theirs: Path) -> None:
    os.mkfifo(theirs / "pipe")
    with pytest.raises(OSError, match="not a regular file"):
        content(theirs / "pipe")


@pytest.mark.parametrize("way", [".", "theirs", "to-root"])
def test_a_folder_is_no_file(folder: Path, theirs: Path, way: str) -> None:
    (folder / "to-root").symlink_to("/")
    with pytest.raises(IsADirectoryError) as caught:
        content(folder / way)
    assert caught.value.filename == str(folder / way)


def test_a_file_that_is_not_there_is_named(folder: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        content(folder / "none" / "server.key")
    assert caught.value.filename == str(folder / "none" / "server.key")


def test_links_in_a_circle_end(folder: Path) -> None:
    (folder / "here").symlink_to("there")
    (folder / "there").symlink_to("here")
    with pytest.raises(OSError, match="Too many levels"):
        content(folder / "here")


def test_nothing_stays_open(folder: Path, theirs: Path) -> None:
    (theirs / "link").symlink_to(folder / "server.key")
    before = os.listdir("/proc/self/fd")
    content(folder / "server.key")
    for way in ("theirs/link", "theirs", "none", "server.key/none"):
        with pytest.raises(OSError, match=str(folder)):
            content(folder / way)
    exposed(folder / "server.key", SERVICE)
    assert os.listdir("/proc/self/fd") == before


# Who could change what


def test_a_file_of_roots_in_a_folder_of_roots_is_safe(folder: Path) -> None:
    assert not exposed(folder / "server.key", SERVICE)


def test_a_file_in_the_workers_folder_is_exposed(theirs: Path) -> None:
    (theirs / "mtq.toml").touch()
    assert exposed(theirs / "mtq.toml", SERVICE)


def test_a_file_that_others_may_write_is_exposed(folder: Path) -> None:
    (folder / "server.key").chmod(0o666)
    assert exposed(folder / "server.key", SERVICE)


def test_a_file_behind_a_link_of_the_workers_is_exposed(folder: Path, theirs: Path) -> None:
    (theirs / "link").symlink_to(folder / "server.key")
    assert exposed(theirs / "link", SERVICE)


WORKER = Account("mtq", 50, 50, (50, 51), "/var/lib/mtq")


def status(mode: int, owner: int = 0) -> os.stat_result:
    """What the system says of a folder or a file."""
    return os.stat_result((mode, 0, 0, 1, owner, 0, 0, 0, 0, 0))


@pytest.mark.parametrize(
    ("mode", "owner", "entry_owner", "answer"),
    [
        (0o755, 0, 0, False),
        (0o700, 70, 0, False),      # another program's, which the administrator trusts
        (0o700, 70, 70, False),
        (0o755, 50, 0, True),
        (0o755, 0, 50, True),
        (0o775, 0, 0, True),
        (0o757, 0, 0, True),
        (0o1777, 0, 0, False),      # as /tmp: others may add, and only remove their own
        (0o1777, 0, 50, True),
        (0o1777, 50, 0, True),
    ],
)
def test_who_owns_or_may_write_a_folder_can_change_what_lies_there(
    mode: int, owner: int, entry_owner: int, answer: bool
) -> None:
    folder, entry = status(stat.S_IFDIR | mode, owner), status(stat.S_IFREG | 0o644, entry_owner)
    assert changeable(folder, entry, WORKER) is answer
