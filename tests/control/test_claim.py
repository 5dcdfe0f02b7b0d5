"""The control socket's place: one server has it, nobody else gets in, and a dead server is no hindrance."""

import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mtq.control import address
from mtq.control.claim import BACKLOG, Claim, Owner, claim
from mtq.errors import Exit, MtqError
from tests.control.raw import Raw, request
from tests.control.station import Station, process

SOMEBODY = Owner(4321, 5432) if os.geteuid() == 0 else Owner(os.geteuid(), os.getegid())
"""Whom root can make a socket for; anybody else makes it for himself."""

ANOTHER = Owner(os.geteuid() + 4321, 5432)
"""Somebody who is not us."""

RUNNING = "a server is running already on "


@contextmanager
def claimed(path: Path, owner: Owner | None = None) -> Iterator[Claim]:
    """A claim for a while."""
    held = claim(path, owner)
    try:
        yield held
    finally:
        held.release()


@contextmanager
def umask(mask: int) -> Iterator[None]:
    """What the person who starts the server has set."""
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o7777


def owner_of(path: Path) -> Owner:
    return Owner(path.stat().st_uid, path.stat().st_gid)


def refusal(path: Path, owner: Owner | None = None) -> str:
    """Why the socket cannot be had."""
    with pytest.raises(MtqError) as refused:
        claim(path, owner)
    assert refused.value.exit == Exit.FAILED
    return str(refused.value)


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_socket_and_folder_are_for_the_server_alone(path: Path, mask: int) -> None:
    with umask(mask), claimed(path):
        assert (mode_of(path.parent), mode_of(path)) == (0o700, 0o600)
        assert stat.S_ISSOCK(path.stat().st_mode)
        assert os.umask(mask) == mask


def test_a_folder_that_is_there_stays_as_it_is(path: Path) -> None:
    path.parent.mkdir(mode=0o750)
    with claimed(path):
        assert mode_of(path.parent) == 0o750


def test_nothing_is_left_behind(path: Path) -> None:
    with claimed(path) as held:
        held.release()
    assert list(path.parent.iterdir()) == []


def test_what_somebody_else_has_put_there_meanwhile_is_left_alone(path: Path) -> None:
    with claimed(path):
        path.unlink()
        path.write_text("mine")
    assert path.read_text() == "mine"


def test_a_second_server_never_gets_the_first_ones_socket(path: Path) -> None:
    with claimed(path):
        before = path.stat().st_ino
        assert refusal(path) == f"{RUNNING}{path}"
        assert path.stat().st_ino == before


def test_a_server_in_another_process_keeps_its_socket(path: Path) -> None:
    with process(path), Raw(path) as client:
        assert refusal(path) == f"{RUNNING}{path}"
        assert client.ask("server.status")["result"]
        with Raw(path) as another:
            assert another.ask("server.status")["result"]


def test_a_server_whose_lock_was_removed_by_hand_keeps_its_socket(path: Path) -> None:
    with claimed(path) as held:
        Path(f"{path}.lock").unlink()
        assert refusal(path) == f"{RUNNING}{path}"
        with Raw(path):
            held.sock.accept()[0].close()


def test_a_server_that_is_too_busy_to_take_anybody_in_keeps_its_socket(path: Path) -> None:
    with claimed(path):
        Path(f"{path}.lock").unlink()
        waiting = [Raw(path) for _ in range(BACKLOG + 1)]
        assert refusal(path) == f"{RUNNING}{path}"
        for client in waiting:
            client.sock.close()


def test_the_socket_of_a_killed_server_is_replaced(path: Path) -> None:
    with process(path) as server:
        server.kill()
        server.wait()
    assert path.is_socket()
    with Station(path).serving() as station, station.client() as client:
        assert client.call("server.status")


def test_who_sees_its_connection_end_can_start_the_next_server_at_once(path: Path) -> None:
    with Station(path).serving() as station, station.raw() as client:
        station.stop()
        client.wait_until_hung_up_on()
        with claimed(path):
            assert path.is_socket()


def test_a_client_that_calls_before_the_socket_is_served_waits(path: Path) -> None:
    with claimed(path) as held, Raw(path) as early:
        early.send(request("server.status"))
        with Station(path).serving(claimed=held):
            assert early.answer()["result"]


@pytest.mark.parametrize("kind", ["file", "folder", "link", "broken link"])
def test_what_is_no_socket_is_never_removed(path: Path, kind: str) -> None:
    path.parent.mkdir()
    match kind:
        case "file":
            path.write_text("precious")
        case "folder":
            path.mkdir()
        case "link":
            (path.parent / "target").write_text("precious")
            path.symlink_to("target")
        case "broken link":
            path.symlink_to("nowhere")
    before = path.lstat()
    assert refusal(path).startswith(f"{path} is there and is no socket; remove it, or set ")
    assert path.lstat() == before


def test_a_lock_that_is_a_link_is_not_followed(path: Path) -> None:
    path.parent.mkdir()
    Path(f"{path}.lock").symlink_to(path.parent / "elsewhere")
    assert refusal(path).startswith(f"control socket {path}.lock: ")
    assert not (path.parent / "elsewhere").exists()


def test_after_a_failure_all_is_as_before(path: Path) -> None:
    path.parent.mkdir()
    path.mkdir()
    refusal(path)
    path.rmdir()
    assert list(path.parent.iterdir()) == []
    with claimed(path):
        pass


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "control.sock"
    assert refusal(path) == f"control socket {path}.lock: not a directory"


