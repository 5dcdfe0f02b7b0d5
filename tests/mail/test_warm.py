"""Mailboxes that the kernel has in its caches are opened on the event loop; others are not.

Opened so, a mailbox is the same as any other way; and whatever is in the way, nothing is left locked or open.
"""

import os
from collections.abc import Callable

import pytest

from mtq.errors import Code, Refusal
from mtq.mail import adopted, index, warm
from mtq.mail.lock import Locks
from mtq.mail.maildrop import Maildrop, Settings, open_at_hand, open_maildrop
from tests.mail.mailbox import HOLDER, LONG_AGO, TEXT, Mailbox, rows


def at_hand(mailbox: Mailbox, settings: Settings | None = None, locks: Locks | None = None) -> Maildrop | None:
    return open_at_hand(mailbox.path, settings or Settings(), locks or Locks(), mailbox.indexes, HOLDER)


def opened_before(mailbox: Mailbox) -> None:
    """A mailbox of which everything is known and at hand."""
    for number in range(1, 4):
        mailbox.put(b"cur/%d:2,S" % number, TEXT * number)
    mailbox.stamp()
    mailbox.login().close()
    assert index.NAME in mailbox.names(b"")


def test_a_mailbox_that_was_opened_before_is_opened_again_at_once(mailbox: Mailbox) -> None:
    opened_before(mailbox)
    maildrop = at_hand(mailbox)
    assert maildrop is not None
    assert maildrop.locked == os.fsdecode(mailbox.path)
    with pytest.raises(Refusal):
        open_maildrop(mailbox.path, Settings(), Locks(), mailbox.indexes, HOLDER)
    listed = rows(maildrop)
    maildrop.close()
    assert listed == mailbox.listed()


def test_so_is_one_that_holds_nothing(mailbox: Mailbox) -> None:
    mailbox.stamp()
    mailbox.login().close()
    maildrop = at_hand(mailbox)
    assert maildrop is not None
    assert maildrop.listing.count == 0
    maildrop.close()


def delivered(mailbox: Mailbox) -> None:
    mailbox.put(b"new/4")


def never_opened(mailbox: Mailbox) -> None:
    os.unlink(mailbox.at(index.NAME))


def damaged(mailbox: Mailbox) -> None:
    mailbox.put(index.NAME, b"rubbish")


def with_kept_ids(mailbox: Mailbox) -> None:
    adopted.write(mailbox.path, {b"1": b"kept"})


def large(mailbox: Mailbox) -> None:
    for number in range(3000):
        mailbox.put(b"cur/%d.a-name-of-some-length,W=3:2," % number, b"\n")
    mailbox.stamp(LONG_AGO + 1)
    mailbox.login().close()


@pytest.mark.parametrize("change", [delivered, never_opened, damaged, with_kept_ids, large])
def test_one_that_takes_longer_is_left_to_a_thread_and_not_locked(
    mailbox: Mailbox, change: Callable[[Mailbox], None]
) -> None:
    opened_before(mailbox)
    change(mailbox)
    locks = Locks()
    assert at_hand(mailbox, locks=locks) is None
    open_maildrop(mailbox.path, Settings(), locks, mailbox.indexes, HOLDER).close()


def test_several_folders_are_left_to_a_thread(mailbox: Mailbox) -> None:
    opened_before(mailbox)
    assert at_hand(mailbox, Settings(all_folders=True)) is None


def test_a_message_whose_fields_have_to_be_looked_at_is_left_to_a_thread(mailbox: Mailbox) -> None:
    opened_before(mailbox)
    assert at_hand(mailbox, Settings(remove_invalid_message_id=True)) is None
    mailbox.login(clean=True).close()
    maildrop = at_hand(mailbox, Settings(remove_invalid_message_id=True))
    assert maildrop is not None
    maildrop.close()


def test_a_locked_mailbox_is_refused_at_once(mailbox: Mailbox) -> None:
    opened_before(mailbox)
    other = mailbox.login(lock=Locks())
    with pytest.raises(Refusal) as refusal:
        at_hand(mailbox)
    assert refusal.value.code is Code.IN_USE
    other.close()


def test_what_nobody_has_asked_the_disk_for_is_cold(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = os.fsencode(tmp_path_factory.mktemp("cold"))
    with pytest.raises(warm.Cold):
        warm.status(folder + b"/never-looked-up")
    assert not os.path.exists(folder + b"/never-looked-up")
    assert warm.status(folder + b"/never-looked-up") is None      # that there is nothing is known now
    found = warm.status(folder)
    assert found is not None
    assert os.path.samestat(found, os.stat(folder))


def test_a_file_that_has_become_shorter_is_cold(mailbox: Mailbox) -> None:
    fd = os.open(mailbox.put(b"file", b"12345"), os.O_RDONLY)
    try:
        assert warm.read(fd, 5) == b"12345"
        with pytest.raises(warm.Cold):
            warm.read(fd, 6)
    finally:
        os.close(fd)
