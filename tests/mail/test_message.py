"""A message file, read from front to back."""

import os

import pytest

from mtq.mail.message import PIECE, MessageFile
from tests.mail.mailbox import Mailbox
from tests.mail.wire import CONTENTS

SIZES = [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 2 * PIECE + 7]


def whole(file: MessageFile, cached: bool) -> list[bytes]:
    pieces = []
    while not file.at_end:
        piece = file.cached() if cached else None
        pieces.append(file.read() if piece is None else piece)
    file.close()
    return pieces


@pytest.mark.parametrize("cached", [True, False])
@pytest.mark.parametrize("size", SIZES)
def test_a_message_is_read_whole(mailbox: Mailbox, size: int, cached: bool) -> None:
    content = os.urandom(size)
    assert b"".join(whole(MessageFile(mailbox.put(b"new/1", content)), cached)) == content


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_a_message_is_read_as_it_lies_there(mailbox: Mailbox, content: bytes) -> None:
    assert b"".join(whole(MessageFile(mailbox.put(b"new/1", content)), cached=True)) == content


def test_no_piece_is_larger_than_a_piece(mailbox: Mailbox) -> None:
    pieces = whole(MessageFile(mailbox.put(b"new/1", bytes(3 * PIECE + 1))), cached=True)
    assert max(map(len, pieces)) <= PIECE


def test_an_empty_message_is_at_its_end_at_once(mailbox: Mailbox) -> None:
    file = MessageFile(mailbox.put(b"new/1", b""))
    assert file.at_end
    file.close()


@pytest.mark.parametrize("cached", [True, False])
def test_an_empty_message_may_be_read_and_gives_nothing(mailbox: Mailbox, cached: bool) -> None:
    file = MessageFile(mailbox.put(b"new/1", b""))
    assert (file.cached() if cached else file.read()) == b""
    file.close()


@pytest.mark.parametrize("cached", [True, False])
def test_reading_stops_at_the_size_it_had_when_it_was_opened(mailbox: Mailbox, cached: bool) -> None:
    path = mailbox.put(b"new/1", b"before")
    file = MessageFile(path)
    with open(path, "ab") as more:
        more.write(b"after")
    assert b"".join(whole(file, cached)) == b"before"


def test_a_message_cut_short_meanwhile_ends_where_it_ends_now(mailbox: Mailbox) -> None:
    path = mailbox.put(b"new/1", bytes(3 * PIECE))
    file = MessageFile(path)
    file.read()
    os.truncate(path, PIECE + 5)
    assert list(map(len, whole(file, cached=False))) == [5, 0]


def test_a_message_removed_meanwhile_is_read_to_its_end(mailbox: Mailbox) -> None:
    path = mailbox.put(b"new/1", b"still here")
    file = MessageFile(path)
    os.unlink(path)
    assert whole(file, cached=False) == [b"still here"]


def test_no_link_is_followed(mailbox: Mailbox) -> None:
    os.symlink(mailbox.put(b"new/1"), mailbox.at(b"new/2"))
    with pytest.raises(OSError, match="symbolic link"):
        MessageFile(mailbox.at(b"new/2"))


def test_a_fifo_is_not_waited_for(mailbox: Mailbox) -> None:
    os.mkfifo(mailbox.at(b"new/1"))
    with pytest.raises(OSError, match="seek"):
        MessageFile(mailbox.at(b"new/1"))


def test_closing_gives_the_descriptor_back(mailbox: Mailbox) -> None:
    path = mailbox.put(b"new/1")
    lowest = os.dup(0)
    os.close(lowest)
    MessageFile(path).close()
    assert os.dup(0) == lowest
    os.close(lowest)
