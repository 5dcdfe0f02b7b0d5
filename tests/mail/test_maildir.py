"""Maildir on disk: which files are messages, what their names say, where a moved one is, how large it is sent."""

import os
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mtq.mail import maildir
from mtq.mail.maildir import Folder
from tests.mail import outsider
from tests.mail.mailbox import Mailbox

file_names = st.binary(min_size=1, max_size=100).map(lambda name: re.sub(rb"[/\0]", b"_", name))
flags = st.text("DFPRSTab", max_size=5).map(lambda letters: b":2," + letters.encode())


def inbox(mailbox: Mailbox) -> Folder:
    return Folder(b"", mailbox.path)


def scanned(mailbox: Mailbox) -> dict[bytes, bytes]:
    found = maildir.messages(inbox(mailbox), mailbox.path)
    return {base: maildir.path_of(place, base) for base, place in found.items()}


# Names


@pytest.mark.parametrize(
    ("name", "base"),
    [
        (b"1.a.host", b"1.a.host"),
        (b"1.a.host:2,", b"1.a.host"),
        (b"1.a.host,S=5,W=6:2,FSa", b"1.a.host,S=5,W=6"),
        (b"1.a:1,experimental", b"1.a"),
        (b"1.a:2,S:more", b"1.a"),
        (b"1.\xff\xfe:2,S", b"1.\xff\xfe"),
        (b":2,S", b""),
    ],
)
def test_a_message_is_known_by_its_name_without_flags(name: bytes, base: bytes) -> None:
    assert maildir.base(name) == base


@pytest.mark.parametrize(
    ("name", "size"),
    [
        (b"1.a,W=120", 120),
        (b"1.a,S=100,W=120", 120),
        (b"1.a,W=120,S=100", 120),
        (b"1.a,W=0", 0),
        (b"1.a,W=120:2,S", 120),
        (b"1.a", None),
        (b"1.a,S=100", None),
        (b"1.a,W=", None),
        (b"1.a,W=-1", None),
        (b"1.a,W=12x", None),
        (b"1.aW=120", None),
        (b"1.a,W=9999999999999999", None),
        ("1.a,W=٣".encode(), None),
    ],
)
def test_a_name_may_say_the_wire_size(name: bytes, size: int | None) -> None:
    assert maildir.wire_size_in_name(name) == size


@given(st.lists(st.lists(st.sampled_from([b",W=", b"12", b"0", b"9" * 16, b",", b"S=7", b"x"])).map(b"".join)))
@example([b"1,W=5,W=7", b"2"])
@example([b"1,W=5", b"2,W=7"])
def test_many_names_say_what_each_says(names: list[bytes]) -> None:
    assert maildir.wire_sizes_in_names(names) == list(map(maildir.wire_size_in_name, names))


@given(st.lists(st.one_of(file_names, st.sampled_from([b"", b"x" * 70, b"x" * 71, b"a b"]))))
@example([])
@example([b"1", b"2,W=3"])
def test_many_names_are_unique_ids_if_each_is(names: list[bytes]) -> None:
    assert maildir.are_unique_ids(names) is all(map(maildir.is_unique_id, names))


@pytest.mark.parametrize("name", [b"1.a.host,S=5,W=6", b"!", b"~", b"x" * 70])
def test_a_printable_name_is_the_unique_id(name: bytes) -> None:
    assert maildir.unique_id(name) == name


@pytest.mark.parametrize(
    "name", [b"", b"x" * 71, b"1.a b", b"1.\xc3\xa4", b"1.a\n", b"\n", b"1.\x7f", b"1.\ta", b"1.a\r"]
)
def test_a_long_or_unprintable_name_is_hashed(name: bytes) -> None:
    assert re.fullmatch(rb"[0-9a-f]{40}", maildir.unique_id(name))


@given(file_names, flags, flags)
def test_no_flag_changes_a_unique_id(name: bytes, before: bytes, after: bytes) -> None:
    was, now = (maildir.base(name + suffix) for suffix in (before, after))
    assert maildir.unique_id(was) == maildir.unique_id(now)


@given(file_names)
def test_every_unique_id_is_one_of_rfc_1939(name: bytes) -> None:
    assert re.fullmatch(rb"[\x21-\x7e]{1,70}", maildir.unique_id(maildir.base(name)))


@given(file_names, file_names)
def test_two_names_never_share_a_unique_id(one: bytes, other: bytes) -> None:
    assert (maildir.unique_id(one) == maildir.unique_id(other)) == (one == other)


def test_a_hashed_id_depends_on_the_folder() -> None:
    assert maildir.hashed_id(b".A", b"1") != maildir.hashed_id(b".B", b"1")


