"""Mailboxes that cannot be written to: full disks, and file systems that are read-only."""

import os
from pathlib import Path

from mtq.errors import Code, Refusal
from mtq.mail import index
from mtq.mail.index import DRAFT
from mtq.mail.index import NAME as INDEX
from mtq.mail.lock import NAME as LOCK
from mtq.mail.lock import Held, Locks, held
from tests.mail.mailbox import HOLDER, TEXT, TEXT_OCTETS, Mailbox, rows, text
from tests.mounts import fill, in_own_mounts, read_only, tmpfs

LISTED = [(b"1", TEXT_OCTETS), (b"2", TEXT_OCTETS), (b"3", TEXT_OCTETS)]


def filled(folder: Path) -> Mailbox:
    """A mailbox with three messages and a quota that has been quiet for long."""
    mailbox = Mailbox(os.fsencode(folder))
    for place in (b"new/1", b"cur/2:2,S", b"cur/3:2,"):
        mailbox.put(place)
    mailbox.put(b"maildirsize", b"1000000S\n")
    mailbox.stamp()
    return mailbox


def on_a_full_disk(folder: Path) -> Mailbox:
    """The same on a disk on which not an octet is free."""
    tmpfs(folder, "size=256k")
    mailbox = filled(folder)
    fill(folder)
    return mailbox


def is_locked(mailbox: Mailbox, locks: Locks) -> bool:
    try:
        mailbox.login(lock=locks).close()
    except Refusal as refusal:
        return refusal.code is Code.IN_USE
    return False


# Full


def check_a_session_on_a_full_disk(folder: Path) -> None:
    mailbox = on_a_full_disk(folder)
    before = mailbox.content(b"maildirsize")
    for _ in range(2):
        maildrop = mailbox.login(lock=Locks())
        assert rows(maildrop) == LISTED
        assert text(maildrop, 2) == TEXT
        maildrop.close()
    assert set(mailbox.names(b"")) == {b"ballast", b"new", b"cur", b"maildirsize", LOCK}
    assert mailbox.content(b"maildirsize") == before


def test_a_full_disk_is_served_and_nothing_half_written_stays(tmp_path: Path) -> None:
    in_own_mounts(check_a_session_on_a_full_disk, tmp_path / "fred")


def check_a_removal_on_a_full_disk(folder: Path) -> None:
    mailbox = on_a_full_disk(folder)
    maildrop = mailbox.login(lock=Locks())
    assert maildrop.remove((1, 3)) == 0
    maildrop.close()
    assert (mailbox.names(b"new"), mailbox.names(b"cur")) == ([], [b"2:2,S"])
    assert mailbox.listed() == [LISTED[1]]


def test_from_a_full_disk_messages_are_removed(tmp_path: Path) -> None:
    """It is what makes room."""
    in_own_mounts(check_a_removal_on_a_full_disk, tmp_path / "fred")


def check_the_lock_on_a_full_disk(folder: Path) -> None:
    mailbox = on_a_full_disk(folder)
    maildrop = mailbox.login(lock=Locks())
    assert is_locked(mailbox, Locks())
    assert held(mailbox.path) == Held(None, None)
    maildrop.close()
    assert held(mailbox.path) is None


def test_on_a_full_disk_the_lock_holds_and_only_the_name_is_missing(tmp_path: Path) -> None:
    in_own_mounts(check_the_lock_on_a_full_disk, tmp_path / "fred")


def check_an_older_name_on_a_full_disk(folder: Path) -> None:
    tmpfs(folder, "size=256k")
    mailbox = filled(folder)
    Locks().take(mailbox.path, HOLDER).release()
    fill(folder)
    maildrop = mailbox.login(lock=Locks())
    assert held(mailbox.path) == Held(HOLDER, os.getpid())
    maildrop.close()


def test_on_a_full_disk_a_name_takes_the_place_of_an_older_one(tmp_path: Path) -> None:
    in_own_mounts(check_an_older_name_on_a_full_disk, tmp_path / "fred")


def check_an_older_index_on_a_full_disk(folder: Path) -> None:
    tmpfs(folder, "size=256k")
    mailbox = filled(folder)
    mailbox.listed()
    fill(folder)
    before = mailbox.content(INDEX)
    maildrop = mailbox.login()
    maildrop.counted(1, 99, 0)
    maildrop.close()
    assert mailbox.content(INDEX) == before
    assert DRAFT not in mailbox.names(b"")


def test_on_a_full_disk_the_older_index_stands(tmp_path: Path) -> None:
    in_own_mounts(check_an_older_index_on_a_full_disk, tmp_path / "fred")


def check_a_disk_without_a_file_to_spare(folder: Path) -> None:
    tmpfs(folder, "size=1m,nr_inodes=8")      # the three messages, their folders and the quota
    mailbox, locks = filled(folder), Locks()
    mailbox.put(b"ballast")
    maildrop = mailbox.login(lock=locks)
    assert rows(maildrop) == LISTED
    assert is_locked(mailbox, locks)
    maildrop.close()
    assert not is_locked(mailbox, locks)
    assert set(mailbox.names(b"")) == {b"ballast", b"new", b"cur", b"maildirsize"}


def test_where_no_file_can_be_made_the_servers_own_lock_serves(tmp_path: Path) -> None:
    in_own_mounts(check_a_disk_without_a_file_to_spare, tmp_path / "fred")


# Read-only


def check_a_read_only_mailbox(folder: Path) -> None:
    mailbox, locks = filled(folder), Locks()
    read_only(folder)
    maildrop = mailbox.login(lock=locks)
    assert rows(maildrop) == LISTED
    assert text(maildrop, 1) == TEXT
    assert is_locked(mailbox, locks)
    assert maildrop.remove((1, 2)) == 2
    maildrop.close()
    assert not is_locked(mailbox, locks)
    assert mailbox.listed() == LISTED
    assert set(mailbox.names(b"")) == {b"new", b"cur", b"maildirsize"}


def test_a_read_only_mailbox_is_served_and_says_how_many_stayed(tmp_path: Path) -> None:
    in_own_mounts(check_a_read_only_mailbox, tmp_path / "fred")


def check_a_read_only_mailbox_that_was_not_always(folder: Path) -> None:
    mailbox = filled(folder)
    mailbox.listed()
    Locks().take(mailbox.path, HOLDER).release()
    read_only(folder)
    maildrop = mailbox.login(lock=Locks())
    assert rows(maildrop) == LISTED
    assert not maildrop.unwritten
    maildrop.close()
    assert index.read(mailbox.path).section(b"") is not None


def test_what_was_remembered_while_it_could_be_written_to_serves_on(tmp_path: Path) -> None:
    in_own_mounts(check_a_read_only_mailbox_that_was_not_always, tmp_path / "fred")
