"""A message as a service sends it that removes invalid Message-ID fields, however it is read."""

import os
import tempfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtq.mail import head
from mtq.mail.cleaned import CleanedFile
from mtq.mail.head import LIMIT
from mtq.mail.message import MessageFile
from tests.mail.cleaning import HEADERS, cleaned, messages
from tests.mail.mailbox import Mailbox
from tests.mail.wire import CONTENTS, sent

BAD = b"Message-ID: none\n"


def whole(file: MessageFile, cached: bool = False) -> bytes:
    pieces = []
    while True:
        piece = file.cached() if cached else None
        pieces.append(file.read() if piece is None else piece)
        if file.at_end:
            break
    file.close()
    return b"".join(pieces)


@pytest.mark.parametrize("cached", [True, False])
@pytest.mark.parametrize("message", HEADERS.values(), ids=HEADERS)
def test_invalid_message_ids_are_left_out(mailbox: Mailbox, message: bytes, cached: bool) -> None:
    file = CleanedFile(mailbox.put(b"new/1", message))
    assert whole(file, cached) == cleaned(message)
    assert file.left_out == len(sent(message)) - len(sent(cleaned(message)))


def test_the_file_is_untouched(mailbox: Mailbox) -> None:
    path = mailbox.put(b"new/1", BAD + b"\nbody\n")
    before = os.stat(path)
    whole(CleanedFile(path))
    assert (mailbox.content(b"new/1"), os.stat(path).st_mtime_ns) == (BAD + b"\nbody\n", before.st_mtime_ns)


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_anything_else_is_read_as_it_lies_there(mailbox: Mailbox, content: bytes) -> None:
    file = CleanedFile(mailbox.put(b"new/1", content))
    assert whole(file) == content
    assert file.left_out == 0


def test_a_large_body_is_passed_on_piece_by_piece(mailbox: Mailbox) -> None:
    body = os.urandom(5 * LIMIT)
    assert whole(CleanedFile(mailbox.put(b"new/1", BAD + b"\n" + body))) == b"\n" + body


def long_header(octets: int) -> bytes:
    """The beginning of a header block, so many octets long."""
    lines = b"X-Long: " + b"x" * 91 + b"\n"
    return (lines * (octets // len(lines) + 1))[: octets - 1] + b"\n"


@pytest.mark.parametrize("after", [0, 1, 500, LIMIT])
def test_a_field_that_ends_within_the_limit_is_left_out(mailbox: Mailbox, after: int) -> None:
    message = long_header(LIMIT - len(BAD) - 1) + BAD + b"X" * after + b": y\n\nbody\n"
    file = CleanedFile(mailbox.put(b"new/1", message))
    assert whole(file) == message.replace(BAD, b"")


@pytest.mark.parametrize("missing", [0, 1, 2, 9, len(BAD)])
def test_a_field_whose_end_the_limit_leaves_open_is_passed(mailbox: Mailbox, missing: int) -> None:
    message = long_header(LIMIT - len(BAD) + missing) + BAD + b" folded\n\nbody\n"
    file = CleanedFile(mailbox.put(b"new/1", message))
    assert whole(file) == message
    assert file.left_out == 0


def test_what_lies_past_the_limit_is_passed(mailbox: Mailbox) -> None:
    message = long_header(LIMIT) + BAD + b"\nbody\n"
    assert whole(CleanedFile(mailbox.put(b"new/1", message))) == message


@given(messages, st.lists(st.integers(0, 120), max_size=5), st.booleans())
def test_it_does_not_matter_how_a_message_is_cut_into_pieces(message: bytes, marks: list[int], cached: bool) -> None:
    with tempfile.NamedTemporaryFile() as stored:
        stored.write(message)
        stored.flush()
        assert whole(InPieces(os.fsencode(stored.name), marks), cached) == cleaned(message)


class InPieces(CleanedFile):
    """A message of which a disk gives only so much at a time."""

    __slots__ = ("_marks",)

    def __init__(self, path: bytes, marks: list[int]) -> None:
        super().__init__(path)
        self._marks = sorted(marks)

    def _advance(self, piece: bytes) -> bytes:
        ends = [mark for mark in self._marks if self._offset < mark < self._offset + len(piece)]
        return super()._advance(piece[: ends[0] - self._offset] if ends else piece)


@given(messages, messages)
def test_what_comes_behind_enough_changes_nothing(message: bytes, more: bytes) -> None:
    if head.is_enough(message):
        parts = head.left_out(message)
        assert head.left_out(message + more) == parts


@given(messages)
def test_the_octets_left_out_are_those_of_the_parts(message: bytes) -> None:
    parts = head.left_out(message)
    assert head.without(message, parts) == cleaned(message)
    assert head.wire_octets(message, parts) == len(sent(message)) - len(sent(cleaned(message)))


def test_a_header_block_that_is_not_at_hand_is_waited_for(mailbox: Mailbox) -> None:
    message = long_header(LIMIT // 2) + BAD + b"\nbody\n"
    path = mailbox.put(b"new/1", message)
    fd = os.open(path, os.O_RDWR)
    os.fsync(fd)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)      # the disk has to be waited for, if there is one
    os.close(fd)
    assert whole(CleanedFile(path), cached=True) == message.replace(BAD, b"")