def test_hashed_ids_stay_what_they_are_for_ever() -> None:
    assert maildir.unique_id(b"1.\xff") == b"4bc7e800e180b15ddc5e080f9d73a949a2f87aed"


# The scan


def test_new_and_cur_hold_messages(mailbox: Mailbox) -> None:
    mailbox.put(b"new/1")
    mailbox.put(b"cur/2:2,FS")
    assert scanned(mailbox) == {b"1": b"new/1", b"2": b"cur/2:2,FS"}


def test_a_message_in_both_new_and_cur_is_one(mailbox: Mailbox) -> None:
    mailbox.put(b"new/1")
    mailbox.put(b"cur/1:2,S")
    assert scanned(mailbox) == {b"1": b"cur/1:2,S"}


def test_what_is_still_in_tmp_is_no_message(mailbox: Mailbox) -> None:
    mailbox.put(b"tmp/1")
    assert scanned(mailbox) == {}


@pytest.mark.parametrize("name", [b".hidden", b".nfs000001", b"..2"])
def test_dot_files_are_no_messages(mailbox: Mailbox, name: bytes) -> None:
    mailbox.put(b"new/" + name)
    assert scanned(mailbox) == {}


def test_a_folder_among_the_messages_is_no_message(mailbox: Mailbox) -> None:
    mailbox.put(b"cur/folder/1")
    assert scanned(mailbox) == {}


def test_a_fifo_is_no_message(mailbox: Mailbox) -> None:
    os.mkfifo(mailbox.at(b"new/1"))
    assert scanned(mailbox) == {}


@pytest.mark.parametrize("missing", [b"new", b"cur"])
def test_a_missing_folder_holds_nothing(mailbox: Mailbox, missing: bytes) -> None:
    os.rmdir(mailbox.at(missing))
    (there,) = {b"new", b"cur"} - {missing}
    mailbox.put(there + b"/1")
    assert scanned(mailbox) == {b"1": there + b"/1"}


def test_names_that_are_no_text_are_messages(mailbox: Mailbox) -> None:
    mailbox.put(b"new/\xff \xfe\n")
    assert scanned(mailbox) == {b"\xff \xfe\n": b"new/\xff \xfe\n"}


def test_a_link_to_a_message_of_the_mailbox_is_served(mailbox: Mailbox) -> None:
    os.symlink(mailbox.put(b".Work/cur/1:2,S"), mailbox.at(b"new/2"))
    assert scanned(mailbox) == {b"2": b"new/2"}


def test_a_link_out_of_the_mailbox_is_not_served(mailbox: Mailbox) -> None:
    os.symlink("/etc/passwd", mailbox.at(b"new/1"))
    assert scanned(mailbox) == {}


def test_a_link_into_a_mailbox_with_a_longer_name_leads_out(mailbox: Mailbox) -> None:
    os.symlink(mailbox.put(b"../frederick/new/1"), mailbox.at(b"new/1"))
    assert scanned(mailbox) == {}


def test_a_chain_of_links_leads_where_its_end_is(mailbox: Mailbox) -> None:
    os.symlink("/etc/passwd", mailbox.at(b"tmp/way"))
    os.symlink(mailbox.at(b"tmp/way"), mailbox.at(b"new/1"))
    assert scanned(mailbox) == {}


@pytest.mark.parametrize("target", [b"nowhere", b"1", b"../cur/2/x", b"../tmp"])
def test_a_link_that_leads_to_no_file_is_no_message(mailbox: Mailbox, target: bytes) -> None:
    mailbox.put(b"cur/2")
    os.symlink(target, mailbox.at(b"new/1"))
    assert scanned(mailbox) == {b"2": b"cur/2"}


def test_a_whole_folder_that_is_a_link_out_is_not_served(mailbox: Mailbox) -> None:
    mailbox.put(b"../wilma/new/1")
    os.rmdir(mailbox.at(b"new"))
    os.symlink(mailbox.at(b"../wilma/new"), mailbox.at(b"new"))
    assert scanned(mailbox) == {}


def test_a_mailbox_may_itself_be_a_link(mailbox: Mailbox) -> None:
    mailbox.put(b"new/1")
    os.symlink(mailbox.path, mailbox.path + b"-link")
    os.symlink(b"1", mailbox.at(b"new/2"))
    assert scanned(Mailbox(mailbox.path + b"-link")) == {b"1": b"new/1", b"2": b"new/2"}


# Folders


def folder_names(mailbox: Mailbox) -> list[bytes]:
    return [folder.name for folder in maildir.folders(mailbox.path)]


def make(mailbox: Mailbox, *names: bytes) -> None:
    """Folders as a mail program makes them."""
    for name in names:
        for subfolder in (b"tmp", b"new", b"cur"):
            os.makedirs(mailbox.at(os.path.join(name, subfolder)))
        mailbox.put(os.path.join(name, b"maildirfolder"), b"")


