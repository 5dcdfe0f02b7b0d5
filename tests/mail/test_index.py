"""The index of sizes: a cache that saves work and never changes an answer."""

import fcntl
import os
import shutil
import struct
import tempfile
import zlib
from array import array
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtq.mail import index
from mtq.mail.index import DRAFT, NAME, Index, decode, decode_section, encode_section
from mtq.mail.scan import QUIET
from mtq.mail.section import UNKNOWN, Places, Section, Stamps
from mtq.protocol.names import Names
from tests.mail import outsider
from tests.mail.mailbox import LONG_AGO, TEXT, TEXT_OCTETS, Mailbox

names = st.binary(min_size=1, max_size=20).map(lambda name: name.replace(b"\0", b"_").replace(b"/", b"_"))
places = st.sampled_from([b"new/", b"cur/", b"cur/:2,", b"cur/:2,FS"])
sizes = st.integers(0, 2**63 - 1)
left_out = st.integers(UNKNOWN, 2**31 - 1)
stamps = st.builds(Stamps, sizes, sizes, st.booleans())


def section(when: Stamps, *messages: tuple[bytes, bytes, int, int], ids: list[bytes] | None = None) -> Section:
    """A section of messages: name, place, size, and how much of it is left out."""
    held = Names.of([message[0] for message in messages])
    return Section(
        when,
        held,
        held if ids is None else Names.of(ids),
        Places.of([message[1] for message in messages]),
        array("q", [message[2] for message in messages]),
        array("i", [message[3] for message in messages]),
    )


@st.composite
def sections(draw: st.DrawFn) -> Section:
    messages = draw(st.lists(st.tuples(names, places, sizes, left_out), max_size=5))
    hashed = draw(st.booleans())
    return section(draw(stamps), *messages, ids=[b"x" + message[0] for message in messages] if hashed else None)


INBOX = section(Stamps(1, 2, True), (b"1", b"new/", 10, UNKNOWN), (b"\xff", b"cur/:2,S", 20, 7), ids=[b"1", b"abc"])
WORK = section(Stamps(3, 4, False))


def small() -> Index:
    index = Index()
    index.put(b"", INBOX)
    index.put(b".Work", WORK)
    return index


SMALL = small().encode()
_HEAD = 16
"""Octets before the sections."""


def forged(body: bytes) -> bytes:
    """An index file with a right checksum, whatever is in it."""
    return SMALL[: _HEAD - 4] + struct.pack("<I", zlib.crc32(body)) + body


def known(data: bytes) -> dict[bytes, Section]:
    """What is in an index file. Raises ValueError."""
    index = decode(data)
    return {name: found for name in index.folders if (found := index.section(name)) is not None}


def filled(mailbox: Mailbox) -> list[tuple[bytes, int]]:
    """Fill a mailbox that has been quiet for long, and say what a session must be told."""
    mailbox.put(b"new/1", TEXT)
    mailbox.put(b"cur/2:2,S", TEXT * 2)
    mailbox.put(b"cur/3,W=7", b"1\n2\n3\n")
    mailbox.stamp()
    return [(b"1", TEXT_OCTETS), (b"2", TEXT_OCTETS * 2), (b"3,W=7", 7)]


# The file


@given(st.dictionaries(st.binary(max_size=20), sections(), max_size=4))
def test_what_is_written_is_what_is_read(what: dict[bytes, Section]) -> None:
    index = Index()
    for name, part in what.items():
        index.put(name, part)
    assert known(index.encode()) == what


@pytest.mark.parametrize("length", range(len(SMALL)))
def test_a_file_cut_off_anywhere_is_no_index(length: int) -> None:
    with pytest.raises(ValueError, match="damaged"):
        decode(SMALL[:length])


@pytest.mark.parametrize("place", range(len(SMALL)))
def test_a_file_with_one_octet_changed_is_no_index(place: int) -> None:
    data = bytearray(SMALL)
    data[place] ^= 0x40
    with pytest.raises(ValueError, match="damaged"):
        decode(bytes(data))


def test_a_file_of_another_version_is_no_index() -> None:
    with pytest.raises(ValueError, match="version"):
        decode(SMALL.replace(b"mtq index 2", b"mtq index 1"))


