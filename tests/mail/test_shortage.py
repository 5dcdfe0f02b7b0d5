"""A process that has run out of descriptors: no answer is wrong, and what is missing is missing for now."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from mtq.errors import Code, Refusal
from mtq.mail import adopted
from mtq.mail.lock import NAME as LOCK
from mtq.mail.lock import Locks
from tests.mail.mailbox import TEXT, TEXT_OCTETS, Mailbox, rows, text

ENOUGH = 2
"""Descriptors that one session needs at most."""


@contextmanager
def descriptors(spare: int) -> Iterator[None]:
    """Let this process open so many more files, and no others."""
    used = {int(name) for name in os.listdir("/proc/self/fd")}
    free = [number for number in range(len(used) + spare + 2) if not os.path.exists(f"/proc/self/fd/{number}")]
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free[spare], before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.fixture
def filled(mailbox: Mailbox) -> Mailbox:
    """Two messages, one of which has the unique-id that another server gave it."""
    mailbox.put(b"new/1")
    mailbox.put(b"cur/2:2,")
    adopted.write(mailbox.path, {b"1": b"0001"})
    return mailbox


@pytest.mark.parametrize("spare", range(ENOUGH + 1))
@pytest.mark.parametrize("known", [False, True], ids=["new", "indexed"])
def test_a_login_is_right_or_to_be_tried_again(filled: Mailbox, spare: int, known: bool) -> None:
    if known:
        filled.stamp()
        filled.listed()
    locks = Locks()
    if spare < ENOUGH:
        with descriptors(spare), pytest.raises(Refusal) as refusal:
            filled.login(lock=locks)
        assert (refusal.value.code, refusal.value.cause[-19:]) == (Code.SYS_TEMP, "too many open files")
    else:
        with descriptors(spare):
            filled.login(lock=locks).close()
    maildrop = filled.login(lock=locks)
    assert rows(maildrop) == [(b"0001", TEXT_OCTETS), (b"2", TEXT_OCTETS)]
    maildrop.close()


def test_a_mailbox_is_not_opened_without_its_lock_file(filled: Mailbox) -> None:
    with descriptors(0), pytest.raises(Refusal):
        filled.login(lock=Locks())
    assert LOCK not in filled.names(b"")


def test_a_message_that_cannot_be_opened_now_can_be_later(filled: Mailbox) -> None:
    maildrop = filled.login()
    with descriptors(0):
        with pytest.raises(Refusal) as refusal:
            maildrop.message(1)
        with pytest.raises(Refusal) as searched:
            maildrop.search(1)
    assert refusal.value.code is searched.value.code is Code.SYS_TEMP
    assert text(maildrop, 1) == TEXT
    maildrop.close()
