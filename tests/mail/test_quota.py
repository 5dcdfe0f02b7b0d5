"""The Maildir++ quota file: entered into where it is, never made."""

import os

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