def test_a_file_with_something_after_its_end_is_no_index() -> None:
    with pytest.raises(ValueError, match="damaged"):
        decode(SMALL + b"\0")


@given(st.binary(max_size=80) | st.binary(max_size=20).map(lambda more: SMALL[_HEAD:] + more))
def test_nonsense_with_a_right_checksum_is_an_index_or_a_value_error(body: bytes) -> None:
    try:
        found = known(forged(body))
    except ValueError:
        return
    for part in found.values():
        assert len(part.names) == len(part.ids) == len(part.sizes) == len(part.left_out) == len(list(part.places))


@given(st.data())
def test_a_section_with_octets_changed_is_a_section_or_none(data: st.DataObject) -> None:
    whole = encode_section(INBOX)
    start, end = sorted(data.draw(st.tuples(st.integers(0, len(whole)), st.integers(0, len(whole)))))
    changed = whole[:start] + data.draw(st.binary(max_size=30)) + whole[end:]
    try:
        part = decode_section(changed)
    except ValueError:
        return
    assert len(part.names) == len(part.ids) == len(part.sizes) == len(part.left_out) == len(list(part.places))


@pytest.mark.parametrize("length", range(len(SMALL) - _HEAD))
def test_of_a_cut_off_file_with_a_right_checksum_only_whole_folders_are_read(length: int) -> None:
    try:
        found = known(forged(SMALL[_HEAD:][:length]))
    except ValueError:
        return
    assert found.items() <= {b"": INBOX, b".Work": WORK}.items()


@pytest.mark.parametrize(
    "wrong",
    [
        replace(INBOX, names=Names.of([b"1"])),
        replace(INBOX, ids=Names.of([b"1"])),
        replace(INBOX, sizes=array("q", [10])),
        replace(INBOX, sizes=array("q", [10, -1])),
        replace(INBOX, left_out=array("i", [0, UNKNOWN - 1])),
        replace(INBOX, places=Places(array("I", [0, 9]), [b"new/"])),
    ],
)
def test_a_section_whose_columns_cannot_be_right_is_none(wrong: Section) -> None:
    with pytest.raises(ValueError, match="damaged"):
        decode_section(encode_section(wrong))


def test_a_damaged_section_of_a_sound_file_is_not_known() -> None:
    index = small()
    index.put(b".Work", replace(INBOX, sizes=array("q", [10, -1])))
    assert known(index.encode()) == {b"": INBOX}


def test_no_file_is_an_empty_index(mailbox: Mailbox) -> None:
    assert index.read(mailbox.path).folders == set()


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
def test_what_is_no_file_is_an_empty_index(mailbox: Mailbox, make: Callable[[bytes], None]) -> None:
    make(mailbox.at(NAME))
    assert index.read(mailbox.path).folders == set()


def test_a_file_of_absurd_size_is_not_read(mailbox: Mailbox) -> None:
    with open(mailbox.put(NAME, SMALL), "r+b") as file:
        file.truncate(1 << 34)
    assert index.read(mailbox.path).folders == set()


def test_what_was_learnt_is_written_beside_the_mail(mailbox: Mailbox) -> None:
    index.remember(mailbox.path, {b"": INBOX})
    assert mailbox.names(b"") == [b"cur", NAME, b"new", b"tmp"]
    assert known(mailbox.content(NAME)) == {b"": INBOX}


def test_what_is_known_of_other_folders_stays(mailbox: Mailbox) -> None:
    os.mkdir(mailbox.at(b".Work"))
    index.remember(mailbox.path, {b".Work": WORK})
    index.remember(mailbox.path, {b"": INBOX})
    assert known(mailbox.content(NAME)) == {b"": INBOX, b".Work": WORK}


def test_a_folder_that_has_gone_is_forgotten(mailbox: Mailbox) -> None:
    os.mkdir(mailbox.at(b".Work"))
    index.remember(mailbox.path, {b".Work": WORK})
    os.rmdir(mailbox.at(b".Work"))
    index.remember(mailbox.path, {b"": INBOX})
    assert known(mailbox.content(NAME)) == {b"": INBOX}


