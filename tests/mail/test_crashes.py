"""A server killed at any moment: nothing goes but what was marked and committed, and the next session is right."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mtq.mail import index
from mtq.mail.index import DRAFT
from mtq.mail.index import NAME as INDEX
from mtq.mail.lock import NAME as LOCK
from mtq.mail.lock import Locks
from mtq.mail.maildir import base
from tests.killing import killed_at_each_call
from tests.mail.mailbox import Mailbox, rows

MESSAGES = {
    b"new/1,S=4": b"one\n",
    b"new/2": b"two\n\n",
    b"cur/3,W=99:2,S": b"three\n",
    b"cur/4:2,": b"four\n",
    b".Work/cur/5:2,S": b"five\n",
}
MARKED = (1, 2, 5)
KEPT = {b"cur/3,W=99:2,S", b"cur/4:2,"}
SIZES = {b"1,S=4": [5], b"2": [7], b"3,W=99": [99, 7], b"4": [6], b"5": [6]}
"""Octets that may be listed: of one message the name says too many until a session has sent it."""

ITS_OWN = {b"new", b"cur", b"tmp", b".Work", b"maildirsize", LOCK, INDEX}


@dataclass(frozen=True)
class Remains:
    """What a killed server left behind, and what the next session was told."""

    stored: dict[bytes, bytes]
    names: set[bytes]
    quota: tuple[int, int]
    listed: dict[bytes, int]
    names_later: set[bytes]


def pattern(folder: Path) -> Mailbox:
    """A mailbox that has been quiet for long."""
    mailbox = Mailbox(os.fsencode(folder))
    for place, content in MESSAGES.items():
        mailbox.put(place, content)
    os.mkdir(mailbox.at(b"tmp"))
    mailbox.put(b"maildirsize", b"1000000S\n%d %d\n" % (sum(map(len, MESSAGES.values())), len(MESSAGES)))
    mailbox.stamp()
    return mailbox


def copies(mailbox: Mailbox, folder: Path) -> Callable[[], Mailbox]:
    """Makes the same mailbox again and again, with its time stamps."""
    path = folder / "fred"

    def copy() -> Mailbox:
        shutil.rmtree(path, ignore_errors=True)
        shutil.copytree(os.fsdecode(mailbox.path), path)
        return Mailbox(os.fsencode(path))

    return copy


def session(mailbox: Mailbox) -> None:
    """One that learns a size, marks messages and quits."""
    maildrop = mailbox.login(all_folders=True, lock=Locks())
    maildrop.counted(3, 7, 0)
    assert maildrop.remove(MARKED) == 0
    maildrop.close()


def remains(mailbox: Mailbox) -> Remains:
    places = [place + b"/" + name for place in (b"new", b"cur", b".Work/cur") for name in mailbox.names(place)]
    stored = {place: mailbox.content(place) for place in places}
    names = set(mailbox.names(b""))
    entries = [line.split() for line in mailbox.content(b"maildirsize").splitlines()[1:]]
    quota = sum(int(octets) for octets, _ in entries), sum(int(messages) for _, messages in entries)
    maildrop = mailbox.login(all_folders=True, lock=Locks())
    listed = dict(rows(maildrop))
    maildrop.counted(1, 1, 0)      # news, so that it is remembered
    maildrop.close()
    return Remains(stored, names, quota, listed, set(mailbox.names(b"")))


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> list[Remains]:
    """What is left of a session by servers that were killed at each moment of it, and last by one that was not."""
    folder = tmp_path_factory.mktemp("killed")
    fresh = copies(pattern(folder / "pattern"), folder)
    return [remains(mailbox) for mailbox in killed_at_each_call(fresh, session)]


def test_only_what_was_marked_goes(killed: list[Remains]) -> None:
    for left in killed:
        assert left.stored.items() <= MESSAGES.items()
        assert left.stored.keys() >= KEPT
    assert killed[-1].stored.keys() == KEPT


def test_servers_were_killed_before_between_and_behind_removals(killed: list[Remains]) -> None:
    assert {len(left.stored) for left in killed} == {5, 4, 3, 2}


def test_the_next_session_is_told_of_what_is_there_and_how_large_it_is(killed: list[Remains]) -> None:
    for left in killed:
        assert left.listed.keys() == {base(os.path.basename(place)) for place in left.stored}
        assert all(size in SIZES[name] for name, size in left.listed.items())


def test_nothing_but_a_draft_is_left_behind_and_the_next_session_puts_it_to_use(killed: list[Remains]) -> None:
    assert all(left.names <= ITS_OWN | {DRAFT} for left in killed)
    assert any(DRAFT in left.names for left in killed)
    assert all(left.names_later == ITS_OWN for left in killed)


def test_the_quota_never_says_less_than_there_is(killed: list[Remains]) -> None:
    """What it says too much is found out when the mailbox is counted anew, which a full one is."""
    for left in killed:
        octets, messages = left.quota
        assert octets >= sum(map(len, left.stored.values()))
        assert messages >= len(left.stored)
    assert killed[-1].quota == (sum(map(len, killed[-1].stored.values())), len(KEPT))


def test_an_index_is_the_old_or_the_new_one_whenever_its_writer_is_killed(tmp_path: Path) -> None:
    original = pattern(tmp_path / "pattern")
    original.listed(all_folders=True)

    def learn(mailbox: Mailbox) -> None:
        maildrop = mailbox.login(all_folders=True)
        maildrop.counted(3, 7, 0)
        maildrop.close()

    def remembered(mailboxes: Iterator[Mailbox]) -> Iterator[list[int]]:
        for mailbox in mailboxes:
            section = index.decode(mailbox.content(INDEX)).section(b"")
            assert section is not None
            yield list(section.sizes)

    old, new = [5, 7, 99, 6], [5, 7, 7, 6]
    seen = list(remembered(killed_at_each_call(copies(original, tmp_path), learn)))
    assert seen == [old] * seen.count(old) + [new] * seen.count(new)
    assert seen[0] == old
    assert seen[-1] == new
