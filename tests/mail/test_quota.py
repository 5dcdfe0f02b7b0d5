"""The Maildir++ quota file: entered into where it is, never made."""

import os

import pytest

from mtq.mail import quota
from tests.mail.mailbox import Mailbox


def test_a_change_is_appended(mailbox: Mailbox) -> None:
    mailbox.put(b"maildirsize", b"1000000S\n500 2\n")
    quota.enter(mailbox.path, 120, 1)
    quota.enter(mailbox.path, -500, -2)
    assert mailbox.content(b"maildirsize") == b"1000000S\n500 2\n120 1\n-500 -2\n"


def test_a_mailbox_without_quota_gets_none(mailbox: Mailbox) -> None:
    quota.enter(mailbox.path, 120, 1)
    assert mailbox.names(b"") == [b"cur", b"new", b"tmp"]


def test_what_cannot_be_entered_is_no_harm(mailbox: Mailbox) -> None:
    os.mkdir(mailbox.at(b"maildirsize"))
    quota.enter(mailbox.path, 120, 1)
    assert mailbox.names(b"maildirsize") == []


def test_a_link_is_not_followed(mailbox: Mailbox) -> None:
    mailbox.put(b"../precious", b"keep me\n")
    os.symlink(mailbox.at(b"../precious"), mailbox.at(b"maildirsize"))
    quota.enter(mailbox.path, 120, 1)
    assert mailbox.content(b"../precious") == b"keep me\n"


def test_a_fifo_is_not_waited_for(mailbox: Mailbox) -> None:
    os.mkfifo(mailbox.at(b"maildirsize"))
    quota.enter(mailbox.path, 120, 1)


# What counts


def test_a_size_in_the_name_is_believed_as_whoever_counts_anew_believes_it(mailbox: Mailbox) -> None:
    assert quota.octets(b"", mailbox.put(b"cur/1,S=77:2,S")) == 77
    assert quota.octets(b"", mailbox.put(b"cur/1,S=77,W=80")) == 77


@pytest.mark.parametrize("name", [b"1", b"1,W=9", b"1,S=", b"1,S=x", b"1S=5", b"1,S=5x:2,"])
def test_without_one_the_file_s_own_counts(mailbox: Mailbox, name: bytes) -> None:
    assert quota.octets(b"", mailbox.put(b"cur/" + name, b"12345")) == 5


@pytest.mark.parametrize("name", [b"1:2,T", b"1:2,FST", b"1,S=9:2,ST", b"1:2,Tab"])
def test_what_is_flagged_as_trashed_does_not_count(mailbox: Mailbox, name: bytes) -> None:
    assert quota.octets(b"", mailbox.put(b"cur/" + name)) is None


@pytest.mark.parametrize("name", [b"1:2,S", b"1:2,St", b"T1:2,", b"1:1,T", b"1:2,aT"])
def test_other_flags_and_names_do(mailbox: Mailbox, name: bytes) -> None:
    assert quota.octets(b"", mailbox.put(b"cur/" + name, b"12345")) == 5


def test_the_trash_does_not_count(mailbox: Mailbox) -> None:
    assert quota.octets(b".Trash", mailbox.put(b".Trash/cur/1:2,S")) is None


@pytest.mark.parametrize("folder", [b".Trash.Old", b".trash", b".Work.Trash", b".Sent"])
def test_other_folders_do(mailbox: Mailbox, folder: bytes) -> None:
    assert quota.octets(folder, mailbox.put(folder + b"/cur/1:2,S", b"12345")) == 5


def test_there_is_an_account_if_there_is_a_file(mailbox: Mailbox) -> None:
    assert not quota.is_kept(mailbox.path)
    mailbox.put(b"maildirsize")
    assert quota.is_kept(mailbox.path)
