"""A maildrop without invalid Message-ID fields: every size is that of what is sent, beside services that send all."""

import os
import tempfile
from array import array

import pytest
from hypothesis import given

from mtq.mail import index
from mtq.mail.head import LIMIT
from mtq.mail.section import UNKNOWN
from tests.mail import outsider
from tests.mail.cleaning import HEADERS, cleaned, messages
from tests.mail.mailbox import Mailbox, rows, text
from tests.mail.wire import sent

BAD = b"Subject: hi\nMessage-ID: none\n\nbody\n"
WHOLE = len(sent(BAD))
CLEAN = len(sent(cleaned(BAD)))


def filled(mailbox: Mailbox) -> None:
    """A mailbox with one bad message whose size is in its name, one without, and a good one; quiet for long."""
    mailbox.put(b"new/1,W=%d" % WHOLE, BAD)
    mailbox.put(b"cur/2:2,S", BAD)
    mailbox.put(b"cur/3:2,S", b"Message-ID: <a@b>\n\n")
    mailbox.stamp()


NAMES = [b"1,W=%d" % WHOLE, b"2", b"3"]
WHOLE_ROWS = list(zip(NAMES, [WHOLE, WHOLE, 21], strict=True))
CLEAN_ROWS = list(zip(NAMES, [CLEAN, CLEAN, 21], strict=True))


def column(mailbox: Mailbox) -> "array[int]":
    """What the index remembers of how much is left out."""
    section = index.read(mailbox.path).section(b"")
    assert section is not None
    return section.left_out


@pytest.mark.parametrize("message", HEADERS.values(), ids=HEADERS)
def test_the_size_is_that_of_what_is_sent(mailbox: Mailbox, message: bytes) -> None:
    mailbox.put(b"new/1", message)
    maildrop = mailbox.login(clean=True)
    assert text(maildrop, 1) == cleaned(message)
    assert rows(maildrop) == [(b"1", len(sent(cleaned(message))))]
    assert maildrop.listing.octets == len(sent(cleaned(message)))


