"""The journal of imports: what is in it stays known, whatever happens to its end."""

import os
from contextlib import closing

import pytest

from mtq.errors import MtqError
from mtq.mail import journal
from mtq.mail.journal import Journal
from tests.mail import outsider
from tests.mail.mailbox import Mailbox

ONE, TWO = b"1" * 32, b"2" * 32


def test_what_is_written_is_known_to_the_next(mailbox: Mailbox) -> None:
    with closing(Journal(mailbox.path)) as first:
        assert ONE not in first
        first.add(ONE)
        assert ONE in first
        first.write()
    with closing(Journal(mailbox.path)) as second:
        assert ONE in second
        assert TWO not in second
    assert ONE in journal.read(mailbox.path)


def test_what_was_not_written_is_not_known(mailbox: Mailbox) -> None:
    with closing(Journal(mailbox.path)) as first:
        first.add(ONE)
    assert ONE not in journal.read(mailbox.path)


def test_a_mailbox_without_one_knows_nothing(mailbox: Mailbox) -> None:
    assert journal.read(mailbox.path) == set()
    assert mailbox.names(b"") == [b"cur", b"new", b"tmp"]


@pytest.mark.parametrize("left", [b"\n", b"", b"2222", b"\0" * 100])
def test_a_line_that_was_cut_off_spoils_no_other(mailbox: Mailbox, left: bytes) -> None:
    mailbox.put(journal.NAME, ONE + b"\n" + left)
    with closing(Journal(mailbox.path)) as again:
        assert ONE in again
        again.add(TWO)
        again.write()
    assert {ONE, TWO} <= journal.read(mailbox.path)


def test_a_second_import_meanwhile_is_refused(mailbox: Mailbox) -> None:
    with closing(Journal(mailbox.path)), pytest.raises(MtqError, match="another import into this mailbox is under"):
        Journal(mailbox.path)
    Journal(mailbox.path).close()


def test_it_takes_after_the_mailbox(mailbox: Mailbox) -> None:
    os.chown(mailbox.path, outsider.SOMEBODY, -1)
    os.chmod(mailbox.path, 0o2750)
    Journal(mailbox.path).close()
    status = os.stat(mailbox.at(journal.NAME))
    assert (status.st_uid, status.st_mode & 0o777) == (outsider.SOMEBODY, 0o640)


def test_a_link_in_its_place_is_not_followed(mailbox: Mailbox) -> None:
    mailbox.put(b"../precious", b"keep me\n")
    os.symlink(mailbox.at(b"../precious"), mailbox.at(journal.NAME))
    with pytest.raises(OSError, match="symbolic links"):
        Journal(mailbox.path)
    assert mailbox.content(b"../precious") == b"keep me\n"