def test_the_inbox_comes_first_then_folders_by_name(mailbox: Mailbox) -> None:
    make(mailbox, b".Work", b".Archive.2026", b".Archive")
    assert folder_names(mailbox) == [b"", b".Archive", b".Archive.2026", b".Work"]


@pytest.mark.parametrize(
    "name",
    [
        b".Sent Items",
        b".Archive.2026.Q1",
        b".Entw&APw-rfe",
        ".Entwürfe".encode(),
        b".\xff\xfe",
        b".Trash",
        b".INBOX.Work",
        b".a&b",
        b".~lists",
    ],
)
def test_a_folder_may_have_any_name(mailbox: Mailbox, name: bytes) -> None:
    make(mailbox, name)
    assert folder_names(mailbox) == [b"", name]


def test_a_folder_of_a_folder_needs_no_folder_above_it(mailbox: Mailbox) -> None:
    make(mailbox, b".Archive.2026")
    assert folder_names(mailbox) == [b"", b".Archive.2026"]


@pytest.mark.parametrize("missing", [b"new", b"cur", b"tmp"])
def test_a_folder_that_lacks_a_subfolder_is_one(mailbox: Mailbox, missing: bytes) -> None:
    make(mailbox, b".Work")
    os.rmdir(mailbox.at(b".Work/" + missing))
    assert folder_names(mailbox) == [b"", b".Work"]


def test_a_folder_without_new_and_cur_is_none(mailbox: Mailbox) -> None:
    os.mkdir(mailbox.at(b".cache"))
    assert folder_names(mailbox) == [b""]


def test_what_dovecot_is_about_to_remove_is_no_folder(mailbox: Mailbox) -> None:
    make(mailbox, b"..DOVECOT-TRASHED")
    assert folder_names(mailbox) == [b""]


def test_a_folder_without_a_dot_is_none(mailbox: Mailbox) -> None:
    make(mailbox, b"Work", b"courierimapkeywords")
    assert folder_names(mailbox) == [b""]


@pytest.mark.parametrize(
    "name",
    [
        b"dovecot-uidlist",
        b"dovecot.index.log",
        b".dovecot.lda-dupes",
        b".subscriptions",
        b"subscriptions",
        b"maildirsize",
        b"courierpop3dsizelist",
        b"courierimapuiddb",
        b"courierimapsubscribed",
    ],
)
def test_a_file_of_another_server_s_is_no_folder(mailbox: Mailbox, name: bytes) -> None:
    mailbox.put(name)
    assert folder_names(mailbox) == [b""]


def test_a_folder_that_is_a_link_out_is_none(mailbox: Mailbox) -> None:
    os.makedirs(mailbox.at(b"../wilma/cur"))
    os.symlink(mailbox.at(b"../wilma"), mailbox.at(b".Wilma"))
    assert folder_names(mailbox) == [b""]


def test_a_folder_that_is_a_link_to_the_mailbox_is_none(mailbox: Mailbox) -> None:
    os.symlink(b".", mailbox.at(b".INBOX"))
    assert folder_names(mailbox) == [b""]


def test_a_folder_that_is_a_link_to_nowhere_or_to_itself_is_none(mailbox: Mailbox) -> None:
    os.symlink(b"nowhere", mailbox.at(b".A"))
    os.symlink(b".B", mailbox.at(b".B"))
    assert folder_names(mailbox) == [b""]


def test_a_link_to_what_is_no_folder_of_its_own_is_one(mailbox: Mailbox) -> None:
    os.makedirs(mailbox.at(b"archive/2026/cur"))
    os.symlink(b"archive/2026", mailbox.at(b".Archive"))
    assert folder_names(mailbox) == [b"", b".Archive"]


def test_a_second_name_of_a_folder_is_no_second_folder(mailbox: Mailbox) -> None:
    make(mailbox, b".Sent Items")
    for link in (b".Sent", b".Z"):
        os.symlink(b".Sent Items", mailbox.at(link))
    assert folder_names(mailbox) == [b"", b".Sent Items"]


def test_a_folder_that_cannot_be_looked_into_is_an_error() -> None:
    with outsider.public_folder() as path:
        mailbox = Mailbox(path)
        make(mailbox, b".Work")
        os.chmod(mailbox.at(b".Work"), 0o000)
        with outsider.unprivileged(), pytest.raises(PermissionError):
            maildir.folders(path)
        os.chmod(mailbox.at(b".Work"), 0o755)


def test_a_mailbox_that_is_not_there_has_no_folders(mailbox: Mailbox) -> None:
    with pytest.raises(FileNotFoundError):
        maildir.folders(mailbox.path + b"-not")
