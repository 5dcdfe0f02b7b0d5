"""The index of sizes: a cache that saves work and never changes an answer."""

import os
import shutil
import struct
import tempfile
import zlib
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtq.mail import index
from mtq.mail.index import NAME, Index, Section, Stamps
from mtq.mail.maildrop import QUIET
from tests.mail import outsider
from tests.mail.mailbox import LONG_AGO, TEXT, TEXT_OCTETS, Mailbox

paths = st.binary(min_size=1, max_size=20).map(lambda name: b"new/" + name.replace(b"\0", b"_").replace(b"/", b"_"))
whole_numbers = st.integers(0, 2**63 - 1)
stamps = st.builds(Stamps, whole_numbers, whole_numbers, st.booleans())


@st.composite
def sections(draw: st.DrawFn) -> Section:
    messages = draw(st.lists(st.tuples(paths, whole_numbers), max_size=5))
    return Section(draw(stamps), [path for path, _ in messages], array("q", [size for _, size in messages]))


indexes = st.dictionaries(st.binary(max_size=20), sections(), max_size=4).map(Index)

SMALL = Index(
    {
        b"": Section(Stamps(1, 2, True), [b"new/1", b"cur/2:2,S"], array("q", [10, 20])),
        b".Work": Section(Stamps(3, 4, False), [], array("q")),
    }
)


def forged(body: bytes) -> bytes:
    """An index file with a right checksum, whatever is in it."""
    return index.encode(Index())[:-4] + struct.pack("<I", zlib.crc32(body)) + body


def filled(mailbox: Mailbox) -> list[tuple[bytes, int]]:
    """Fill a mailbox that has been quiet for long, and say what a session must be told."""
    mailbox.put(b"new/1", TEXT)
    mailbox.put(b"cur/2:2,S", TEXT * 2)
    mailbox.put(b"cur/3,W=7", b"1\n2\n3\n")
    mailbox.stamp()
    return [(b"1", TEXT_OCTETS), (b"2", TEXT_OCTETS * 2), (b"3,W=7", 7)]


# The file


@given(indexes)
def test_what_is_written_is_what_is_read(what: Index) -> None:
    assert index.decode(index.encode(what)) == what


@pytest.mark.parametrize("length", range(len(index.encode(SMALL))))
def test_a_file_cut_off_anywhere_is_no_index(length: int) -> None:
    data = index.encode(SMALL)[:length]
    with pytest.raises(ValueError, match="damaged"):
        index.decode(data)


@pytest.mark.parametrize("place", range(len(index.encode(SMALL))))
def test_a_file_with_one_octet_changed_is_no_index(place: int) -> None:
    data = bytearray(index.encode(SMALL))
    data[place] ^= 0x40
    with pytest.raises(ValueError, match="damaged"):
        index.decode(bytes(data))


def test_a_file_of_another_version_is_no_index() -> None:
    data = index.encode(SMALL).replace(b"mtq index 1", b"mtq index 2")
    with pytest.raises(ValueError, match="version"):
        index.decode(data)


def test_a_file_with_something_after_its_end_is_no_index() -> None:
    with pytest.raises(ValueError, match="damaged"):
        index.decode(index.encode(SMALL) + b"\0")


@given(st.binary(max_size=80) | st.binary(max_size=20).map(lambda more: index.encode(SMALL)[16:] + more))
def test_nonsense_with_a_right_checksum_is_an_index_or_a_value_error(body: bytes) -> None:
    try:
        read = index.decode(forged(body))
    except ValueError:
        return
    assert all(len(section.paths) == len(section.sizes) for section in read.sections.values())


@pytest.mark.parametrize("length", range(len(index.encode(SMALL)) - 16))
def test_of_a_cut_off_file_with_a_right_checksum_only_whole_folders_are_read(length: int) -> None:
    try:
        read = index.decode(forged(index.encode(SMALL)[16:][:length]))
    except ValueError:
        return
    assert read.sections.items() <= SMALL.sections.items()


