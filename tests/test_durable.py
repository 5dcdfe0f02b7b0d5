"""Files that are replaced whole or not at all, and what is made in somebody else's folder."""

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from mtq import durable

SYNC = pytest.mark.parametrize("sync", [True, False])


@contextmanager
def files_of_at_most(octets: int) -> Iterator[None]:
    """No file may grow beyond this, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (octets, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder, somebody else's if root runs the tests."""
    folder = tmp_path / "folder"
    folder.mkdir(mode=0o750)
    give(folder)
    return folder


def give(path: Path) -> None:
    """Make it somebody else's, which only root can."""
    if os.geteuid() == 0:
        os.chown(path, 1234, 2345)


def owner_of(path: Path) -> tuple[int, int]:
    return path.stat().st_uid, path.stat().st_gid


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o7777


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@SYNC
def test_a_file_has_the_new_content_and_no_draft_is_left(folder: Path, sync: bool) -> None:
    (folder / "file").write_bytes(b"old and longer")
    durable.replace(folder / "file", b"new", sync=sync)
    assert (folder / "file").read_bytes() == b"new"
    assert names(folder) == ["file"]


@SYNC
def test_who_has_the_old_file_open_reads_the_old_content(folder: Path, sync: bool) -> None:
    (folder / "file").write_bytes(b"old")
    with (folder / "file").open("rb") as reader:
        durable.replace(folder / "file", b"new", sync=sync)
        assert reader.read() == b"old"


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o400])
def test_owner_and_mode_stay(folder: Path, mode: int) -> None:
    file = folder / "file"
    file.touch()
    file.chmod(mode)
    if os.geteuid() == 0:
        os.chown(file, 4321, 5432)
    before = owner_of(file)
    durable.replace(file, b"new", mode=0o666)
    assert (owner_of(file), mode_of(file)) == (before, mode)


@contextmanager
def being(user: int, group: int) -> Iterator[None]:
    """Be somebody who is in a second group, too, where we may be others."""
    if os.geteuid() != 0:
        yield
        return
    groups = os.getgroups()
    os.setgroups([group])
    os.setegid(user)
    os.seteuid(user)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)


