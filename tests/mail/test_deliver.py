"""Delivery: whole or not at all, under a name of its own, owned like the folder it lies in."""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtq.errors import MtqError
from mtq.mail import maildir
from mtq.mail.deliver import deliver, make
from mtq.mail.maildir import wire_size_in_name
from tests.mail import outsider, strace
from tests.mail.mailbox import LONG_AGO, TEXT, TEXT_OCTETS, Mailbox, ids, text
from tests.mail.wire import CONTENTS, contents, sent

SEPARATOR = b"From wilma@bedrock.example Wed Nov 25 08:00:00 2026\n"

DELIVER_MANY = """
import os, sys
from mtq.mail.deliver import deliver
for number in range(25):
    print(os.fsdecode(deliver(os.fsencode(sys.argv[1]), iter([b"Subject: %d\\n\\n" % number, sys.argv[2].encode()]))))
"""

DELIVER_ONE = """
import os, sys
from mtq.mail.deliver import deliver
try:
    deliver(os.fsencode(sys.argv[1]), iter([sys.argv[2].encode()] * 2))
except OSError as error:
    sys.exit(75)
"""

DELIVER_AT_ONCE = """
import os, sys
from mtq.mail.deliver import deliver
number = int(sys.argv[2])
gate, opener = os.pipe()
for child in range(number):
    if os.fork() == 0:
        os.close(opener)
        os.read(gate, 1)
        deliver(os.fsencode(sys.argv[1]), iter([b"Subject: %d\\n" % child]))
        os._exit(0)
os.close(opener)
print(sum(os.wait()[1] for _ in range(number)))
"""

DELIVER_UNTIL_FULL = """
import os, sys
from mtq.mail.deliver import deliver
mailbox, taken = os.fsencode(sys.argv[1]), 0
try:
    while True:
        deliver(mailbox, iter([b"x" * 5000] * 2))
        taken += 1
except OSError as error:
    print(error.strerror)
whole = sum(os.path.getsize(entry.path) == 10000 for entry in os.scandir(mailbox + b"/new"))
print(f"{taken} taken, {whole} whole, {len(os.listdir(mailbox + b'/tmp'))} in tmp")
"""

DELIVER_ON_A_FULL_DISK = """
import os, resource, sys
from mtq.mail.deliver import deliver
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    deliver(os.fsencode(sys.argv[1]), iter([b"x" * 600] * 3))
except OSError as error:
    print(error.strerror)
"""


def delivered(mailbox: Mailbox, *pieces: bytes) -> bytes:
    """Deliver a message in pieces and say what was stored."""
    with open(deliver(mailbox.path, iter(pieces)), "rb") as file:
        return file.read()


def breaking_off(*pieces: bytes) -> Iterator[bytes]:
    """A message whose sender goes away."""
    yield from pieces
    raise ConnectionResetError


# What is stored


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_a_message_is_stored_as_it_came(mailbox: Mailbox, content: bytes) -> None:
    assert delivered(mailbox, content) == content


def test_a_message_in_pieces_is_stored_whole(mailbox: Mailbox) -> None:
    assert delivered(mailbox, b"Sub", b"ject: hi\n", b"\n", b"text\n") == b"Subject: hi\n\ntext\n"


def test_nothing_delivered_is_an_empty_message(mailbox: Mailbox) -> None:
    assert delivered(mailbox) == b""


def test_the_separator_of_an_mbox_is_no_part_of_the_message(mailbox: Mailbox) -> None:
    assert delivered(mailbox, SEPARATOR + TEXT) == TEXT


@pytest.mark.parametrize("start", [b"From: fred\n", b">From me\n", b"from me\n", b"From", b"Fro", b"\nFrom me\n"])
def test_what_only_looks_like_a_separator_stays(mailbox: Mailbox, start: bytes) -> None:
    assert delivered(mailbox, start) == start


def test_a_separator_ended_by_crlf_is_dropped_whole(mailbox: Mailbox) -> None:
    assert delivered(mailbox, b"From wilma\r\n" + TEXT) == TEXT


@pytest.mark.parametrize("separator", [b"From wilma", b"From ", b"From wilma\n"])
def test_a_separator_alone_is_an_empty_message(mailbox: Mailbox, separator: bytes) -> None:
    assert delivered(mailbox, separator) == b""


def test_only_the_first_separator_is_dropped(mailbox: Mailbox) -> None:
    assert delivered(mailbox, SEPARATOR + b"From fred\n" + TEXT) == b"From fred\n" + TEXT


