"""Delivery: whole or not at all, under a name of its own, owned like the folder it lies in."""

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtq.mail import maildir
from mtq.mail.deliver import deliver
from mtq.mail.maildir import wire_size_in_name
from tests.mail import outsider
from tests.mail.mailbox import LONG_AGO, TEXT, TEXT_OCTETS, Mailbox, ids, text
from tests.mail.wire import CONTENTS, contents, sent

SEPARATOR = b"From wilma@bedrock.example Wed Nov 25 08:00:00 2026\n"

DELIVER_MANY = """
import os, sys
from mtq.mail.deliver import deliver
for number in range(25):
    print(os.fsdecode(deliver(os.fsencode(sys.argv[1]), iter([b"Subject: %d\\n\\n" % number, sys.argv[2].encode()]))))
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


def test_a_sender_that_breaks_off_leaves_nothing(mailbox: Mailbox) -> None:
    with pytest.raises(ConnectionResetError):
        deliver(mailbox.path, breaking_off(TEXT, TEXT))
    assert (mailbox.names(b"new"), mailbox.names(b"tmp")) == ([], [])


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


def test_a_mailbox_that_is_there_keeps_owner_and_mode(mailbox: Mailbox) -> None:
    os.chmod(mailbox.at(b"new"), 0o711)
    os.chown(mailbox.at(b"new"), outsider.SOMEBODY, -1)
    deliver(mailbox.path, iter([TEXT]))
    status = os.stat(mailbox.at(b"new"))
    assert (status.st_uid, status.st_mode & 0o7777) == (outsider.SOMEBODY, 0o711)


def test_a_link_that_leads_nowhere_yet_keeps_no_message_out(mailbox: Mailbox) -> None:
    os.rmdir(mailbox.at(b"cur"))
    os.symlink(b"nowhere", mailbox.at(b"cur"))
    deliver(mailbox.path, iter([TEXT]))
    assert len(mailbox.names(b"new")) == 1
