"""Where mail is imported from: what each message brings along, and what is no mail."""

import os
from pathlib import Path

import pytest

from mtq.errors import MtqError
from mtq.mail import sources
from tests.mail.mailbox import TEXT, Mailbox

FROM = b"From wilma@bedrock.example Wed Nov 25 08:00:00 2026\n"
ARRIVED = 1795593600


def brought(path: bytes) -> list[tuple[bytes, int, bytes, bytes | None]]:
    """The messages that a path leads to: content, time, name and what follows the name in cur."""
    letters = sources.at(path).letters()
    return [(b"".join(letter.content()), letter.received, letter.name, letter.info) for letter in letters]


# An mbox


def test_a_message_of_an_mbox_is_new_and_has_no_name(mailbox: Mailbox) -> None:
    path = mailbox.put(b"../mbox", FROM + TEXT + b"\n" + FROM + b">From me\n")
    assert brought(path) == [(TEXT, ARRIVED, b"", None), (b"From me\n", ARRIVED, b"", None)]


def test_without_a_date_a_message_has_that_of_the_one_before(mailbox: Mailbox) -> None:
    path = mailbox.put(b"../mbox", b"From x\n" + TEXT + b"\n" + FROM + TEXT + b"\nFrom x\n" + TEXT)
    os.utime(path, (7, 7))
    assert [letter[1] for letter in brought(path)] == [7, ARRIVED, ARRIVED]


def test_its_weights_are_its_octets(mailbox: Mailbox) -> None:
    source = sources.at(mailbox.put(b"../mbox", FROM + TEXT + b"\n" + FROM + TEXT))
    weights = [letter.weight for letter in source.letters()]
    assert (sum(weights), source.kind) == (source.total, "mbox")


def test_an_empty_file_is_an_mbox_without_messages(mailbox: Mailbox) -> None:
    assert brought(mailbox.put(b"../mbox", b"")) == []


# A Maildir


def test_a_message_of_a_maildir_keeps_name_flags_and_time(mailbox: Mailbox) -> None:
    os.utime(mailbox.put(b"cur/160.host:2,FS"), (5, 5))
    os.utime(mailbox.put(b"cur/161.host"), (6, 6))
    os.utime(mailbox.put(b"new/159.host"), (7, 7))
    assert brought(mailbox.path) == [
        (TEXT, 7, b"159.host", None),
        (TEXT, 5, b"160.host", b":2,FS"),
        (TEXT, 6, b"161.host", b""),
    ]


def test_its_weights_are_its_messages(mailbox: Mailbox) -> None:
    mailbox.put(b"cur/160.host:2,FS")
    mailbox.put(b"new/161.host")
    source = sources.at(mailbox.path)
    assert ([letter.weight for letter in source.letters()], source.total, source.kind) == ([1, 1], 2, "Maildir")


def test_its_folders_are_left_alone_and_named(mailbox: Mailbox) -> None:
    mailbox.put(b".Work/cur/1:2,")
    mailbox.put(b".Sent/cur/1:2,")
    assert brought(mailbox.path) == []
    assert sources.at(mailbox.path).left_out == [b".Sent", b".Work"]


def test_a_folder_of_it_can_be_imported_by_its_own_path(mailbox: Mailbox) -> None:
    mailbox.put(b".Work/cur/1:2,")
    assert [letter[2] for letter in brought(mailbox.at(b".Work"))] == [b"1"]


def test_one_that_is_flagged_meanwhile_is_found_and_one_that_goes_is_not_missed(mailbox: Mailbox) -> None:
    mailbox.put(b"new/160.host")
    mailbox.put(b"new/161.host")
    letters = sources.at(mailbox.path).letters()
    mailbox.move(b"new/160.host", b"cur/160.host:2,S")
    os.unlink(mailbox.at(b"new/161.host"))
    assert [(letter.name, letter.info) for letter in letters] == [(b"160.host", b":2,S")]


def test_what_a_mailbox_would_not_serve_is_not_imported(mailbox: Mailbox) -> None:
    mailbox.put(b"../elsewhere")
    os.symlink(mailbox.at(b"../elsewhere"), mailbox.at(b"new/1"))
    mailbox.put(b"new/.hidden")
    mailbox.put(b"tmp/2")
    assert brought(mailbox.path) == []


@pytest.mark.parametrize("age", [-5, 10**10])
def test_a_time_that_no_name_can_tell_is_brought_into_bounds(mailbox: Mailbox, age: int) -> None:
    os.utime(mailbox.put(b"new/1"), (age, age))
    assert brought(mailbox.path)[0][1] == min(max(age, 0), 9_999_999_999)


# What is neither


@pytest.mark.parametrize(
    ("lay", "found"),
    [
        (lambda path: path.write_bytes(TEXT), "a file that does not begin with a line `From …`"),
        (lambda path: path.write_bytes(b"\rFrom wilma\n"), "a file that does not begin with a line `From …`"),
        (lambda path: path.write_bytes(b"\n"), "a file that does not begin with a line `From …`"),
        (lambda path: path.mkdir(), "a folder with neither new nor cur in it"),
        (os.mkfifo, "something that is no file and no folder"),
    ],
)
def test_what_is_neither_is_told_with_what_it_is(tmp_path: Path, lay: object, found: str) -> None:
    path = tmp_path / "thing"
    assert callable(lay)
    lay(path)
    with pytest.raises(MtqError) as error:
        sources.at(os.fsencode(path))
    assert str(error.value) == f"{path}: neither an mbox nor a Maildir but {found}"


def test_what_is_not_there_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        sources.at(os.fsencode(tmp_path / "nothing"))
