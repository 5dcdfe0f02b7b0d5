"""An import brings every message once, however often it is begun, and whatever happened to it before."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtq.errors import MtqError
from mtq.mail import journal, sources
from mtq.mail.imports import Import
from mtq.mail.journal import Journal
from tests.mail import outsider, strace
from tests.mail.mailbox import TEXT, TEXT_OCTETS, Mailbox

DAY = "From wilma@bedrock.example Wed Nov {day} 08:00:00 2026\n"

IMPORT = """
import os, sys
from mtq.mail import imports, sources
imports.BATCH = int(sys.argv[3])
work = imports.Import(sources.at(os.fsencode(sys.argv[1])), os.fsencode(sys.argv[2]))
try:
    work.run(lambda weight: None)
except OSError as error:
    print(error.strerror)
print(f"{work.imported} of {work.messages}")
"""


def letter(number: int) -> bytes:
    """A message that is unlike the others."""
    return b"Subject: %d\n\nYabba\n" % number


def mbox(mailbox: Mailbox, *texts: bytes, day: int = 25) -> bytes:
    """Lay an mbox beside the mailbox and say its path."""
    separator = DAY.format(day=day).encode()
    return mailbox.put(b"../mbox", b"".join(separator + text + b"\n" for text in texts))


def bring(mailbox: Mailbox, source: bytes) -> tuple[int, int]:
    """Import, and say how many messages there were and how many were imported."""
    work = Import(sources.at(source), mailbox.path)
    work.run(lambda weight: None)
    return work.messages, work.imported


def stored(mailbox: Mailbox) -> list[bytes]:
    """The messages of the inbox in the order in which they are listed."""
    there = [(name, place + b"/" + name) for place in (b"new", b"cur") for name in mailbox.names(place)]
    return [mailbox.content(place) for _, place in sorted(there)]


@pytest.fixture
def other(tmp_path: Path) -> Mailbox:
    """Another Maildir, to import from."""
    path = os.fsencode(tmp_path / "other")
    for folder in (b"tmp", b"new", b"cur"):
        os.makedirs(os.path.join(path, folder))
    return Mailbox(path)


# What arrives


def test_the_messages_of_an_mbox_arrive_in_their_order(mailbox: Mailbox) -> None:
    letters = [letter(number) for number in (3, 1, 2, 9, 8, 7, 5, 4, 11, 10, 6)]
    assert bring(mailbox, mbox(mailbox, *letters)) == (11, 11)
    assert stored(mailbox) == letters
    assert mailbox.names(b"tmp") == mailbox.names(b"cur") == []


def test_their_names_tell_when_they_arrived_and_how_long_they_are(mailbox: Mailbox) -> None:
    bring(mailbox, mbox(mailbox, TEXT))
    (name,) = mailbox.names(b"new")
    assert name.startswith(b"1795593600.M000000I")
    assert name.endswith(b".mtq,S=%d,W=%d" % (len(TEXT), TEXT_OCTETS))
    assert os.stat(mailbox.at(b"new/" + name)).st_mtime == 1795593600
    assert mailbox.listed() == [(name, TEXT_OCTETS)]


def test_mail_of_the_last_century_is_listed_before_that_of_this_one(mailbox: Mailbox) -> None:
    old, young = b"From x Fri Nov 26 08:00:00 1999\n", b"From x Thu Nov 26 08:00:00 2026\n"
    bring(mailbox, mailbox.put(b"../mbox", young + letter(2) + b"\n" + old + letter(1)))
    assert stored(mailbox) == [letter(1), letter(2)]


def test_the_messages_of_a_maildir_keep_names_flags_and_times(mailbox: Mailbox, other: Mailbox) -> None:
    os.utime(other.put(b"cur/160.host,S=29:2,FS", letter(1)), (5, 5))
    os.utime(other.put(b"new/161.host", letter(2)), (6, 6))
    assert bring(mailbox, other.path) == (2, 2)
    assert mailbox.names(b"cur") == [b"160.host,S=29:2,FS"]
    assert mailbox.names(b"new") == [b"161.host"]
    assert os.stat(mailbox.at(b"cur/160.host,S=29:2,FS")).st_mtime == 5
    assert stored(mailbox) == [letter(1), letter(2)]


def test_a_name_that_another_message_has_already_is_not_taken_from_it(mailbox: Mailbox, other: Mailbox) -> None:
    mailbox.put(b"cur/1:2,", letter(1))
    other.put(b"cur/1:2,S", letter(2))
    assert bring(mailbox, other.path) == (1, 1)
    assert bring(mailbox, other.path) == (1, 0)
    assert sorted(stored(mailbox)) == [letter(1), letter(2)]
    assert mailbox.content(b"cur/1:2,") == letter(1)


def test_what_arrives_takes_after_its_folder(mailbox: Mailbox) -> None:
    os.chown(mailbox.at(b"new"), outsider.SOMEBODY, -1)
    os.chmod(mailbox.at(b"new"), 0o2750)
    bring(mailbox, mbox(mailbox, TEXT))
    status = os.stat(mailbox.at(b"new/" + mailbox.names(b"new")[0]))
    assert (status.st_uid, status.st_mode & 0o7777) == (outsider.SOMEBODY, 0o640)


def test_what_arrives_is_entered_in_the_quota_file(mailbox: Mailbox) -> None:
    mailbox.put(b"maildirsize", b"1000000S\n")
    source = mbox(mailbox, TEXT, letter(1))
    bring(mailbox, source)
    bring(mailbox, source)
    assert mailbox.content(b"maildirsize") == b"1000000S\n%d 1\n%d 1\n" % (len(TEXT), len(letter(1)))


def test_a_mailbox_is_made_where_there_is_none(mailbox: Mailbox) -> None:
    wilma = Mailbox(mailbox.at(b"../wilma"))
    assert bring(wilma, mbox(mailbox, TEXT)) == (1, 1)
    assert stored(wilma) == [TEXT]


def test_a_huge_message_is_not_held_in_memory(mailbox: Mailbox) -> None:
    source = mbox(mailbox, b"Subject: big\n\n" + b"x" * 80_000_000)
    once: list[str | bytes] = [sys.executable, "-c", IMPORT, source, mailbox.path, "9"]
    limited = ["sh", "-c", 'ulimit -v 100000; exec "$@"', "sh", *once]
    done = subprocess.run(limited, cwd=outsider.ROOT, capture_output=True)
    assert (done.stdout, done.stderr) == (b"1 of 1\n", b"")


def test_the_progress_adds_up(mailbox: Mailbox) -> None:
    source, weights = sources.at(mbox(mailbox, TEXT, letter(1))), list[int]()
    Import(source, mailbox.path).run(weights.append)
    assert sum(weights) == source.total - 1      # the empty line after the last message belongs to none


# Without doubles


def test_the_same_again_changes_nothing(mailbox: Mailbox) -> None:
    source = mbox(mailbox, letter(1), letter(2))
    assert bring(mailbox, source) == (2, 2)
    before = mailbox.names(b"new")
    assert bring(mailbox, source) == (2, 0)
    assert mailbox.names(b"new") == before


def test_what_the_client_has_removed_since_does_not_come_back(mailbox: Mailbox) -> None:
    source = mbox(mailbox, letter(1), letter(2))
    bring(mailbox, source)
    for name in mailbox.names(b"new"):
        os.unlink(mailbox.at(b"new/" + name))
    assert bring(mailbox, source) == (2, 0)
    assert stored(mailbox) == []


def test_of_a_source_that_has_grown_only_what_is_new_comes(mailbox: Mailbox) -> None:
    bring(mailbox, mbox(mailbox, letter(1), letter(2)))
    assert bring(mailbox, mbox(mailbox, letter(1), letter(2), letter(3))) == (3, 1)
    assert sorted(stored(mailbox)) == [letter(1), letter(2), letter(3)]


def test_a_source_that_was_edited_or_moved_is_the_same_mail(mailbox: Mailbox) -> None:
    bring(mailbox, mbox(mailbox, letter(1), letter(2), letter(3)))
    assert bring(mailbox, mbox(mailbox, letter(3), letter(1), day=24)) == (2, 0)


def test_messages_that_are_alike_all_come_and_once_each(mailbox: Mailbox) -> None:
    assert bring(mailbox, mbox(mailbox, TEXT, TEXT, TEXT)) == (3, 3)
    assert bring(mailbox, mbox(mailbox, TEXT, TEXT, TEXT)) == (3, 0)
    assert stored(mailbox) == [TEXT] * 3


def test_the_same_mail_as_mbox_and_as_maildir_comes_once(mailbox: Mailbox, other: Mailbox) -> None:
    other.put(b"new/160.host", letter(1) + b"From me\n")
    bring(mailbox, mbox(mailbox, letter(1) + b">From me\n"))
    assert bring(mailbox, other.path) == (1, 0)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.integers(1, 3), max_size=5), min_size=1, max_size=4))
def test_whatever_is_imported_each_message_is_there_as_often_as_the_richest_source_has_it(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[int]]
) -> None:
    mailbox = Mailbox(os.fsencode(tmp_path_factory.mktemp("import") / "fred"))
    most: Counter[bytes] = Counter()
    for batch in batches:
        letters = [letter(number) for number in batch]
        bring(mailbox, mbox(mailbox, *letters))
        most |= Counter(letters)
    assert Counter(stored(mailbox)) == most


def test_a_rehearsal_counts_and_changes_nothing(mailbox: Mailbox) -> None:
    bring(mailbox, mbox(mailbox, letter(1)))
    before = [mailbox.names(place) for place in (b"", b"new", b"cur", b"tmp")]
    work = Import(sources.at(mbox(mailbox, letter(1), letter(2))), mailbox.path)
    work.rehearse(lambda weight: None)
    assert (work.messages, work.imported) == (2, 1)
    assert [mailbox.names(place) for place in (b"", b"new", b"cur", b"tmp")] == before


def test_a_rehearsal_makes_no_mailbox(mailbox: Mailbox) -> None:
    work = Import(sources.at(mbox(mailbox, letter(1))), mailbox.at(b"../wilma"))
    work.rehearse(lambda weight: None)
    assert (work.messages, work.imported) == (1, 1)
    assert not os.path.exists(mailbox.at(b"../wilma"))


def test_a_second_import_meanwhile_is_refused(mailbox: Mailbox) -> None:
    held = Journal(mailbox.path)
    try:
        with pytest.raises(MtqError, match="another import"):
            bring(mailbox, mbox(mailbox, letter(1)))
    finally:
        held.close()


# Broken off


def interrupted_after(count: int) -> Iterator[None]:
    """What comes over an import when its user loses patience."""
    yield from [None] * count
    raise KeyboardInterrupt


@pytest.mark.parametrize("count", range(4))
def test_one_that_is_interrupted_goes_on_where_it_was(mailbox: Mailbox, count: int) -> None:
    source, patience = mbox(mailbox, *(letter(number) for number in range(4))), interrupted_after(count)
    work = Import(sources.at(source), mailbox.path)
    with pytest.raises(KeyboardInterrupt):
        work.run(lambda weight: next(patience))
    assert work.imported == count + 1
    assert len(journal.read(mailbox.path) - {b""}) == count + 1
    for name in mailbox.names(b"new"):      # fetched and removed meanwhile
        os.unlink(mailbox.at(b"new/" + name))
    assert bring(mailbox, source) == (4, 3 - count)


@pytest.mark.parametrize("kind", ["mbox", "maildir"])
def test_killed_at_any_system_call_and_run_again_every_message_is_there_once(tmp_path: Path, kind: str) -> None:
    letters = [letter(1), letter(2), letter(2)]

    def place(name: str) -> tuple[Mailbox, bytes, strace.Program]:
        box = Mailbox(os.fsencode(tmp_path / name / "fred"))
        box.put(b"maildirsize", b"1000000S\n")
        source = box.at(b"../mbox")
        if kind == "mbox":
            mbox(box, *letters)
        else:
            source = box.at(b"../other")
            for number, text in enumerate(letters):
                box.put(b"../other/cur/%d:2,S" % number, text)
        return box, source, strace.Program(IMPORT, (source, box.path, "2"))

    def killed(number: int, call: strace.Call) -> None:
        box, source, program = place(str(number))
        program.killed_at(call)
        assert not Counter(seen(box)) - Counter(letters), call
        bring(box, source)
        assert Counter(stored(box)) == Counter(letters), call
        assert bring(box, source) == (3, 0), call

    def seen(box: Mailbox) -> list[bytes]:
        there = [place for place in (b"new", b"cur") if os.path.exists(box.at(place))]
        return [box.content(place + b"/" + name) for place in there for name in box.names(place)]

    box, _, program = place("example")
    calls = program.calls(box.path)
    assert len(calls) > 40
    strace.at_each(calls, killed)


def test_killed_again_and_again_it_gets_there_in_the_end(mailbox: Mailbox) -> None:
    letters = [letter(number) for number in range(100)]
    program = strace.Program(IMPORT, (mbox(mailbox, *letters), mailbox.path, "7"))
    for run in range(1, 9):
        program.killed_at(strace.Call("rename", 13))
        assert len(stored(mailbox)) == 12 * run
    assert bring(mailbox, mailbox.at(b"../mbox")) == (100, 4)
    assert stored(mailbox) == letters


def test_a_disk_that_is_full_ends_it_and_with_room_again_it_goes_on(mailbox: Mailbox) -> None:
    letters = [letter(number) + b"x" * 9000 + b"\n" for number in range(9)]
    once: list[str | bytes] = [sys.executable, "-c", IMPORT, mbox(mailbox, *letters), mailbox.path, "3"]
    script = 'head -c 140000 /dev/zero > "$0/ballast"; "$@"; rm "$0/ballast"; "$@"; cat "$0"/new/*'
    disk = outsider.small_disk(mailbox.path, 200_000)
    done = subprocess.run([*disk, "sh", "-c", script, mailbox.path, *once], cwd=outsider.ROOT, capture_output=True)
    full, some, rest, whole = done.stdout.split(b"\n", 3)
    assert full == b"No space left on device"
    assert int(some.split()[0]) + int(rest.split()[0]) == 9
    assert whole == b"".join(letters)
