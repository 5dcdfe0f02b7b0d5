"""Messages that other programs move, flag and remove in the middle of a session."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from mtq.errors import Code, Refusal
from mtq.mail import maildir
from mtq.mail.maildrop import Maildrop
from tests.mail import outsider
from tests.mail.mailbox import Mailbox, ids, text

MOVER = """
import os, sys
mailbox, flags = os.fsencode(sys.argv[1]), 0
print("moving", flush=True)
while True:
    flags += 1
    for place in (b"new", b"cur"):
        for name in os.listdir(os.path.join(mailbox, place)):
            moved = name.partition(b":")[0] + (b":2,S" if flags % 2 else b":2,FS")
            try:
                os.rename(os.path.join(mailbox, place, name), os.path.join(mailbox, b"cur", moved))
            except FileNotFoundError:
                pass
"""


@contextmanager
def kept_moving(mailbox: Mailbox) -> Iterator[None]:
    """Another program moves and flags every message, without end and as fast as it can."""
    with outsider.python(MOVER, mailbox.path) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield
        assert process.poll() is None
        process.kill()


def there(mailbox: Mailbox) -> set[bytes]:
    """The base names of the messages that are there."""
    return {maildir.base(name) for place in (b"new", b"cur") for name in mailbox.names(place)}


def refused(maildrop: Maildrop, number: int) -> Refusal:
    with pytest.raises(Refusal) as refusal:
        maildrop.search(number)
    return refusal.value


def test_of_messages_that_never_rest_only_the_named_are_removed_and_the_truth_is_told(mailbox: Mailbox) -> None:
    for number in range(200):
        mailbox.put(b"new/%03d" % number)
    maildrop = mailbox.login()
    named = {b"%03d" % number for number in range(0, 200, 2)}
    with kept_moving(mailbox):
        stayed = maildrop.remove(range(1, 201, 2))
    left = there(mailbox)
    assert left >= {b"%03d" % number for number in range(1, 200, 2)}
    assert len(left & named) == stayed


def test_messages_that_never_rest_are_listed_and_read(mailbox: Mailbox) -> None:
    for number in range(50):
        mailbox.put(b"new/%02d" % number, b"%02d\n" % number)
    with kept_moving(mailbox):
        maildrop = mailbox.login()
        for number, unique_id in enumerate(ids(maildrop), 1):
            assert text(maildrop, number) == unique_id + b"\n"
    assert maildrop.listing.octets == 4 * maildrop.listing.count


def test_when_all_have_moved_the_folder_is_looked_through_once(mailbox: Mailbox) -> None:
    for number in range(1, 4):
        mailbox.put(b"new/%d" % number)
    maildrop = mailbox.login()
    for number in range(1, 4):
        mailbox.move(b"new/%d" % number, b"cur/%d:2,S" % number)
    maildrop.search(1).close()
    for number in range(1, 4):
        file = maildrop.message(number)
        assert file is not None
        file.close()


def test_what_has_gone_from_a_quiet_mailbox_is_looked_for_once(mailbox: Mailbox) -> None:
    mailbox.put(b"cur/1:2,S")
    maildrop = mailbox.login()
    os.unlink(mailbox.at(b"cur/1:2,S"))
    mailbox.stamp()
    assert refused(maildrop, 1).code is Code.NONE
    mailbox.put(b"cur/1:2,F")
    mailbox.stamp()     # nobody can see this without looking
    assert refused(maildrop, 1).code is Code.NONE


def test_what_comes_back_is_found(mailbox: Mailbox) -> None:
    mailbox.put(b"cur/1:2,S", b"one\n")
    maildrop = mailbox.login()
    mailbox.move(b"cur/1:2,S", b"tmp/1")
    assert refused(maildrop, 1).code is Code.NONE
    mailbox.move(b"tmp/1", b"cur/1:2,FS")
    assert text(maildrop, 1) == b"one\n"


def test_what_was_removed_by_another_is_removed_and_not_counted_as_there(mailbox: Mailbox) -> None:
    for number in range(1, 6):
        mailbox.put(b"new/%d" % number)
    maildrop = mailbox.login()
    os.unlink(mailbox.at(b"new/1"))
    mailbox.move(b"new/2", b"cur/2:2,S")
    assert maildrop.remove((1, 2, 3)) == 0
    assert there(mailbox) == {b"4", b"5"}


def test_a_message_whose_folder_has_gone_is_gone(mailbox: Mailbox) -> None:
    mailbox.put(b".Work/cur/1:2,S")
    maildrop = mailbox.login(all_folders=True)
    shutil.rmtree(mailbox.at(b".Work"))
    assert refused(maildrop, 1).code is Code.NONE
    assert maildrop.remove((1,)) == 0


def test_a_message_that_went_while_sizes_were_found_out_is_not_listed(mailbox: Mailbox) -> None:
    mailbox.put(b"new/1")
    mailbox.put(b"new/2", b"two\n")
    mailbox.stamp()
    mailbox.listed()
    os.unlink(mailbox.at(b"new/1"))
    mailbox.stamp()     # it is still in the index, and what is left out of it is not known
    assert mailbox.listed(clean=True) == [(b"2", 5)]