def test_an_index_takes_after_its_mailbox(mailbox: Mailbox) -> None:
    os.chmod(mailbox.path, 0o770)
    os.chown(mailbox.path, outsider.SOMEBODY, -1)
    index.remember(mailbox.path, {b"": INBOX})
    status = os.stat(mailbox.at(NAME))
    assert (status.st_uid, status.st_mode & 0o777) == (outsider.SOMEBODY, 0o660)


def test_an_index_that_cannot_be_written_leaves_nothing_behind(mailbox: Mailbox) -> None:
    os.mkdir(mailbox.at(NAME))
    with pytest.raises(IsADirectoryError):
        index.remember(mailbox.path, {b"": INBOX})
    assert mailbox.names(b"") == [b"cur", NAME, b"new", b"tmp"]


def test_a_link_in_the_place_of_the_index_is_neither_read_nor_written_through(mailbox: Mailbox) -> None:
    mailbox.put(b"../precious", SMALL)
    os.symlink(b"../precious", mailbox.at(NAME))
    assert index.read(mailbox.path).folders == set()
    index.remember(mailbox.path, {b"": WORK})
    assert mailbox.content(b"../precious") == SMALL
    assert known(mailbox.content(NAME)) == {b"": WORK}


def test_a_link_in_the_place_of_the_draft_is_not_written_through(mailbox: Mailbox) -> None:
    mailbox.put(b"../precious", b"keep me\n")
    os.symlink(b"../precious", mailbox.at(DRAFT))
    with pytest.raises(OSError, match="symbolic link"):
        index.remember(mailbox.path, {b"": INBOX})
    assert mailbox.content(b"../precious") == b"keep me\n"


def test_what_a_killed_process_left_is_written_over(mailbox: Mailbox) -> None:
    mailbox.put(DRAFT, b"x" * 9999)
    index.remember(mailbox.path, {b"": INBOX})
    assert mailbox.names(b"") == [b"cur", NAME, b"new", b"tmp"]
    assert known(mailbox.content(NAME)) == {b"": INBOX}


def test_while_another_writes_nothing_is_written(mailbox: Mailbox) -> None:
    with open(mailbox.put(DRAFT, b"half of"), "rb") as draft:
        fcntl.flock(draft, fcntl.LOCK_EX)
        index.remember(mailbox.path, {b"": INBOX})
        assert mailbox.content(DRAFT) == b"half of"
    assert NAME not in mailbox.names(b"")


def test_many_that_write_at_once_leave_a_whole_index(mailbox: Mailbox) -> None:
    for number in range(40):
        os.mkdir(mailbox.at(b".%d" % number))
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: index.remember(mailbox.path, {b".%d" % number: INBOX}), range(40)))
    found = known(mailbox.content(NAME))
    assert found
    assert all(part == INBOX for part in found.values())
    assert DRAFT not in mailbox.names(b"")


# Work saved


def test_a_session_writes_the_index(mailbox: Mailbox) -> None:
    filled(mailbox)
    mailbox.listed()
    inbox = known(mailbox.content(NAME))[b""]
    assert list(inbox.names) == [b"1", b"2", b"3,W=7"]
    assert list(inbox.places) == [b"new/", b"cur/:2,S", b"cur/"]
    assert list(inbox.sizes) == [TEXT_OCTETS, TEXT_OCTETS * 2, 7]


def test_the_index_of_a_quiet_mailbox_is_written_once(mailbox: Mailbox) -> None:
    filled(mailbox)
    mailbox.listed()
    maildrop = mailbox.login()
    assert not maildrop.unwritten
    written = os.stat(mailbox.at(NAME))
    maildrop.close()
    assert os.stat(mailbox.at(NAME)) == written


def test_opening_a_quiet_mailbox_again_reads_no_message_and_lists_no_folder(mailbox: Mailbox) -> None:
    first = filled(mailbox)
    mailbox.listed()
    mailbox.move(b"new/1", b"new/9")
    mailbox.put(b"cur/2:2,S", b"much longer than it was before" * 9)
    mailbox.stamp()     # nobody can see any of this without looking
    assert mailbox.listed() == first