@pytest.fixture
def common() -> Iterator[Path]:
    """A folder that everybody may reach and write to, with a file that is somebody else's if root runs the tests."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o777)
        file = Path(name) / "file"
        file.write_bytes(b"old")
        give(file)
        file.chmod(0o640)
        yield Path(name)


def test_the_group_stays_when_a_member_of_it_replaces_the_file(common: Path) -> None:
    file = common / "file"
    user, group = owner_of(file)
    with being(user, group):
        durable.replace(file, b"new")
    assert (file.read_bytes(), owner_of(file), mode_of(file)) == (b"new", (user, group), 0o640)


def test_who_cannot_keep_the_owner_does_not_replace_the_file(common: Path) -> None:
    file = common / "file"
    owner = owner_of(file)
    with being(4321, owner[1]), suppress(PermissionError):
        durable.replace(file, b"new")
    assert owner_of(file) == owner
    assert file.read_bytes() == (b"old" if os.geteuid() == 0 else b"new")
    assert names(common) == ["file"]


def test_who_keeps_the_owner_may_replace_the_file_and_is_told_so_before(common: Path) -> None:
    file = common / "file"
    user, group = owner_of(file)
    with being(user, group):
        assert durable.may_replace(file)
        assert names(common) == ["file"]        # it was looked at, not tried
        with durable.writing(file):
            durable.replace(file, b"new")
        assert durable.may_replace(file)


def test_who_cannot_keep_the_owner_may_not_replace_the_file(common: Path) -> None:
    file = common / "file"
    with being(4321, owner_of(file)[1]):
        assert durable.may_replace(file) is (os.geteuid() == owner_of(file)[0])


def test_a_file_in_a_folder_of_others_may_not_be_replaced(common: Path) -> None:
    user, group = owner_of(common / "file")
    common.chmod(0o755)
    with being(user, group):
        assert durable.may_replace(common / "file") is (os.geteuid() == common.stat().st_uid)


def test_a_file_whose_lock_is_anothers_may_not_be_replaced(common: Path) -> None:
    user, group = owner_of(common / "file")
    with durable.writing(common / "file"):
        pass
    with being(user, group):
        assert durable.may_replace(common / "file") is (os.geteuid() == owner_of(common / "file.lock")[0])


def test_a_file_that_is_not_there_may_not_be_replaced(common: Path) -> None:
    assert not durable.may_replace(common / "other")


@pytest.mark.parametrize("umask", [0o000, 0o077])
@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_a_new_file_has_the_mode_that_is_asked_for_and_the_owner_of_its_folder(
    folder: Path, mode: int, umask: int
) -> None:
    before = os.umask(umask)
    try:
        durable.replace(folder / "file", b"new", mode)
    finally:
        os.umask(before)
    assert (owner_of(folder / "file"), mode_of(folder / "file")) == (owner_of(folder), mode)


def test_a_new_file_is_private_unless_asked_otherwise(folder: Path) -> None:
    durable.replace(folder / "file", b"new")
    assert mode_of(folder / "file") == 0o600


def test_a_symbolic_link_stays_one_and_its_file_is_replaced(tmp_path: Path, folder: Path) -> None:
    (folder / "file").write_bytes(b"old")
    (tmp_path / "link").symlink_to("link2")
    (tmp_path / "link2").symlink_to(folder / "file")
    durable.replace(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (folder / "file").read_bytes() == b"new"
    assert names(folder) == ["file"]


def test_a_symbolic_link_to_nothing_yet_gets_its_file(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "link").symlink_to(folder / "file")
    durable.replace(tmp_path / "link", b"new")
    assert (folder / "file").read_bytes() == b"new"


def test_where_others_may_lay_links_the_link_itself_is_replaced(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "victim").write_bytes(b"untouched")
    (folder / "link").symlink_to(tmp_path / "victim")
    durable.replace(folder / "link", b"new", through_links=False)
    assert (tmp_path / "victim").read_bytes() == b"untouched"
    assert not (folder / "link").is_symlink()
    assert (owner_of(folder / "link"), mode_of(folder / "link")) == (owner_of(folder), 0o600)


@pytest.mark.parametrize("spell", [str, os.fsencode, Path])
def test_a_path_may_be_spelt_in_any_way(folder: Path, spell: Callable[[Path], durable.Path]) -> None:
    durable.replace(spell(folder / "file"), b"new")
    assert (folder / "file").read_bytes() == b"new"


@SYNC
def test_the_old_file_stands_when_the_disk_is_full(folder: Path, sync: bool) -> None:
    (folder / "file").write_bytes(b"old")
    with files_of_at_most(1000), pytest.raises(OSError, match="File too large"):
        durable.replace(folder / "file", bytes(5000), sync=sync)
    assert (folder / "file").read_bytes() == b"old"
    assert names(folder) == ["file"]


def test_nothing_is_left_when_the_place_is_taken_by_a_folder(folder: Path) -> None:
    (folder / "file").mkdir()
    with pytest.raises(IsADirectoryError):
        durable.replace(folder / "file", b"new")
    assert names(folder) == ["file"]


def test_a_folder_that_is_not_there_is_not_made(folder: Path) -> None:
    with pytest.raises(FileNotFoundError):
        durable.replace(folder / "none" / "file", b"new")
    assert names(folder) == []


def test_a_draft_left_by_a_crash_is_in_nobodys_way(folder: Path) -> None:
    (folder / f"file.{os.getpid()}.tmp").write_bytes(b"a longer draft than what is written now")
    durable.replace(folder / "file", b"new")
    assert (folder / "file").read_bytes() == b"new"
    assert names(folder) == ["file"]


def test_a_link_laid_in_the_drafts_place_is_not_followed(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "victim").write_bytes(b"untouched")
    (folder / f"file.{os.getpid()}.tmp").symlink_to(tmp_path / "victim")
    with pytest.raises(OSError, match="symbolic links"):
        durable.replace(folder / "file", b"new")
    assert (tmp_path / "victim").read_bytes() == b"untouched"


def test_everything_is_written_though_a_pipe_takes_it_in_pieces() -> None:
    script = "import sys; from mtq import durable; durable.write_all(1, bytes(300_000))"
    done = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, check=True)
    assert done.stdout == bytes(300_000)


# Several files that belong together


def together(folder: Path, **contents: bytes) -> None:
    """Replace files that belong together."""
    durable.replace_together([durable.Replacement(folder / name, data, 0o644) for name, data in contents.items()])


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_files_that_belong_together_are_all_new(folder: Path) -> None:
    (folder / "key").write_bytes(b"old")
    together(folder, key=b"new key", certificate=b"new certificate")
    assert contents(folder) == {"key": b"new key", "certificate": b"new certificate"}


def test_each_of_them_keeps_its_owner_and_mode_or_takes_its_folders_owner(folder: Path) -> None:
    (folder / "key").touch(0o640)
    (folder / "key").chmod(0o640)
    before = owner_of(folder / "key")
    together(folder, key=b"new", certificate=b"new")
    assert (owner_of(folder / "key"), mode_of(folder / "key")) == (before, 0o640)
    assert (owner_of(folder / "certificate"), mode_of(folder / "certificate")) == (owner_of(folder), 0o644)


def test_all_the_old_ones_stand_when_the_last_does_not_fit_on_the_disk(folder: Path) -> None:
    (folder / "key").write_bytes(b"old")
    with files_of_at_most(1000), pytest.raises(OSError, match="File too large"):
        together(folder, key=b"new", certificate=bytes(5000))
    assert contents(folder) == {"key": b"old"}


def test_all_the_old_ones_stand_when_the_last_has_no_folder(folder: Path) -> None:
    (folder / "key").write_bytes(b"old")
    with pytest.raises(FileNotFoundError):
        together(folder, key=b"new", **{"none/certificate": b"new"})
    assert contents(folder) == {"key": b"old"}


def test_no_draft_is_left_when_the_place_of_one_is_taken_by_a_folder(folder: Path) -> None:
    (folder / "certificate").mkdir()
    with pytest.raises(IsADirectoryError):
        together(folder, certificate=b"new", key=b"new")
    assert names(folder) == ["certificate"]


def test_none_of_them_is_written_through_a_link(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "victim").write_bytes(b"untouched")
    (folder / "key").symlink_to(tmp_path / "victim")
    together(folder, key=b"new", certificate=b"new")
    assert (tmp_path / "victim").read_bytes() == b"untouched"
    assert contents(folder) == {"key": b"new", "certificate": b"new"}


MODES = [(0o700, 0o600), (0o770, 0o660), (0o755, 0o644), (0o2770, 0o660)]


@pytest.mark.parametrize(("folder_mode", "file_mode"), MODES)
def test_a_file_of_ours_takes_after_its_folder(folder: Path, folder_mode: int, file_mode: int) -> None:
    folder.chmod(folder_mode)
    with (folder / "file").open("wb") as file:
        durable.own_like(file.fileno(), folder)
    assert (owner_of(folder / "file"), mode_of(folder / "file")) == (owner_of(folder), file_mode)


@pytest.mark.parametrize("mode", [0o700, 0o770, 0o755, 0o2770])
def test_a_folder_of_ours_takes_after_its_folder(folder: Path, mode: int) -> None:
    folder.chmod(mode)
    (folder / "inner").mkdir()
    fd = os.open(folder / "inner", os.O_RDONLY)
    durable.own_like(fd, folder)
    os.close(fd)
    assert (owner_of(folder / "inner"), mode_of(folder / "inner")) == (owner_of(folder), mode)


COUNTING = """
import sys
from pathlib import Path
from mtq import durable
file = Path(sys.argv[1])
for _ in range(50):
    with durable.writing(file):
        durable.replace(file, b"%d" % (int(file.read_bytes()) + 1), sync=False)
"""


def test_processes_that_change_a_file_wait_for_each_other(tmp_path: Path) -> None:
    file, link = tmp_path / "file", tmp_path / "link"
    file.write_bytes(b"0")
    link.symlink_to(file)
    paths = [file, link, file, link]
    processes = [subprocess.Popen([sys.executable, "-c", COUNTING, str(path)]) for path in paths]
    assert [process.wait() for process in processes] == [0, 0, 0, 0]
    assert file.read_bytes() == b"200"


def test_the_lock_is_free_again_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), durable.writing(tmp_path / "file"):
        raise ZeroDivisionError
    with durable.writing(tmp_path / "file"):
        pass


# Reading


def test_a_file_of_any_length_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(3_000_000))
    assert durable.read(tmp_path / "file") == bytes(3_000_000)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(b"secret")
    (tmp_path / "link").symlink_to("elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        durable.read(tmp_path / "link")


def test_a_folder_in_place_of_a_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        durable.read(tmp_path)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert durable.read(tmp_path / "pipe") == b""