def test_a_folder_with_more_paths_than_sizes_is_no_index() -> None:
    section = Section(Stamps(1, 2, True), [b"new/1\0new/2"], array("q", [10]))
    with pytest.raises(ValueError, match="damaged"):
        index.decode(index.encode(Index({b"": section})))


def test_a_size_below_nothing_is_no_index() -> None:
    section = Section(Stamps(1, 2, True), [b"new/1"], array("q", [-1]))
    with pytest.raises(ValueError, match="damaged"):
        index.decode(index.encode(Index({b"": section})))


def test_no_file_is_an_empty_index(mailbox: Mailbox) -> None:
    assert index.read(mailbox.path) == Index()


def test_an_unreadable_file_is_an_empty_index(mailbox: Mailbox) -> None:
    os.mkdir(mailbox.at(NAME))
    assert index.read(mailbox.path) == Index()


def test_an_index_is_written_and_read_beside_the_mail(mailbox: Mailbox) -> None:
    index.write(mailbox.path, SMALL)
    assert mailbox.names(b"") == [b"cur", NAME, b"new", b"tmp"]
    assert index.read(mailbox.path) == SMALL


def test_an_index_takes_after_its_mailbox(mailbox: Mailbox) -> None:
    os.chmod(mailbox.path, 0o770)
    os.chown(mailbox.path, outsider.SOMEBODY, -1)
    index.write(mailbox.path, SMALL)
    status = os.stat(mailbox.at(NAME))
    assert (status.st_uid, status.st_mode & 0o777) == (outsider.SOMEBODY, 0o660)


def test_an_index_that_cannot_be_written_leaves_nothing_behind(mailbox: Mailbox) -> None:
    os.mkdir(mailbox.at(NAME))
    with pytest.raises(IsADirectoryError):
        index.write(mailbox.path, SMALL)
    assert mailbox.names(b"") == [b"cur", NAME, b"new", b"tmp"]


def test_a_link_in_the_place_of_the_index_is_not_written_through(mailbox: Mailbox) -> None:
    mailbox.put(b"../precious", b"keep me\n")
    os.symlink(b"../precious", mailbox.at(NAME))
    index.write(mailbox.path, SMALL)
    assert mailbox.content(b"../precious") == b"keep me\n"
    assert index.read(mailbox.path) == SMALL


def test_an_index_in_the_place_of_a_link_takes_after_its_mailbox(mailbox: Mailbox) -> None:
    os.chmod(mailbox.path, 0o700)
    os.symlink(b"../precious", mailbox.at(NAME))
    index.write(mailbox.path, SMALL)
    assert os.lstat(mailbox.at(NAME)).st_mode & 0o777 == 0o600


def test_sizes_are_remembered_by_base_name() -> None:
    assert index.sizes_by_base(SMALL.sections[b""]) == {b"1": 10, b"2": 20}


def test_an_unknown_folder_has_no_sizes() -> None:
    assert index.sizes_by_base(None) == {}


# Work saved


def test_a_session_writes_the_index(mailbox: Mailbox) -> None:
    filled(mailbox)
    mailbox.listed()
    assert index.read(mailbox.path).sections[b""].paths == [b"new/1", b"cur/2:2,S", b"cur/3,W=7"]


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
    assert index.read(mailbox.path).sections[b".Work"].paths == [b"cur/4"]


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
    filled(mailbox)
    os.utime(mailbox.at(busy), ns=(LONG_AGO + QUIET, LONG_AGO + QUIET))
    mailbox.listed(now=lambda: LONG_AGO + QUIET + 1)
    assert mailbox.login(now=lambda: LONG_AGO + QUIET + 1).unwritten


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


def test_a_guessed_size_is_not_remembered() -> None:
    section = Section(Stamps(1, 2, quiet=True), [b"cur/1", b"cur/2"], array("q", [10, 20]), guessed={0})
    kept = index.decode(index.encode(Index({b"": section}))).sections[b""]
    assert (kept.paths, list(kept.sizes), kept.stamps.quiet) == ([b"cur/2"], [20], False)
