"""One session at a time in a mailbox: the lock, its file, and who holds it."""

import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtq.errors import Refusal
from mtq.mail.lock import NAME, Held, Holder, Locks, held
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
def locked(mailbox: Mailbox, locks: Locks) -> Iterator[None]:
    """A session of this process holds the lock."""
    lock = locks.take(mailbox.path, HOLDER)
    yield
    lock.release()


@contextmanager
def locked_elsewhere(mailbox: Mailbox) -> Iterator["subprocess.Popen[bytes]"]:
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
    with locked(mailbox, locks):
        assert refusal(mailbox, locks).line.startswith(b"-ERR [IN-USE] ")


def test_the_client_is_not_told_where_the_mailbox_lies(mailbox: Mailbox, locks: Locks) -> None:
    with locked(mailbox, locks):
        told = refusal(mailbox, locks)
    assert mailbox.path not in told.line
    assert os.fsdecode(mailbox.path) in told.cause


def test_another_mailbox_is_not_locked(mailbox: Mailbox, locks: Locks) -> None:
    os.mkdir(mailbox.at(b"../wilma"))
    with locked(mailbox, locks):
        assert not is_locked(Mailbox(mailbox.at(b"../wilma")), locks)


def test_a_mailbox_is_the_same_by_another_path(mailbox: Mailbox, locks: Locks) -> None:
    os.symlink(mailbox.path, mailbox.path + b"-link")
    with locked(mailbox, locks):
        assert is_locked(Mailbox(mailbox.path + b"-link"), locks)


def test_a_second_server_in_the_same_process_is_refused(mailbox: Mailbox, locks: Locks) -> None:
    with locked(mailbox, locks):
        assert is_locked(mailbox, Locks())


def test_release_gives_the_mailbox_free(mailbox: Mailbox, locks: Locks) -> None:
    with locked(mailbox, locks):
        pass
    assert not is_locked(mailbox, locks)


def test_releasing_twice_does_not_take_the_lock_from_the_next(mailbox: Mailbox, locks: Locks) -> None:
    first = locks.take(mailbox.path, HOLDER)
    first.release()
    with locked(mailbox, locks):
        first.release()
        assert is_locked(mailbox, locks)


def test_another_process_is_refused(mailbox: Mailbox, locks: Locks) -> None:
    with locked(mailbox, locks), outsider.python(TAKE, mailbox.path) as process:
        assert process.communicate() == (b"", b"IN_USE\n")


def test_a_lock_of_another_process_holds_here(mailbox: Mailbox, locks: Locks) -> None:
    with locked_elsewhere(mailbox):
        assert is_locked(mailbox, locks)


def test_a_refusal_by_another_process_leaves_nothing_behind_here(mailbox: Mailbox, locks: Locks) -> None:
    with locked_elsewhere(mailbox):
        assert is_locked(mailbox, locks)
    assert not is_locked(mailbox, locks)


def test_a_killed_holder_holds_nothing(mailbox: Mailbox, locks: Locks) -> None:
    with locked_elsewhere(mailbox) as process:
        process.kill()
        process.wait()
        assert not is_locked(mailbox, locks)


def test_the_file_says_who_holds_the_lock(mailbox: Mailbox, locks: Locks) -> None:
    with locked(mailbox, locks):
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
    with locked(mailbox, locks):
        assert json.loads(mailbox.content(NAME))["user"] == "fred"


def test_a_loser_does_not_touch_the_holder_s_name(mailbox: Mailbox, locks: Locks) -> None:
    with locked_elsewhere(mailbox):
        assert is_locked(mailbox, locks)
        assert json.loads(mailbox.content(NAME))["user"] == "wilma"


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
    with locked(mailbox, locks):
        assert is_locked(mailbox, locks)
    assert not is_locked(mailbox, locks)


def test_the_server_s_own_lock_knows_a_mailbox_by_any_path(mailbox: Mailbox, locks: Locks) -> None:
    os.mkdir(mailbox.at(NAME))
    os.symlink(mailbox.path, mailbox.path + b"-link")
    with locked(mailbox, locks):
        assert is_locked(Mailbox(mailbox.path + b"-link"), locks)


def test_releasing_the_server_s_own_lock_twice_does_not_take_it_from_the_next(mailbox: Mailbox, locks: Locks) -> None:
    os.mkdir(mailbox.at(NAME))
    first = locks.take(mailbox.path, HOLDER)
    first.release()
    with locked(mailbox, locks):
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
            with locked(mailbox, locks):
                assert is_locked(mailbox, locks)
            assert not is_locked(mailbox, locks)
        assert mailbox.names(b"") == []


def test_a_mailbox_that_is_not_there_cannot_be_locked(mailbox: Mailbox, locks: Locks) -> None:
    with pytest.raises(FileNotFoundError):
        locks.take(mailbox.path + b"-not", HOLDER)


# The server's own lock


def test_a_file_that_cannot_be_locked_is_not_waited_for(mailbox: Mailbox, locks: Locks) -> None:
    os.mkfifo(mailbox.at(NAME))
    with locked(mailbox, locks):
        assert is_locked(mailbox, locks)
    assert not is_locked(mailbox, locks)


# Who holds it, from the mailbox alone