def test_after_a_delivery_only_the_new_message_is_read(mailbox: Mailbox) -> None:
    first = filled(mailbox)
    mailbox.listed()
    mailbox.put(b"new/1", b"nobody reads this again\n")
    mailbox.put(b"new/4", b"four\n")
    assert mailbox.listed() == [*first, (b"4", 6)]


def test_a_flag_or_a_move_makes_no_message_be_read(mailbox: Mailbox) -> None:
    first = filled(mailbox)
    mailbox.listed()
    mailbox.move(b"new/1", b"cur/1:2,S")
    mailbox.put(b"cur/1:2,S", b"nobody reads this again\n")
    assert mailbox.listed() == first


def test_a_session_on_the_inbox_keeps_what_is_known_of_folders(mailbox: Mailbox) -> None:
    filled(mailbox)
    mailbox.put(b".Work/cur/4")
    mailbox.stamp()
    mailbox.listed(all_folders=True)
    mailbox.put(b"new/5")
    mailbox.listed()
    assert list(known(mailbox.content(NAME))[b".Work"].names) == [b"4"]


def test_nothing_is_written_when_nothing_was_learnt(mailbox: Mailbox) -> None:
    """Names tell these sizes, and so fresh a scan counts for nothing later."""
    mailbox.put(b"new/1,W=34")
    maildrop = mailbox.login()
    assert not maildrop.unwritten
    maildrop.close()
    assert NAME not in mailbox.names(b"")


def test_a_flag_alone_is_nothing_learnt(mailbox: Mailbox) -> None:
    filled(mailbox)
    mailbox.listed()
    mailbox.move(b"cur/2:2,S", b"cur/2:2,FS")
    assert not mailbox.login().unwritten


def test_what_was_learnt_of_removed_messages_is_not_remembered(mailbox: Mailbox) -> None:
    filled(mailbox)
    maildrop = mailbox.login()
    maildrop.remove((1, 3))
    maildrop.close()
    assert list(known(mailbox.content(NAME))[b""].names) == [b"2"]


def test_of_a_mailbox_that_was_emptied_there_is_nothing_to_write(mailbox: Mailbox) -> None:
    filled(mailbox)
    maildrop = mailbox.login()
    maildrop.remove((1, 2, 3))
    maildrop.close()
    assert NAME not in mailbox.names(b"")


def test_a_message_whose_size_was_guessed_is_not_remembered() -> None:
    with outsider.public_folder() as path:
        mailbox = Mailbox(path)
        os.chmod(mailbox.put(b"new/1"), 0o000)
        mailbox.put(b"new/2")
        mailbox.stamp()
        os.chmod(path, 0o777)
        with outsider.unprivileged():
            mailbox.listed()
        assert list(known(mailbox.content(NAME))[b""].names) == [b"2"]


def test_a_folder_that_is_no_maildir_stays_as_it_is(mailbox: Mailbox) -> None:
    for name in (b"tmp", b"new", b"cur"):
        os.rmdir(mailbox.at(name))
    mailbox.listed()
    assert mailbox.names(b"") == []


def test_a_session_on_all_folders_forgets_those_that_have_gone(mailbox: Mailbox) -> None:
    filled(mailbox)
    mailbox.put(b".Work/cur/4")
    mailbox.stamp()
    mailbox.listed(all_folders=True)
    shutil.rmtree(mailbox.at(b".Work"))
    mailbox.listed(all_folders=True)
    assert known(mailbox.content(NAME)).keys() == {b""}


# Never wrong


def test_a_delivery_is_seen(mailbox: Mailbox) -> None:
    first = filled(mailbox)
    mailbox.listed()
    mailbox.put(b"new/4", b"four\n")
    assert mailbox.listed() == [*first, (b"4", 6)]


def test_a_removal_by_another_program_is_seen(mailbox: Mailbox) -> None:
    first = filled(mailbox)
    mailbox.listed()
    os.unlink(mailbox.at(b"cur/2:2,S"))
    assert mailbox.listed() == [first[0], first[2]]


def test_a_folder_that_has_gone_is_not_listed(mailbox: Mailbox) -> None:
    first = filled(mailbox)
    mailbox.put(b".Work/cur/4")
    mailbox.stamp()
    mailbox.listed(all_folders=True)
    shutil.rmtree(mailbox.at(b".Work"))
    assert mailbox.listed(all_folders=True) == first