@given(messages)
def test_the_size_of_any_message_is_that_of_what_is_sent(message: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        mailbox = Mailbox(os.fsencode(folder))
        mailbox.put(b"new/1", message)
        maildrop = mailbox.login(clean=True)
        assert maildrop.listing.octets == len(sent(text(maildrop, 1)))


@pytest.mark.parametrize("past", [-1, 0, 1])
def test_so_it_is_at_the_limit_of_what_is_looked_at(mailbox: Mailbox, past: int) -> None:
    mailbox.put(b"new/1", b"X: " + b"x" * (LIMIT - 4 - len(b"Message-ID: none\n") + past) + b"\nMessage-ID: none\n\n")
    maildrop = mailbox.login(clean=True)
    assert maildrop.listing.octets == len(sent(text(maildrop, 1)))


def test_the_size_in_a_name_is_that_of_the_whole(mailbox: Mailbox) -> None:
    filled(mailbox)
    assert mailbox.listed(clean=True) == CLEAN_ROWS


def test_the_files_are_untouched(mailbox: Mailbox) -> None:
    filled(mailbox)
    maildrop = mailbox.login(clean=True)
    for number in (1, 2):
        text(maildrop, number)
    maildrop.close()
    assert mailbox.content(b"new/1,W=%d" % WHOLE) == mailbox.content(b"cur/2:2,S") == BAD


def test_services_that_differ_share_an_index_and_each_is_right(mailbox: Mailbox) -> None:
    filled(mailbox)
    for _ in range(2):
        assert mailbox.listed(clean=False) == WHOLE_ROWS
        assert mailbox.listed(clean=True) == CLEAN_ROWS


def test_they_are_right_in_the_other_order_too(mailbox: Mailbox) -> None:
    filled(mailbox)
    assert mailbox.listed(clean=True) == CLEAN_ROWS
    assert mailbox.listed(clean=False) == WHOLE_ROWS


def test_a_service_that_sends_all_looks_at_no_header_block(mailbox: Mailbox) -> None:
    filled(mailbox)
    mailbox.listed(clean=False)
    assert list(column(mailbox)) == [UNKNOWN] * 3


def test_each_header_block_is_looked_at_once(mailbox: Mailbox) -> None:
    filled(mailbox)
    mailbox.listed(clean=True)
    assert list(column(mailbox)) == [WHOLE - CLEAN, WHOLE - CLEAN, 0]
    mailbox.put(b"cur/2:2,S", b"nobody reads this again\n")
    mailbox.stamp()
    assert mailbox.listed(clean=True) == CLEAN_ROWS


def test_a_quiet_mailbox_is_looked_at_when_the_first_service_wants_it_and_remembered(mailbox: Mailbox) -> None:
    filled(mailbox)
    mailbox.listed(clean=False)
    maildrop = mailbox.login(clean=True)
    assert maildrop.unwritten
    maildrop.close()
    assert not mailbox.login(clean=True).unwritten


def test_only_the_new_message_is_looked_at(mailbox: Mailbox) -> None:
    filled(mailbox)
    mailbox.listed(clean=True)
    mailbox.put(b"cur/2:2,S", b"nobody reads this again\n")
    mailbox.put(b"new/4", BAD)
    assert mailbox.listed(clean=True) == [*CLEAN_ROWS, (b"4", CLEAN)]


def test_a_message_sent_in_the_octets_that_were_listed_is_no_news(mailbox: Mailbox) -> None:
    filled(mailbox)
    mailbox.listed(clean=True)
    maildrop = mailbox.login(clean=True)
    maildrop.counted(1, CLEAN, WHOLE - CLEAN)
    assert (maildrop.wrong_sizes, maildrop.unwritten) == ([], False)


@pytest.mark.parametrize("clean", [True, False])
def test_a_wrong_size_in_a_name_is_put_right_for_both(mailbox: Mailbox, clean: bool) -> None:
    mailbox.put(b"new/1,W=999", BAD)
    mailbox.stamp()
    assert mailbox.listed(clean=True) == [(b"1,W=999", 999 - WHOLE + CLEAN)]
    maildrop = mailbox.login(clean=clean)
    path, believed = os.fsdecode(mailbox.at(b"new/1,W=999")), maildrop.listing.size(1)
    octets = CLEAN if clean else WHOLE
    maildrop.counted(1, octets, WHOLE - octets)
    assert maildrop.wrong_sizes == [(path, believed, octets)]
    maildrop.close()
    assert mailbox.listed(clean=True) == [(b"1,W=999", CLEAN)]
    assert mailbox.listed(clean=False) == [(b"1,W=999", WHOLE)]


def test_a_name_that_tells_less_than_is_left_out_gives_no_size_below_nothing(mailbox: Mailbox) -> None:
    mailbox.put(b"new/1,W=3", BAD)
    assert mailbox.listed(clean=True) == [(b"1,W=3", 0)]


@pytest.mark.parametrize("name", [b"new/1", b"new/1,W=99"])
def test_what_cannot_be_read_is_listed_as_it_is_and_looked_at_later(name: bytes) -> None:
    with outsider.public_folder() as path:
        mailbox = Mailbox(path)
        os.chmod(mailbox.put(name, BAD), 0o000)
        mailbox.stamp()
        with outsider.unprivileged():
            assert mailbox.listed(clean=True)[0][1] == (99 if b"W=" in name else len(BAD))
        os.chmod(mailbox.at(name), 0o644)
        expected = 99 - WHOLE + CLEAN if b"W=" in name else CLEAN
        assert mailbox.listed(clean=True)[0][1] == expected


def test_a_message_moved_while_it_is_looked_for_is_found(mailbox: Mailbox) -> None:
    filled(mailbox)
    mailbox.listed(clean=False)
    mailbox.move(b"new/1,W=%d" % WHOLE, b"cur/1,W=%d:2,S" % WHOLE)
    mailbox.stamp()     # nobody can see this without looking
    assert mailbox.listed(clean=True) == CLEAN_ROWS