def test_a_mailbox_without_a_lock_file_is_not_held(mailbox: Mailbox) -> None:
    assert held(mailbox.path) is None


def test_who_holds_a_lock_is_told(mailbox: Mailbox, locks: Locks) -> None:
    with locked(mailbox, locks):
        assert held(mailbox.path) == Held(HOLDER, os.getpid())


def test_who_holds_a_lock_in_another_process_is_told(mailbox: Mailbox) -> None:
    with locked_elsewhere(mailbox) as process:
        wilma = Holder("wilma", "pop3s", "8", "192.0.2.8", "2026-11-25T09:00:00Z")
        assert held(mailbox.path) == Held(wilma, process.pid)


def test_nobody_holds_a_lock_that_was_released(mailbox: Mailbox, locks: Locks) -> None:
    with locked(mailbox, locks):
        pass
    assert held(mailbox.path) is None


def test_nobody_holds_the_lock_of_a_killed_process(mailbox: Mailbox) -> None:
    with locked_elsewhere(mailbox) as process:
        process.kill()
        process.wait()
        assert held(mailbox.path) is None


def test_a_shorter_name_than_the_last_is_told_whole(mailbox: Mailbox, locks: Locks) -> None:
    locks.take(mailbox.path, Holder("a-very-long-name@example.com", "pop3", "1234567", "2001:db8::77", "x")).release()
    with locked(mailbox, locks):
        assert held(mailbox.path) == Held(HOLDER, os.getpid())


def test_a_lock_file_does_not_grow(mailbox: Mailbox, locks: Locks) -> None:
    locks.take(mailbox.path, HOLDER).release()
    before = os.path.getsize(mailbox.at(NAME))
    for _ in range(5):
        locks.take(mailbox.path, HOLDER).release()
    assert os.path.getsize(mailbox.at(NAME)) == before


def test_looking_disturbs_nobody_who_wants_the_lock(mailbox: Mailbox, locks: Locks) -> None:
    """Were the lock taken to look, one of these many would be refused."""
    locks.take(mailbox.path, HOLDER).release()
    with outsider.python(LOOK, mailbox.path) as process:
        assert process.stdout is not None
        process.stdout.readline()
        for _ in range(3000):
            locks.take(mailbox.path, HOLDER).release()
        assert process.poll() is None
        process.kill()


LOOK = """
import os, sys
from mtq.mail.lock import held
while True:
    for _ in range(100):
        held(os.fsencode(sys.argv[1]))
    print("looking", flush=True)
"""


def test_looking_takes_nothing_from_the_holder(mailbox: Mailbox, locks: Locks) -> None:
    with locked(mailbox, locks):
        held(mailbox.path)
        assert is_locked(mailbox, Locks())


SIGNED = {**asdict(HOLDER), "pid": 9}


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\0" * 500,
        b"\xff\xfe",
        b"null",
        b"[]",
        b"{}",
        b"[" * 4096,
        b'{"user":' * 500,
        b'{"pid": 1' + b"0" * 4000 + b"}",
        b'{"pid": 1e999}',
        b'{"pid": true}',
        b'{"pid": -1}',
        b"x" * 10_000,
        json.dumps({**SIGNED, "pid": "9"} | {"user": 5}).encode(),
    ],
)
def test_a_lock_file_full_of_nonsense_tells_nothing(mailbox: Mailbox, locks: Locks, text: bytes) -> None:
    with locked(mailbox, locks):
        mailbox.put(NAME, text)
        assert held(mailbox.path) == Held(None, None)


@pytest.mark.parametrize("field", ["user", "service", "session", "address", "since"])
@pytest.mark.parametrize("value", [None, 7, ["fred"], "\x1b[2J", "two\nlines", "\u202e", "\ud800", "x" * 999])
def test_a_name_that_nobody_could_be_shown_is_not_told(
    mailbox: Mailbox, locks: Locks, field: str, value: object
) -> None:
    with locked(mailbox, locks):
        mailbox.put(NAME, json.dumps({**SIGNED, field: value}).encode())
        assert held(mailbox.path) == Held(None, 9)


@pytest.mark.parametrize("since", ["yesterday", "", "2026-11-25T08:00:00", "2026-13-01T00:00:00Z"])
def test_a_time_that_is_none_is_not_told(mailbox: Mailbox, locks: Locks, since: str) -> None:
    with locked(mailbox, locks):
        mailbox.put(NAME, json.dumps({**SIGNED, "since": since}).encode())
        assert held(mailbox.path) == Held(None, 9)


@given(st.binary(max_size=200))
def test_whatever_a_lock_file_says_nothing_is_raised(text: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        mailbox, locks = Mailbox(os.fsencode(folder)), Locks()
        with locked(mailbox, locks):
            mailbox.put(NAME, text)
            assert held(mailbox.path) is not None


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo, lambda path: os.symlink("/etc/passwd", path)])
def test_what_is_no_file_is_no_lock(mailbox: Mailbox, make: Callable[[bytes], None]) -> None:
    make(mailbox.at(NAME))
    assert held(mailbox.path) is None


def test_a_lock_file_that_may_not_be_read_is_an_error() -> None:
    with outsider.public_folder() as path:
        os.chmod(Mailbox(path).put(NAME), 0o000)
        with outsider.unprivileged(), pytest.raises(PermissionError):
            held(path)