@pytest.mark.parametrize("age", [0, 1, 10**9, QUIET])
def test_a_delivery_in_the_tick_of_the_scan_is_not_missed(mailbox: Mailbox, age: int) -> None:
    first = filled(mailbox)
    mailbox.listed(now=lambda: LONG_AGO + age)
    mailbox.put(b"new/4", b"four\n")
    mailbox.stamp()     # the clock had not moved on
    assert mailbox.listed() == [*first, (b"4", 6)]


def test_a_scan_is_trusted_when_the_folder_had_been_quiet_for_over_two_seconds(mailbox: Mailbox) -> None:
    filled(mailbox)
    mailbox.listed(now=lambda: LONG_AGO + QUIET + 1)
    assert not mailbox.login(now=lambda: LONG_AGO + QUIET + 1).unwritten


@pytest.mark.parametrize("busy", [b"new", b"cur"])
def test_either_folder_may_be_the_busy_one(mailbox: Mailbox, busy: bytes) -> None:
    first = filled(mailbox)
    just_now = LONG_AGO + QUIET
    os.utime(mailbox.at(busy), ns=(just_now, just_now))
    mailbox.listed(now=lambda: just_now + 1)
    mailbox.put(busy + b"/4", b"four\n")
    os.utime(mailbox.at(busy), ns=(just_now, just_now))     # the clock had not moved on
    assert mailbox.listed(now=lambda: just_now + 1) == [*first, (b"4", 6)]


def test_a_folder_changed_in_the_future_is_not_trusted(mailbox: Mailbox) -> None:
    first = filled(mailbox)
    mailbox.listed(now=lambda: LONG_AGO - 10**12)
    mailbox.put(b"new/4", b"four\n")
    mailbox.stamp()
    assert mailbox.listed() == [*first, (b"4", 6)]


def test_a_lost_index_is_made_anew(mailbox: Mailbox) -> None:
    first = filled(mailbox)
    mailbox.listed()
    os.unlink(mailbox.at(NAME))
    assert mailbox.listed() == first
    assert NAME in mailbox.names(b"")


def test_an_index_cut_off_anywhere_is_made_anew(mailbox: Mailbox) -> None:
    first = filled(mailbox)
    mailbox.listed()
    whole = mailbox.content(NAME)
    for length in range(len(whole)):
        mailbox.put(NAME, whole[:length])
        assert mailbox.listed() == first
        assert mailbox.content(NAME) == whole


@given(st.data())
def test_no_content_of_the_index_changes_the_listing(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        mailbox = Mailbox(os.fsencode(folder))
        first = filled(mailbox)
        mailbox.listed()
        whole = mailbox.content(NAME)
        start, end = sorted(data.draw(st.tuples(st.integers(0, len(whole)), st.integers(0, len(whole)))))
        mailbox.put(NAME, whole[:start] + data.draw(st.binary(max_size=99)) + whole[end:])
        assert mailbox.listed() == first


# No harm


def test_an_index_that_cannot_be_written_is_done_without(mailbox: Mailbox) -> None:
    first = filled(mailbox)
    os.mkdir(mailbox.at(NAME))
    assert mailbox.listed() == first
    assert mailbox.listed() == first


def test_a_mailbox_that_goes_during_the_session_is_no_harm(mailbox: Mailbox) -> None:
    filled(mailbox)
    maildrop = mailbox.login()
    shutil.rmtree(mailbox.path)
    maildrop.close()
    assert not os.path.exists(mailbox.path)


def test_a_read_only_mailbox_is_served_without_an_index() -> None:
    with outsider.public_folder() as path:
        mailbox = Mailbox(path)
        mailbox.put(b"new/1")
        for folder in (b"new", b""):
            os.chmod(mailbox.at(folder), 0o555)
        with outsider.unprivileged():
            assert mailbox.listed() == [(b"1", TEXT_OCTETS)]
        assert mailbox.names(b"") == [b"new"]
        os.chmod(mailbox.at(b"new"), 0o755)
        os.chmod(path, 0o755)
