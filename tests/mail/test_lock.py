"""One session at a time in a mailbox: the lock, its file, and who holds it."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from mtq.errors import Refusal
from mtq.mail.lock import NAME, Locks
from tests.mail import outsider
from tests.mail.mailbox import HOLDER, Mailbox

TAKE = """
import os, sys
from mtq.errors import Refusal
from mtq.mail.lock import Holder, Locks
try:
    lock = Locks().take(os.fsencode(sys.argv[1]), Holder("wilma", "pop3s", "8", "192.0.2.8", "2026-11-25T09:00:00Z"))
except Refusal as refusal:
    sys.exit(refusal.code.name)
print("taken", flush=True)
sys.stdin.read()
"""


@contextmanager
def held(mailbox: Mailbox, locks: Locks) -> Iterator[None]:
    """A session of this process holds the lock."""
    lock = locks.take(mailbox.path, HOLDER)
    yield
    lock.release()


@contextmanager
def held_elsewhere(mailbox: Mailbox) -> Iterator["subprocess.Popen[bytes]"]:
    """Another process holds the lock until its input ends."""
    with outsider.python(TAKE, mailbox.path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"taken\n"
        yield process


@pytest.fixture
def locks() -> Locks:
    """The locks of a server."""
    return Locks()


def refusal(mailbox: Mailbox, locks: Locks) -> Refusal:
    with pytest.raises(Refusal) as refused:
        locks.take(mailbox.path, HOLDER)
    return refused.value


def is_locked(mailbox: Mailbox, locks: Locks) -> bool:
    try:
        locks.take(mailbox.path, HOLDER).release()
    except Refusal:
        return True
    return False


def test_a_second_session_is_refused(mailbox: Mailbox, locks: Locks) -> None:
    with held(mailbox, locks):
        assert refusal(mailbox, locks).line.startswith(b"-ERR [IN-USE] ")


def test_the_client_is_not_told_where_the_mailbox_lies(mailbox: Mailbox, locks: Locks) -> None:
    with held(mailbox, locks):
        told = refusal(mailbox, locks)
    assert mailbox.path not in told.line
    assert os.fsdecode(mailbox.path) in told.cause


def test_another_mailbox_is_not_locked(mailbox: Mailbox, locks: Locks) -> None:
    os.mkdir(mailbox.at(b"../wilma"))
    with held(mailbox, locks):
        assert not is_locked(Mailbox(mailbox.at(b"../wilma")), locks)


def test_a_mailbox_is_the_same_by_another_path(mailbox: Mailbox, locks: Locks) -> None:
    os.symlink(mailbox.path, mailbox.path + b"-link")
    with held(mailbox, locks):
        assert is_locked(Mailbox(mailbox.path + b"-link"), locks)


def test_a_second_server_in_the_same_process_is_refused(mailbox: Mailbox, locks: Locks) -> None:
    with held(mailbox, locks):
        assert is_locked(mailbox, Locks())


def test_release_gives_the_mailbox_free(mailbox: Mailbox, locks: Locks) -> None:
    with held(mailbox, locks):
        pass
    assert not is_locked(mailbox, locks)


def test_releasing_twice_does_not_take_the_lock_from_the_next(mailbox: Mailbox, locks: Locks) -> None:
    first = locks.take(mailbox.path, HOLDER)
    first.release()
    with held(mailbox, locks):
        first.release()
        assert is_locked(mailbox, locks)


def test_another_process_is_refused(mailbox: Mailbox, locks: Locks) -> None:
    with held(mailbox, locks), outsider.python(TAKE, mailbox.path) as process:
        assert process.communicate() == (b"", b"IN_USE\n")


def test_a_lock_of_another_process_holds_here(mailbox: Mailbox, locks: Locks) -> None:
    with held_elsewhere(mailbox):
        assert is_locked(mailbox, locks)


def test_a_refusal_by_another_process_leaves_nothing_behind_here(mailbox: Mailbox, locks: Locks) -> None:
    with held_elsewhere(mailbox):
        assert is_locked(mailbox, locks)
    assert not is_locked(mailbox, locks)


def test_a_killed_holder_holds_nothing(mailbox: Mailbox, locks: Locks) -> None:
    with held_elsewhere(mailbox) as process:
        process.kill()
        process.wait()
        assert not is_locked(mailbox, locks)


def test_the_file_says_who_holds_the_lock(mailbox: Mailbox, locks: Locks) -> None:
    with held(mailbox, locks):
        assert json.loads(mailbox.content(NAME)) == {
            "user": "fred",
            "service": "pop3",
            "session": "7",
            "address": "192.0.2.7",
            "since": "2026-11-25T08:00:00Z",
            "pid": os.getpid(),
        }


def test_the_next_holder_s_name_replaces_a_longer_one(mailbox: Mailbox, locks: Locks) -> None:
    mailbox.put(NAME, b"x" * 1000)
    with held(mailbox, locks):
        assert json.loads(mailbox.content(NAME))["user"] == "fred"


def test_a_loser_does_not_touch_the_holder_s_name(mailbox: Mailbox, locks: Locks) -> None:
    with held_elsewhere(mailbox):
        assert is_locked(mailbox, locks)
        assert json.loads(mailbox.content(NAME))["user"] == "wilma"


def test_a_free_lock_names_nobody(mailbox: Mailbox, locks: Locks) -> None:
    locks.take(mailbox.path, HOLDER).release()
    assert mailbox.content(NAME) == b""


def test_the_file_stays_the_same_file(mailbox: Mailbox, locks: Locks) -> None:
    locks.take(mailbox.path, HOLDER).release()
    first = os.stat(mailbox.at(NAME)).st_ino
    locks.take(mailbox.path, HOLDER).release()
    assert os.stat(mailbox.at(NAME)).st_ino == first


def test_the_file_takes_after_its_mailbox(mailbox: Mailbox, locks: Locks) -> None:
    os.chmod(mailbox.path, 0o750)
    os.chown(mailbox.path, outsider.SOMEBODY, -1)
    locks.take(mailbox.path, HOLDER).release()
    status = os.stat(mailbox.at(NAME))
    assert (status.st_uid, status.st_mode & 0o777) == (outsider.SOMEBODY, 0o640)


def test_where_no_file_can_be_made_the_server_s_own_lock_serves(mailbox: Mailbox, locks: Locks) -> None:
    os.mkdir(mailbox.at(NAME))
    with held(mailbox, locks):
        assert is_locked(mailbox, locks)
    assert not is_locked(mailbox, locks)


def test_the_server_s_own_lock_knows_a_mailbox_by_any_path(mailbox: Mailbox, locks: Locks) -> None:
    os.mkdir(mailbox.at(NAME))
    os.symlink(mailbox.path, mailbox.path + b"-link")
    with held(mailbox, locks):
        assert is_locked(Mailbox(mailbox.path + b"-link"), locks)


def test_releasing_the_server_s_own_lock_twice_does_not_take_it_from_the_next(mailbox: Mailbox, locks: Locks) -> None:
    os.mkdir(mailbox.at(NAME))
    first = locks.take(mailbox.path, HOLDER)
    first.release()
    with held(mailbox, locks):
        first.release()
        assert is_locked(mailbox, locks)


def test_a_link_in_the_place_of_the_file_is_not_written_through(mailbox: Mailbox, locks: Locks) -> None:
    mailbox.put(b"../precious", b"keep me\n")
    os.symlink(b"../precious", mailbox.at(NAME))
    locks.take(mailbox.path, HOLDER).release()
    assert mailbox.content(b"../precious") == b"keep me\n"


def test_a_read_only_mailbox_is_locked_by_the_server_s_own_lock() -> None:
    with outsider.public_folder() as path:
        mailbox, locks = Mailbox(path), Locks()
        os.chmod(path, 0o555)
        with outsider.unprivileged():
            with held(mailbox, locks):
                assert is_locked(mailbox, locks)
            assert not is_locked(mailbox, locks)
        assert mailbox.names(b"") == []


def test_a_mailbox_that_is_not_there_cannot_be_locked(mailbox: Mailbox, locks: Locks) -> None:
    with pytest.raises(FileNotFoundError):
        locks.take(mailbox.path + b"-not", HOLDER)