def test_a_path_is_as_long_as_a_socket_allows_and_no_longer(tmp_path: Path) -> None:
    longest = tmp_path / ("x" * (address.LONGEST - len(os.fsencode(tmp_path)) - 1))
    with claimed(longest), Raw(longest):
        pass
    longer = Path(f"{longest}x")
    assert refusal(longer) == (
        f"{longer}: the path of a socket has at most 107 octets, this one has 108; "
        "set server.control_socket to a shorter one"
    )


def test_of_many_servers_that_come_and_go_never_two_have_the_socket(path: Path) -> None:
    alone, faults, times = threading.Lock(), [], []

    def come_and_go() -> None:
        for _ in range(200):
            try:
                held = claim(path)
            except MtqError as error:
                if str(error) != f"{RUNNING}{path}":
                    faults.append(str(error))
                continue
            if not alone.acquire(blocking=False):
                faults.append("two at once")
            times.append(1)
            alone.release()
            held.release()

    servers = [threading.Thread(target=come_and_go) for _ in range(4)]
    for server in servers:
        server.start()
    for server in servers:
        server.join()
    assert faults == []
    assert times


# Root makes it for the service user


def test_a_socket_made_for_the_service_user_is_its_own(path: Path) -> None:
    with claimed(path, SOMEBODY):
        assert owner_of(path.parent) == owner_of(path) == SOMEBODY
        assert (mode_of(path.parent), mode_of(path)) == (0o700, 0o600)
        assert (os.geteuid(), os.getegid()) == (os.getuid(), os.getgid())


def test_a_socket_in_roots_own_folder_is_given_to_the_service_user(path: Path) -> None:
    path.parent.mkdir(mode=0o755)
    with claimed(path, SOMEBODY):
        assert owner_of(path) == SOMEBODY
        assert mode_of(path) == 0o600


BECOME = """
import os, sys
from pathlib import Path
from mtq.control.claim import Owner, claim
owner = Owner(int(sys.argv[2]), int(sys.argv[3]))
held = claim(Path(sys.argv[1]), owner)
if os.geteuid() == 0:
    os.chdir(Path(sys.argv[1]).parent.parent)
    os.setgroups([]), os.setgid(owner.gid), os.setuid(owner.uid)
held.release()
"""


@pytest.mark.parametrize("there", [True, False])
def test_the_service_user_gives_it_free_or_leaves_what_the_next_server_removes(tmp_path: Path, there: bool) -> None:
    path = tmp_path / "run" / "control.sock"
    if there:
        path.parent.mkdir()     # root's own: nothing in it can be removed by another
    command = [sys.executable, "-c", BECOME, str(path), str(SOMEBODY.uid), str(SOMEBODY.gid)]
    subprocess.run(command, check=True)
    with claimed(path, SOMEBODY):
        assert owner_of(path) == SOMEBODY


SHARE = """
import os, sys
from pathlib import Path
from mtq.control.claim import Owner, claim
owner = Owner(int(sys.argv[2]), int(sys.argv[3]))
held = claim(Path(sys.argv[1]), owner)
if os.fork() == 0:
    os.chdir(Path(sys.argv[1]).parent.parent)
    if os.geteuid() == 0:
        os.setgroups([]), os.setgid(owner.gid), os.setuid(owner.uid)
    held.release()
    os._exit(0)
os.wait()
print("released", flush=True)
sys.stdin.read()
held.release()
"""


@pytest.mark.parametrize("there", [True, False])
def test_what_the_worker_gives_free_can_be_had_while_the_root_process_is_still_there(
    tmp_path: Path, there: bool
) -> None:
    path = tmp_path / "run" / "control.sock"
    if there:
        path.parent.mkdir()     # root's own: nothing in it can be removed by another
    command = [sys.executable, "-c", SHARE, str(path), str(SOMEBODY.uid), str(SOMEBODY.gid)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as root:
        assert root.stdout is not None
        assert root.stdout.readline() == "released\n"
        with claimed(path, SOMEBODY):
            root.communicate()      # it ends, and leaves alone what it shares no more
            assert path.is_socket()
            assert refusal(path, SOMEBODY) == f"{RUNNING}{path}"


def test_a_third_persons_folder_is_not_used(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.parent.mkdir()
    if os.geteuid() == 0:
        os.chown(path.parent, 1234, 2345)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert refusal(path, ANOTHER) == (
        f"{path.parent}, the control socket's folder, has to belong to root or to server.user"
    )
    assert list(path.parent.iterdir()) == []


def test_a_folder_that_others_may_write_is_not_used(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.parent.mkdir()
    path.parent.chmod(0o775)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert refusal(path, ANOTHER).startswith(f"{path.parent}, the control socket's folder, ")


def test_a_folder_in_which_nobody_can_take_anothers_place_is_used(path: Path) -> None:
    path.parent.mkdir()
    path.parent.chmod(0o1777)
    with claimed(path, SOMEBODY):
        assert owner_of(path) == SOMEBODY


def test_two_sockets_of_one_folder_have_nothing_to_do_with_each_other(path: Path) -> None:
    with claimed(path), claimed(path.with_name("other.sock")):
        assert path.is_socket()
