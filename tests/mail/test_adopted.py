"""The unique-ids that a folder keeps: their file, and what a listing makes of them."""

import os
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtq.errors import Code, Refusal
from mtq.mail import adopted
from mtq.mail.maildir import hashed_id
from tests.mail import outsider
from tests.mail.mailbox import TEXT_OCTETS, Mailbox, ids

KEPT = {b"160.M1P1.host,S=3": b"000000016b06ea77", b"a b\xff": b"UID7-1"}

names = st.binary(min_size=1, max_size=9).filter(lambda name: not set(name) & set(b"\0\n/:"))
printable = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=70).map(str.encode)


# The file


@given(st.dictionaries(names, printable))
def test_what_is_encoded_is_decoded(kept: dict[bytes, bytes]) -> None:
    assert adopted.decode(adopted.encode(kept)) == kept


def test_what_is_written_is_read(mailbox: Mailbox) -> None:
    adopted.write(mailbox.path, KEPT)
    assert adopted.read(mailbox.path) == KEPT


def test_a_folder_without_the_file_keeps_none(mailbox: Mailbox) -> None:
    assert adopted.read(mailbox.path) == {}


def test_where_nothing_is_kept_there_is_no_file(mailbox: Mailbox) -> None:
    adopted.write(mailbox.path, KEPT)
    adopted.write(mailbox.path, {})
    adopted.write(mailbox.path, {})
    assert mailbox.names(b"") == [b"cur", b"new", b"tmp"]


def test_the_file_takes_after_its_folder(mailbox: Mailbox) -> None:
    os.chmod(mailbox.path, 0o2750)
    os.chown(mailbox.path, outsider.SOMEBODY, -1)
    adopted.write(mailbox.path, KEPT)
    status = os.stat(mailbox.at(adopted.NAME))
    assert (status.st_uid, status.st_mode & 0o777) == (outsider.SOMEBODY, 0o640)


def test_a_link_in_its_place_is_replaced_and_not_followed(mailbox: Mailbox) -> None:
    mailbox.put(b"../precious", b"keep me\n")
    os.symlink(mailbox.at(b"../precious"), mailbox.at(adopted.NAME))
    adopted.write(mailbox.path, KEPT)
    assert mailbox.content(b"../precious") == b"keep me\n"
    assert adopted.read(mailbox.path) == KEPT


@pytest.mark.parametrize("cut", range(len(adopted.encode(KEPT))))
def test_a_file_cut_off_anywhere_is_not_passed_over(mailbox: Mailbox, cut: int) -> None:
    mailbox.put(adopted.NAME, adopted.encode(KEPT)[:cut])
    with pytest.raises(Refusal) as refusal:
        adopted.read(mailbox.path)
    assert refusal.value.code is Code.SYS_PERM
    assert refusal.value.cause == (
        f"{os.fsdecode(mailbox.at(adopted.NAME))}: damaged; adopt the mailbox again, or remove the file"
    )


@given(st.binary())
def test_no_rubbish_is_a_list(data: bytes) -> None:
    with pytest.raises(ValueError, match="damaged"):
        adopted.decode(data)


@pytest.mark.parametrize("made", [os.mkdir, os.mkfifo, lambda path: os.symlink(b"/etc/passwd", path)])
def test_what_is_no_file_is_not_read(mailbox: Mailbox, made: Callable[[bytes], None]) -> None:
    made(mailbox.at(adopted.NAME))
    with pytest.raises(Refusal):
        adopted.read(mailbox.path)


# The listing


def test_a_message_keeps_its_unique_id(mailbox: Mailbox) -> None:
    mailbox.put(b"cur/1:2,S")
    mailbox.put(b"new/2")
    adopted.write(mailbox.path, {b"1": b"UID1"})
    assert mailbox.listed() == [(b"UID1", TEXT_OCTETS), (b"2", TEXT_OCTETS)]


def test_it_keeps_it_when_it_is_flagged_and_when_the_index_is_lost(mailbox: Mailbox) -> None:
    mailbox.put(b"new/1")
    adopted.write(mailbox.path, {b"1": b"UID1"})
    mailbox.stamp()
    mailbox.listed()
    mailbox.move(b"new/1", b"cur/1:2,S")
    assert ids(mailbox.login()) == [b"UID1"]
    os.unlink(mailbox.at(b"mtq-index"))
    assert ids(mailbox.login()) == [b"UID1"]


@pytest.mark.parametrize("there", [b"new/1", b"new/3"], ids=["its_message_is_here", "its_message_has_gone"])
def test_a_new_message_never_gets_the_id_of_an_adopted_one(mailbox: Mailbox, there: bytes) -> None:
    mailbox.put(there)
    adopted.write(mailbox.path, {b"1": b"UID1"})
    mailbox.put(b"new/UID1")
    assert ids(mailbox.login())[-1] == hashed_id(b"", b"UID1")


def test_every_folder_keeps_its_own(mailbox: Mailbox) -> None:
    mailbox.put(b"cur/1:2,")
    mailbox.put(b".Work/cur/2:2,")
    adopted.write(mailbox.path, {b"1": b"UID1-7"})
    adopted.write(mailbox.at(b".Work"), {b"2": b"UID1-8"})
    assert ids(mailbox.login(all_folders=True)) == [b"UID1-7", b"UID1-8"]


def test_of_two_folders_with_one_id_the_later_one_gives_in(mailbox: Mailbox) -> None:
    mailbox.put(b"cur/1:2,")
    mailbox.put(b".Work/cur/2:2,")
    adopted.write(mailbox.path, {b"1": b"UID1-7"})
    adopted.write(mailbox.at(b".Work"), {b"2": b"UID1-7"})
    assert ids(mailbox.login(all_folders=True)) == [b"UID1-7", hashed_id(b".Work", b"2")]


def test_folders_never_change_an_id_of_the_inbox(mailbox: Mailbox) -> None:
    mailbox.put(b"cur/UID1:2,")
    mailbox.put(b".Work/cur/2:2,")
    adopted.write(mailbox.at(b".Work"), {b"2": b"UID1"})
    assert ids(mailbox.login(all_folders=True)) == [b"UID1", hashed_id(b".Work", b"2")]


def test_of_two_messages_with_one_name_the_later_folders_is_a_hash_whatever_was_adopted(mailbox: Mailbox) -> None:
    mailbox.put(b"cur/1:2,")
    mailbox.put(b".Work/cur/1:2,")
    adopted.write(mailbox.path, {b"1": b"UID1"})
    assert ids(mailbox.login(all_folders=True)) == [b"UID1", hashed_id(b".Work", b"1")]


@given(st.lists(names, max_size=6, unique=True), st.dictionaries(names, printable, max_size=4), st.booleans())
def test_the_ids_of_a_listing_are_unique(bases: list[bytes], kept: dict[bytes, bytes], folders: bool) -> None:
    unique = dict(zip(kept.values(), kept, strict=True))
    kept = {base: unique_id for unique_id, base in unique.items()}
    taken: set[bytes] | None = set() if folders else None
    listed = adopted.unique_ids(b"", bases, kept, taken)
    listed += adopted.unique_ids(b".Work", bases, kept, taken) if folders else []
    assert len(set(listed)) == len(listed)


def test_a_mailbox_whose_list_is_damaged_is_not_opened(mailbox: Mailbox) -> None:
    mailbox.put(b"new/1")
    mailbox.put(adopted.NAME, b"rubbish\n")
    with pytest.raises(Refusal, match="the mailbox cannot be read"):
        mailbox.login()
