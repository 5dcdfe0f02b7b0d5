"""Indexes that were read lately are kept: when they count, when not, and how much of them there is."""

import os
from array import array
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from mtq.mail import index, indexes
from mtq.mail.indexes import Indexes
from mtq.mail.lock import Locks
from mtq.mail.maildrop import Settings, open_at_hand
from mtq.mail.section import Places, Section, Stamps
from mtq.mail.warm import Cold
from mtq.protocol.names import Names
from tests.mail.mailbox import HOLDER, LONG_AGO, TEXT, Mailbox

Read = Callable[[Indexes, bytes], index.Index]

BOTH_WAYS = pytest.mark.parametrize("read", [Indexes.read, Indexes.at_hand], ids=["in a thread", "on the loop"])


@pytest.fixture
def opened(mailbox: Mailbox) -> Mailbox:
    """A mailbox of three messages that has an index."""
    for number in range(1, 4):
        mailbox.put(b"cur/%d:2,S" % number, TEXT * number)
    mailbox.stamp()
    mailbox.login().close()
    return mailbox


@BOTH_WAYS
def test_an_index_that_has_not_changed_is_read_once(opened: Mailbox, read: Read) -> None:
    kept = Indexes()
    assert read(kept, opened.path) is kept.read(opened.path)
    assert kept.at_hand(opened.path) is kept.read(opened.path)


@BOTH_WAYS
def test_another_one_in_its_place_is_read(opened: Mailbox, read: Read) -> None:
    kept = Indexes()
    read(kept, opened.path)
    opened.put(b"cur/4", TEXT)
    opened.stamp(LONG_AGO + 1)
    opened.login().close()
    section = read(kept, opened.path).section(b"")
    assert section is not None
    assert list(section.names) == [b"1", b"2", b"3", b"4"]


@BOTH_WAYS
def test_so_is_one_that_somebody_has_written_over(opened: Mailbox, read: Read) -> None:
    kept = Indexes()
    read(kept, opened.path)
    opened.put(index.NAME, b"\0" * len(opened.content(index.NAME)))
    assert read(kept, opened.path).folders == set()


@BOTH_WAYS
def test_one_that_is_removed_counts_no_more(opened: Mailbox, read: Read) -> None:
    kept = Indexes()
    read(kept, opened.path)
    os.unlink(opened.at(index.NAME))
    assert read(kept, opened.path).folders == set()


@BOTH_WAYS
def test_one_that_is_a_link_is_none(opened: Mailbox, read: Read) -> None:
    os.rename(opened.at(index.NAME), opened.at(b"elsewhere"))
    os.symlink(b"elsewhere", opened.at(index.NAME))
    assert read(Indexes(), opened.path).folders == set()


def test_what_a_session_does_to_its_mailbox_is_not_done_to_what_is_kept(opened: Mailbox) -> None:
    kept = opened.indexes
    before = kept.read(opened.path).section(b"")
    maildrop = opened.login()
    maildrop.counted(1, 999, 0)
    assert maildrop.remove([2]) == 0
    assert kept.read(opened.path).section(b"") == before
    maildrop.close()


def test_a_large_one_is_at_hand_once_it_is_kept(mailbox: Mailbox) -> None:
    for number in range(2000):
        mailbox.put(b"cur/%d.a-name-of-some-length,W=3:2," % number, b"\n")
    mailbox.stamp()
    mailbox.login().close()
    kept = Indexes()
    with pytest.raises(Cold):
        kept.at_hand(mailbox.path)
    kept.read(mailbox.path)
    maildrop = open_at_hand(mailbox.path, Settings(), Locks(), kept, HOLDER)
    assert maildrop is not None
    assert maildrop.listing.count == 2000
    maildrop.close()


def test_a_very_large_one_is_left_to_a_thread_even_so(mailbox: Mailbox) -> None:
    names = Names.of([b"%d.a-name-of-some-length" % number for number in range(30_000)])
    sizes, left_out = array("q", [1]) * len(names), array("i", [0]) * len(names)
    places = Places.of([b"new/"] * len(names))
    index.remember(mailbox.path, {b"": Section(Stamps(1, 1, True), names, names, places, sizes, left_out)})
    assert os.stat(index.path(mailbox.path)).st_size > indexes.NEAR
    kept = Indexes()
    kept.read(mailbox.path)
    with pytest.raises(Cold):
        kept.at_hand(mailbox.path)


def test_those_used_the_longest_ago_make_room_for_others(tmp_path_factory: pytest.TempPathFactory) -> None:
    mailboxes = []
    for number in range(3):
        mailbox = Mailbox(os.fsencode(tmp_path_factory.mktemp("mailbox")))
        mailbox.put(b"cur/1", TEXT)
        mailbox.put(b"new/%d" % number, TEXT)
        mailbox.stamp()
        mailbox.login().close()
        mailboxes.append(mailbox)
    first, second, third = (mailbox.path for mailbox in mailboxes)
    size = os.stat(index.path(first)).st_size + indexes.ENTRY
    kept = Indexes(room=2 * size)
    found = [kept.read(first), kept.read(second)]
    assert kept.read(first) is found[0]
    kept.read(third)
    assert kept.read(first) is found[0]
    assert kept.read(second) is not found[1]


def test_one_for_which_there_is_no_room_is_not_kept(opened: Mailbox) -> None:
    kept = Indexes(room=100)
    assert kept.read(opened.path) is not kept.read(opened.path)
    assert kept.read(opened.path).folders == {b""}


def test_threads_may_read_at_once(opened: Mailbox) -> None:
    kept = Indexes(room=os.stat(index.path(opened.path)).st_size + indexes.ENTRY)
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: kept.read(opened.path).section(b""), range(400)))
    assert all(section == found[0] for section in found)
