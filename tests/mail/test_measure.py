"""How large messages are: what goes over the wire, whole and without what is left out."""

import os
import tempfile

import pytest
from hypothesis import given

from mtq.mail import measure
from mtq.mail.head import LIMIT
from mtq.mail.measure import FIRST, Measure
from tests.mail.cleaning import HEADERS, cleaned, messages
from tests.mail.mailbox import Mailbox
from tests.mail.wire import CONTENTS, contents, sent

BAD = b"Message-ID: none\n"


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_the_size_is_what_goes_over_the_wire(mailbox: Mailbox, content: bytes) -> None:
    assert measure.whole(mailbox.put(b"new/1", content), look=False) == Measure(len(sent(content)), None)


@given(contents)
def test_the_size_of_any_file_is_what_goes_over_the_wire(content: bytes) -> None:
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        assert measure.whole(os.fsencode(file.name), look=False).octets == len(sent(content))


@pytest.mark.parametrize("message", HEADERS.values(), ids=HEADERS)
def test_what_is_left_out_is_what_the_client_does_not_get(mailbox: Mailbox, message: bytes) -> None:
    path = mailbox.put(b"new/1", message)
    left_out = len(sent(message)) - len(sent(cleaned(message)))
    assert measure.whole(path, look=True) == Measure(len(sent(message)), left_out)
    assert measure.left_out(path) == left_out


@given(messages)
def test_what_is_left_out_of_any_message_is_what_the_client_does_not_get(message: bytes) -> None:
    with tempfile.NamedTemporaryFile() as file:
        file.write(message)
        file.flush()
        assert measure.left_out(os.fsencode(file.name)) == len(sent(message)) - len(sent(cleaned(message)))


@pytest.mark.parametrize("before", [FIRST - len(BAD), FIRST - 5, FIRST, LIMIT - len(BAD) - 2])
def test_a_header_block_may_lie_across_what_is_read_at_a_time(mailbox: Mailbox, before: int) -> None:
    path = mailbox.put(b"new/1", b"X: " + b"x" * (before - 4) + b"\n" + BAD + b"\nbody\n")
    assert measure.left_out(path) == len(BAD) + 1
    assert measure.whole(path, look=True).left_out == len(BAD) + 1


def test_of_a_message_only_the_header_block_is_read_for_what_is_left_out(mailbox: Mailbox) -> None:
    path = mailbox.put(b"new/1", BAD + b"\n" + BAD)
    assert measure.left_out(path) == len(BAD) + 1


@pytest.mark.parametrize("look", [True, False])
def test_what_is_not_there_cannot_be_measured(mailbox: Mailbox, look: bool) -> None:
    with pytest.raises(FileNotFoundError):
        measure.whole(mailbox.at(b"new/1"), look)