@given(st.lists(st.integers(0, len(SEPARATOR + TEXT)), max_size=8))
def test_a_separator_is_dropped_however_it_is_cut(marks: list[int]) -> None:
    whole, places = SEPARATOR + TEXT, sorted({0, *marks, len(SEPARATOR + TEXT)})
    pieces = [whole[start:end] for start, end in pairwise(places)]
    with tempfile.TemporaryDirectory() as folder:
        assert delivered(Mailbox(os.fsencode(folder)), *pieces) == TEXT


# Its name


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_the_name_says_both_sizes(mailbox: Mailbox, content: bytes) -> None:
    name = deliver(mailbox.path, iter([content]))
    assert name.endswith(b",S=%d,W=%d" % (len(content), len(sent(content))))


@given(st.lists(contents, max_size=4))
def test_the_sizes_are_those_of_all_pieces_together(pieces: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        name = deliver(os.fsencode(folder), iter([b"Subject: hi\n", *pieces]))
    whole = b"Subject: hi\n" + b"".join(pieces)
    assert name.endswith(b",S=%d,W=%d" % (len(whole), len(sent(whole))))


def test_the_separator_does_not_count(mailbox: Mailbox) -> None:
    assert deliver(mailbox.path, iter([SEPARATOR + TEXT])).endswith(b",S=%d,W=%d" % (len(TEXT), TEXT_OCTETS))


def test_the_size_in_the_name_is_one_that_sessions_understand(mailbox: Mailbox) -> None:
    assert wire_size_in_name(maildir.base(deliver(mailbox.path, iter([TEXT])))) == TEXT_OCTETS


def test_the_name_says_when_where_and_by_whom(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.uname", lambda: SimpleNamespace(nodename="quarry"))
    name = os.path.basename(deliver(mailbox.path, iter([TEXT])))
    assert re.match(rb"[0-9]{10}\.M[0-9]{6}P%dQ[0-9]+R[0-9a-f]{8}\.quarry,S=" % os.getpid(), name)


def test_a_strange_host_name_does_not_break_the_name(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.uname", lambda: SimpleNamespace(nodename="../a:2,W=9"))
    path = deliver(mailbox.path, iter([TEXT]))
    assert path.endswith(b"...\\057a\\0722\\054W=9,S=29,W=34")
    assert mailbox.listed() == [(os.path.basename(path), TEXT_OCTETS)]


def test_messages_are_listed_in_the_order_in_which_they_were_delivered(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = []
    for moment in (0, 99_999_000, 100_000_000, 10**9):      # within a second and across its end
        monkeypatch.setattr("time.time_ns", lambda moment=moment: LONG_AGO + moment)
        paths.append(deliver(mailbox.path, iter([TEXT])))
    monkeypatch.undo()
    assert ids(mailbox.login()) == [os.path.basename(path) for path in paths]


def test_hundreds_at_once_into_a_mailbox_that_is_not_there_yet(tmp_path: Path) -> None:
    """They meet at making the folders, at choosing names and in maildirsize."""
    mailbox = Mailbox(os.fsencode(tmp_path / "fred"))
    with outsider.python(DELIVER_AT_ONCE, mailbox.path, "200") as process:
        assert process.communicate() == (b"0\n", b"")
    assert {mailbox.content(b"new/" + name) for name in mailbox.names(b"new")} == {
        b"Subject: %d\n" % number for number in range(200)
    }
    assert mailbox.names(b"") == [b"cur", b"new", b"tmp"]
    assert mailbox.names(b"tmp") == []


def test_hundreds_at_once_are_all_entered_in_the_quota_file(mailbox: Mailbox) -> None:
    mailbox.put(b"maildirsize", b"1000000S\n")
    with outsider.python(DELIVER_AT_ONCE, mailbox.path, "200") as process:
        assert process.communicate() == (b"0\n", b"")
    assert sorted(mailbox.content(b"maildirsize").splitlines()[1:]) == sorted(
        b"%d 1" % len(b"Subject: %d\n" % number) for number in range(200)
    )


def test_many_processes_at_once_never_meet(tmp_path: Path) -> None:
    mailbox = Mailbox(os.fsencode(tmp_path / "not" / "yet" / "there"))
    processes = [outsider.python(DELIVER_MANY, mailbox.path, f"process {n}\n") for n in range(8)]
    paths = b"".join(process.communicate()[0] for process in processes).splitlines()
    assert [process.returncode for process in processes] == [0] * 8
    assert len(set(paths)) == 200
    assert sorted(os.path.basename(path) for path in paths) == mailbox.names(b"new")
    assert mailbox.names(b"tmp") == []
    stored = {mailbox.content(b"new/" + name) for name in mailbox.names(b"new")}
    assert stored == {b"Subject: %d\n\nprocess %d\n" % (m, n) for m in range(25) for n in range(8)}


# Whole or not at all


def test_nothing_stays_in_tmp(mailbox: Mailbox) -> None:
    deliver(mailbox.path, iter([TEXT]))
    assert mailbox.names(b"tmp") == []


def test_a_failing_disk_leaves_nothing(mailbox: Mailbox) -> None:
    with outsider.python(DELIVER_ON_A_FULL_DISK, mailbox.path) as process:
        assert process.communicate() == (b"File too large\n", b"")
    assert (mailbox.names(b"new"), mailbox.names(b"tmp")) == ([], [])


def test_a_disk_that_fills_up_holds_every_message_that_was_taken_and_no_other(tmp_path: Path) -> None:
    mailbox = os.fsencode(tmp_path / "fred")
    disk = outsider.small_disk(os.fsencode(tmp_path), 100_000)
    command = [*disk, sys.executable, "-c", DELIVER_UNTIL_FULL, mailbox]
    done = subprocess.run(command, cwd=outsider.ROOT, capture_output=True)
    assert (done.stdout, done.stderr) == (b"No space left on device\n8 taken, 8 whole, 0 in tmp\n", b"")


def test_a_sender_that_breaks_off_leaves_nothing(mailbox: Mailbox) -> None:
    with pytest.raises(ConnectionResetError):
        deliver(mailbox.path, breaking_off(TEXT, TEXT))
    assert (mailbox.names(b"new"), mailbox.names(b"tmp")) == ([], [])


@pytest.mark.parametrize("there_before", [True, False], ids=["mailbox_is_there", "mailbox_is_not_there_yet"])
def test_killed_at_any_system_call_the_message_is_there_whole_or_not_at_all(
    tmp_path: Path, there_before: bool
) -> None:
    whole = b"Subject: hi\n\nYabba\n" * 2

    def mailbox(name: str) -> Mailbox:
        box = Mailbox(os.fsencode(tmp_path / name / "fred"))
        if there_before:
            box.put(b"maildirsize", b"1000000S\n")
            make(box.path)
        return box

    def delivery(box: Mailbox) -> strace.Program:
        return strace.Program(DELIVER_ONE, (box.path, b"Subject: hi\n\nYabba\n"))

    def killed(number: int, call: strace.Call) -> None:
        box = mailbox(str(number))
        delivery(box).killed_at(call)
        there = box.names(b"new") if os.path.exists(box.at(b"new")) else []
        assert [box.content(b"new/" + name) for name in there] == [whole] * len(there), call
        if there_before:        # the message of one killed between the two is not entered, and none that is not there
            assert box.content(b"maildirsize").count(b"\n") - 1 <= len(there), call
        outcomes.add(len(there))
        assert box.content(b"new/" + os.path.basename(deliver(box.path, iter([TEXT])))) == TEXT, call
        assert box.listed() == [(name, len(sent(box.content(b"new/" + name)))) for name in box.names(b"new")], call

    outcomes: set[int] = set()
    example = mailbox("example")
    calls = delivery(example).calls(example.path)
    assert len(calls) > 10
    strace.at_each(calls, killed)
    assert outcomes == {0, 1}


def test_a_mailbox_that_was_being_made_when_the_maker_was_killed_has_the_right_owner(tmp_path: Path) -> None:
    def root(name: str) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        os.chown(folder, outsider.SOMEBODY, -1)
        folder.chmod(0o2770)
        return folder

    def killed(number: int, call: strace.Call) -> None:
        box = Mailbox(os.fsencode(root(str(number)) / "fred"))
        strace.Program(DELIVER_ONE, (box.path, b"")).killed_at(call)
        deliver(box.path, iter([TEXT]))
        for place in (b"", b"tmp", b"new", b"cur"):
            status = os.stat(box.at(place))
            assert (status.st_uid, status.st_mode & 0o7777) == (outsider.SOMEBODY, 0o2770), (call, place)

    example = os.fsencode(root("example") / "fred")
    calls = strace.Program(DELIVER_ONE, (example, b"")).calls(example)
    strace.at_each((call for call in calls if call.name in ("mkdir", "openat", "fchown", "fchmod", "rename")), killed)


def test_whatever_call_fails_the_exit_code_is_the_truth(tmp_path: Path) -> None:
    """Delivered and 0, or not delivered and not 0: anything else loses the message or brings it twice."""
    piece = b"Subject: hi\n\nYabba\n"

    def failed(number: int, call: strace.Call) -> None:
        box = Mailbox(os.fsencode(tmp_path / str(number) / "fred"))
        done = strace.Program(DELIVER_ONE, (box.path, piece)).failed_at(call, "EIO")
        there = box.names(b"new") if os.path.exists(box.at(b"new")) else []
        delivered = [box.content(b"new/" + name) for name in there]
        assert (done.returncode, delivered) in ((0, [piece * 2]), (75, [])), (call, done.stderr)
        outcomes.add(done.returncode)

    outcomes: set[int] = set()
    example = os.fsencode(tmp_path / "example" / "fred")
    calls = strace.Program(DELIVER_ONE, (example, piece)).calls(example)
    strace.at_each((call for call in calls if call.name != "exit_group"), failed)
    assert outcomes == {0, 75}


def test_every_folder_that_is_made_is_synced_into_the_one_above(tmp_path: Path) -> None:
    """Else a power cut takes the folder, and with it the message that the MTA was told is safe."""
    log = tmp_path / "log"
    mailbox = os.fsencode(tmp_path / "mail" / "fred")
    strace.Program(DELIVER_ONE, (mailbox, TEXT)).logged(log, "rename", "fsync")
    steps = re.findall(r'rename\(".*", "(.*?)"\)|fsync\([0-9]+<(.*?)>\)', log.read_text())
    made = [Path(renamed) for renamed, _ in steps if renamed]
    assert len(made) == 6       # mail, fred, tmp, new, cur and the message
    for path in made:
        at = steps.index((str(path), ""))
        assert ("", str(path.parent)) in steps[at:], path


def test_what_was_not_delivered_is_not_entered_in_the_quota_file(mailbox: Mailbox) -> None:
    mailbox.put(b"maildirsize", b"1000000S\n")
    with suppress(ConnectionResetError):
        deliver(mailbox.path, breaking_off(TEXT, TEXT))
    assert mailbox.content(b"maildirsize") == b"1000000S\n"


def test_a_delivery_is_entered_in_the_quota_file(mailbox: Mailbox) -> None:
    mailbox.put(b"maildirsize", b"1000000S\n")
    deliver(mailbox.path, iter([TEXT]))
    assert mailbox.content(b"maildirsize") == b"1000000S\n%d 1\n" % len(TEXT)


def test_a_delivered_message_is_in_the_next_session(mailbox: Mailbox) -> None:
    deliver(mailbox.path, iter([TEXT]))
    assert text(mailbox.login(), 1) == TEXT


# Folders and owners


def test_a_mailbox_is_made_where_there_is_none(mailbox: Mailbox) -> None:
    wilma = Mailbox(mailbox.at(b"../bedrock.example/wilma"))
    deliver(wilma.path, iter([TEXT]))
    assert wilma.names(b"") == [b"cur", b"new", b"tmp"]


def test_a_message_takes_after_its_folder(mailbox: Mailbox) -> None:
    os.chmod(mailbox.at(b"new"), 0o2750)
    os.chown(mailbox.at(b"new"), outsider.SOMEBODY, -1)
    status = os.stat(deliver(mailbox.path, iter([TEXT])))
    assert (status.st_uid, status.st_mode & 0o7777) == (outsider.SOMEBODY, 0o640)


def test_a_mailbox_takes_after_the_folder_it_is_made_in(mailbox: Mailbox) -> None:
    os.chown(mailbox.path, outsider.SOMEBODY, -1)
    os.chmod(mailbox.path, 0o2770)
    inner = Mailbox(mailbox.at(b"bedrock.example/wilma"))
    deliver(inner.path, iter([TEXT]))
    for place in (b"", b"tmp", b"new", b"cur"):
        status = os.stat(inner.at(place))
        assert (status.st_uid, status.st_mode & 0o7777) == (outsider.SOMEBODY, 0o2770)


def test_a_missing_folder_of_a_mailbox_takes_after_the_mailbox(mailbox: Mailbox) -> None:
    os.rmdir(mailbox.at(b"cur"))
    os.chown(mailbox.path, outsider.SOMEBODY, -1)
    deliver(mailbox.path, iter([TEXT]))
    assert os.stat(mailbox.at(b"cur")).st_uid == outsider.SOMEBODY


def test_root_and_the_service_user_deliver_alike() -> None:
    with outsider.public_folder() as folder:
        os.chown(folder, outsider.NOBODY if os.geteuid() == 0 else -1, -1)
        os.chmod(folder, 0o2750)
        mailbox = Mailbox(os.path.join(folder, b"fred"))
        deliver(mailbox.path, iter([TEXT]))
        with outsider.unprivileged():
            deliver(mailbox.path, iter([TEXT]))
            deliver(mailbox.at(b"../wilma"), iter([TEXT]))
        deliver(mailbox.at(b"../wilma"), iter([TEXT]))
        folders, files = set(), set()
        for at, _, names in os.walk(folder):
            folders.add((os.stat(at).st_uid, os.stat(at).st_gid, os.stat(at).st_mode))
            statuses = [os.stat(os.path.join(at, name)) for name in names]
            files |= {(status.st_uid, status.st_gid, status.st_mode) for status in statuses}
        assert (len(folders), len(files)) == (1, 1)


def test_a_mailbox_that_is_there_keeps_owner_and_mode(mailbox: Mailbox) -> None:
    os.chmod(mailbox.at(b"new"), 0o711)
    os.chown(mailbox.at(b"new"), outsider.SOMEBODY, -1)
    deliver(mailbox.path, iter([TEXT]))
    status = os.stat(mailbox.at(b"new"))
    assert (status.st_uid, status.st_mode & 0o7777) == (outsider.SOMEBODY, 0o711)


@pytest.mark.parametrize("name", [b"tmp", b"new", b"cur"])
def test_nothing_is_delivered_to_where_a_link_leads_out_of_the_mailbox(mailbox: Mailbox, name: bytes) -> None:
    """What is in there is not served: the message would be gone."""
    os.rmdir(mailbox.at(name))
    os.mkdir(mailbox.at(b"../elsewhere"))
    os.symlink(mailbox.at(b"../elsewhere"), mailbox.at(name))
    with pytest.raises(MtqError, match=f"/{name.decode()}: a link that leads out of the mailbox"):
        deliver(mailbox.path, iter([TEXT]))
    assert os.listdir(mailbox.at(b"../elsewhere")) == []
    assert sum(len(mailbox.names(folder)) for folder in (b"tmp", b"new", b"cur")) == 0


def test_a_link_that_leads_nowhere_yet_keeps_no_message_out(mailbox: Mailbox) -> None:
    os.rmdir(mailbox.at(b"cur"))
    os.symlink(b"nowhere", mailbox.at(b"cur"))
    deliver(mailbox.path, iter([TEXT]))
    assert len(mailbox.names(b"new")) == 1


# What others have left


def aged(path: bytes, accessed: float, changed: float) -> bytes:
    """Give a file these ages, in hours."""
    now = time.time()
    os.utime(path, (now - accessed * 3600, now - changed * 3600))
    return os.path.basename(path)


def test_a_delivery_clears_away_what_others_have_left_in_tmp_36_hours_ago(mailbox: Mailbox) -> None:
    aged(mailbox.put(b"tmp/1"), 36.1, 36.1)
    deliver(mailbox.path, iter([TEXT]))
    assert mailbox.names(b"tmp") == []


def test_what_was_used_since_then_stays(mailbox: Mailbox) -> None:
    young = [
        aged(mailbox.put(b"tmp/1"), 35.9, 35.9),
        aged(mailbox.put(b"tmp/2"), 1, 9999),      # an import gives old mail its old time
        aged(mailbox.put(b"tmp/3"), 9999, 1),
    ]
    deliver(mailbox.path, iter([TEXT]))
    assert mailbox.names(b"tmp") == young


def test_only_files_are_cleared_away(mailbox: Mailbox) -> None:
    aged(mailbox.put(b"../precious"), 99, 99)
    os.mkdir(mailbox.at(b"tmp/folder"))
    aged(mailbox.at(b"tmp/folder"), 99, 99)
    os.symlink(mailbox.at(b"../precious"), mailbox.at(b"tmp/link"))
    deliver(mailbox.path, iter([TEXT]))
    assert mailbox.names(b"tmp") == [b"folder", b"link"]
    assert mailbox.content(b"../precious") == TEXT


def test_what_cannot_be_cleared_away_does_not_stop_a_delivery() -> None:
    with outsider.public_folder() as folder:
        mailbox = Mailbox(folder)
        make(mailbox.path)
        aged(mailbox.put(b"tmp/1"), 99, 99)
        os.chmod(mailbox.at(b"tmp"), 0o1777)
        os.chmod(mailbox.at(b"new"), 0o1777)
        with outsider.unprivileged():
            deliver(mailbox.path, iter([TEXT]))
        assert len(mailbox.names(b"new")) == 1
