"""The maildrop of a session: opened and frozen, read wherever a message is now, changed at the end alone."""

import os
import re
import shutil
import tempfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtq.errors import Code, Refusal
from mtq.mail import maildir
from mtq.mail.index import NAME as INDEX
from mtq.mail.indexes import Indexes
from mtq.mail.lock import NAME as LOCK
from mtq.mail.lock import Locks
from mtq.mail.maildrop import Maildrop, Settings, open_maildrop
from tests.mail import outsider
from tests.mail.mailbox import HOLDER, TEXT, TEXT_OCTETS, Mailbox, ids, rows, text
from tests.mail.wire import CONTENTS, sent

WRONG_BY_NAME = b"cur/1,W=9:2,S"


def refused(mailbox: Mailbox, settings: Settings | None = None, locks: Locks | None = None) -> Refusal:
    with pytest.raises(Refusal) as refusal:
        open_maildrop(mailbox.path, settings or Settings(), locks or Locks(), mailbox.indexes, HOLDER)
    return refusal.value


def gone(maildrop: Maildrop, number: int) -> Refusal:
    assert maildrop.message(number) is None
    with pytest.raises(Refusal) as refusal:
        maildrop.search(number)
    return refusal.value


# The listing


def test_messages_are_listed_by_name(mailbox: Mailbox) -> None:
    for place in (b"new/2", b"cur/1:2,S", b"new/3", b"cur/10:2,"):
        mailbox.put(place)
    assert ids(mailbox.login()) == [b"1", b"10", b"2", b"3"]


def test_a_message_in_both_new_and_cur_is_listed_once(mailbox: Mailbox) -> None:
    mailbox.put(b"new/1")
    mailbox.put(b"cur/1:2,S")
    assert mailbox.listed() == [(b"1", TEXT_OCTETS)]


def test_an_empty_mailbox_lists_nothing(mailbox: Mailbox) -> None:
    assert mailbox.listed() == []


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_sizes_are_what_goes_over_the_wire(mailbox: Mailbox, content: bytes) -> None:
    mailbox.put(b"new/1", content)
    assert mailbox.listed() == [(b"1", len(sent(content)))]


def test_unique_ids_do_not_change_with_place_and_flags(mailbox: Mailbox) -> None:
    for place in (b"new/1", b"new/" + b"x" * 100, b"new/\xff"):
        mailbox.put(place)
    before = ids(mailbox.login())
    for name in mailbox.names(b"new"):
        mailbox.move(b"new/" + name, b"cur/" + name + b":2,RS")
    assert ids(mailbox.login()) == before


def test_unique_ids_survive_the_loss_of_the_index(mailbox: Mailbox) -> None:
    mailbox.put(b"new/1")
    mailbox.put(b"new/\xff")
    before = mailbox.listed()
    os.unlink(mailbox.at(INDEX))
    assert mailbox.listed() == before


def test_mail_that_comes_during_a_session_is_in_the_next(mailbox: Mailbox) -> None:
    mailbox.put(b"new/2")
    maildrop = mailbox.login()
    mailbox.put(b"new/1")
    assert ids(maildrop) == [b"2"]
    assert ids(mailbox.login()) == [b"1", b"2"]


# Folders


def test_only_the_inbox_is_shown_unless_all_folders_are(mailbox: Mailbox) -> None:
    mailbox.put(b"new/1")
    mailbox.put(b".Work/cur/2:2,S")
    assert ids(mailbox.login()) == [b"1"]
    assert ids(mailbox.login(all_folders=True)) == [b"1", b"2"]


def test_the_inbox_is_listed_first_then_folders_by_name(mailbox: Mailbox) -> None:
    for place in (b".Work/cur/1:2,S", b"new/9", b".Archive/cur/5:2,S", b".Archive.2026/new/3", b"cur/8"):
        mailbox.put(place)
    os.mkdir(mailbox.at(b".Archive.2026/cur"))
    assert ids(mailbox.login(all_folders=True)) == [b"8", b"9", b"5", b"3", b"1"]


def test_one_name_in_two_folders_is_two_ids(mailbox: Mailbox) -> None:
    for place in (b"new/1", b".A/cur/1:2,S", b".B/cur/1:2,S"):
        mailbox.put(place)
    expected = [b"1", maildir.hashed_id(b".A", b"1"), maildir.hashed_id(b".B", b"1")]
    assert ids(mailbox.login(all_folders=True)) == expected


def test_a_hashed_name_in_two_folders_is_two_ids(mailbox: Mailbox) -> None:
    mailbox.put(b"new/\xff")
    mailbox.put(b".A/cur/\xff:2,S")
    assert len(set(ids(mailbox.login(all_folders=True)))) == 2


@given(st.sets(st.tuples(st.sampled_from([b"", b".A/", b".B/"]), st.sampled_from([b"1", b"2", b"\xff", b"x" * 71]))))
def test_ids_are_unique_and_those_of_the_inbox_never_change(places: set[tuple[bytes, bytes]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        mailbox = Mailbox(os.fsencode(folder))
        for where, name in places:
            mailbox.put(where + b"cur/" + name)
        inbox, everything = ids(mailbox.login()), ids(mailbox.login(all_folders=True))
    assert everything[: len(inbox)] == inbox
    assert len(set(everything)) == len(everything) == len(places)


def test_each_number_is_the_message_of_its_folder(mailbox: Mailbox) -> None:
    places = [b"new/1", b"new/2", b".B/cur/1", b".D/cur/1", b".D/cur/3"]
    for place in places:
        mailbox.put(place, place)
    for empty in (b".A/cur", b".C/cur", b".E/cur"):
        os.makedirs(mailbox.at(empty))
    maildrop = mailbox.login(all_folders=True)
    assert [text(maildrop, number) for number in range(1, 6)] == places


# Reading


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_a_message_is_read_as_it_lies_there(mailbox: Mailbox, content: bytes) -> None:
    mailbox.put(b"new/1", content)
    assert text(mailbox.login(), 1) == content


@pytest.mark.parametrize("now_at", [b"cur/1", b"cur/1:2,", b"cur/1:2,S", b"cur/1:2,FRS"])
def test_a_message_moved_or_flagged_meanwhile_is_found(mailbox: Mailbox, now_at: bytes) -> None:
    mailbox.put(b"new/1")
    maildrop = mailbox.login()
    mailbox.move(b"new/1", now_at)
    assert maildrop.message(1) is None
    file = maildrop.search(1)
    assert file.read() == TEXT
    file.close()


def test_a_message_once_found_is_opened_where_it_was_found(mailbox: Mailbox) -> None:
    mailbox.put(b"new/1")
    maildrop = mailbox.login()
    mailbox.move(b"new/1", b"cur/1:2,S")
    maildrop.search(1).close()
    file = maildrop.message(1)
    assert file is not None
    file.close()


def test_a_message_is_found_in_its_own_folder_alone(mailbox: Mailbox) -> None:
    mailbox.put(b"new/1", b"the inbox's\n")
    mailbox.put(b".A/cur/1", b"another\n")
    maildrop = mailbox.login(all_folders=True)
    os.unlink(mailbox.at(b"new/1"))
    assert gone(maildrop, 1).code is Code.NONE


def test_a_message_that_has_gone_is_refused_without_a_code(mailbox: Mailbox) -> None:
    mailbox.put(b"new/1")
    maildrop = mailbox.login()
    os.unlink(mailbox.at(b"new/1"))
    assert gone(maildrop, 1).line == b"-ERR this message is not there any more"


def test_a_message_whose_mailbox_has_gone_is_gone(mailbox: Mailbox) -> None:
    mailbox.put(b"new/1")
    maildrop = mailbox.login()
    shutil.rmtree(mailbox.path)
    assert gone(maildrop, 1).code is Code.NONE


def test_a_message_that_cannot_be_searched_for_is_refused(mailbox: Mailbox) -> None:
    mailbox.put(b"cur/1")
    maildrop = mailbox.login()
    os.unlink(mailbox.at(b"cur/1"))
    os.rmdir(mailbox.at(b"new"))
    mailbox.put(b"new", b"a file in the folder's place\n")
    assert gone(maildrop, 1).code is Code.SYS_PERM


def test_a_link_within_the_mailbox_is_read(mailbox: Mailbox) -> None:
    os.symlink(mailbox.put(b".A/cur/1"), mailbox.at(b"new/2"))
    assert text(mailbox.login(), 1) == TEXT


def test_a_link_out_that_takes_a_message_s_place_is_refused(mailbox: Mailbox) -> None:
    mailbox.put(b"new/1")
    maildrop = mailbox.login()
    os.unlink(mailbox.at(b"new/1"))
    os.symlink("/etc/passwd", mailbox.at(b"new/1"))
    with pytest.raises(Refusal) as refusal:
        maildrop.message(1)
    assert refusal.value.code is Code.SYS_PERM


def test_an_unreadable_message_is_listed_and_refused() -> None:
    with outsider.public_folder() as path:
        mailbox = Mailbox(path)
        os.chmod(mailbox.put(b"new/1", b"12345"), 0o000)
        mailbox.put(b"new/2")
        with outsider.unprivileged():
            maildrop = mailbox.login()
            assert rows(maildrop) == [(b"1", 5), (b"2", TEXT_OCTETS)]
            with pytest.raises(Refusal) as refusal:
                maildrop.message(1)
    assert refusal.value.code is Code.SYS_PERM
    assert "message 1: permission denied" in refusal.value.cause


def test_a_session_moves_no_file_and_sets_no_flag(mailbox: Mailbox) -> None:
    mailbox.put(b"new/1")
    mailbox.put(b"cur/2:2,")
    maildrop = mailbox.login()
    for number in (1, 2):
        text(maildrop, number)
        maildrop.counted(number, TEXT_OCTETS, 0)
    maildrop.close()
    assert (mailbox.names(b"new"), mailbox.names(b"cur")) == ([b"1"], [b"2:2,"])


# Sizes in names


def test_a_size_in_a_name_is_believed_at_first(mailbox: Mailbox) -> None:
    mailbox.put(WRONG_BY_NAME)
    assert rows(mailbox.login()) == [(b"1,W=9", 9)]


def test_what_was_counted_is_the_size_from_the_next_session_on(mailbox: Mailbox) -> None:
    mailbox.put(WRONG_BY_NAME)
    maildrop = mailbox.login()
    maildrop.counted(1, TEXT_OCTETS, 0)
    assert rows(maildrop) == [(b"1,W=9", 9)]
    maildrop.close()
    assert mailbox.listed() == [(b"1,W=9", TEXT_OCTETS)]
    mailbox.stamp()
    assert mailbox.listed() == mailbox.listed() == [(b"1,W=9", TEXT_OCTETS)]


def test_what_was_counted_is_remembered_of_a_quiet_mailbox_too(mailbox: Mailbox) -> None:
    mailbox.put(WRONG_BY_NAME)
    mailbox.stamp()
    mailbox.listed()
    maildrop = mailbox.login()
    maildrop.counted(1, TEXT_OCTETS, 0)
    maildrop.close()
    assert mailbox.listed() == [(b"1,W=9", TEXT_OCTETS)]


def test_a_wrong_size_is_reported(mailbox: Mailbox) -> None:
    mailbox.put(WRONG_BY_NAME)
    maildrop = mailbox.login()
    maildrop.counted(1, TEXT_OCTETS, 0)
    assert maildrop.wrong_sizes == [(os.fsdecode(mailbox.at(WRONG_BY_NAME)), 9, TEXT_OCTETS)]


def test_a_wrong_size_is_reported_with_the_folder_of_the_message(mailbox: Mailbox) -> None:
    mailbox.put(b".Work/" + WRONG_BY_NAME)
    maildrop = mailbox.login(all_folders=True)
    maildrop.counted(1, TEXT_OCTETS, 0)
    assert maildrop.wrong_sizes[0][0] == os.fsdecode(mailbox.at(b".Work/" + WRONG_BY_NAME))


def test_a_wrong_size_is_reported_once(mailbox: Mailbox) -> None:
    mailbox.put(WRONG_BY_NAME)
    maildrop = mailbox.login()
    maildrop.counted(1, TEXT_OCTETS, 0)
    maildrop.counted(1, TEXT_OCTETS, 0)
    assert len(maildrop.wrong_sizes) == 1


def test_a_right_size_is_nothing_to_report_or_write(mailbox: Mailbox) -> None:
    mailbox.put(b"cur/1,W=34:2,S")
    mailbox.stamp()
    mailbox.listed()
    maildrop = mailbox.login()
    maildrop.counted(1, TEXT_OCTETS, 0)
    assert maildrop.wrong_sizes == []
    assert not maildrop.unwritten


# Removal


def test_only_what_is_named_is_removed(mailbox: Mailbox) -> None:
    for place in (b"new/1", b"new/2", b"cur/3:2,S", b"cur/4:2,S"):
        mailbox.put(place)
    assert mailbox.login().remove((2, 3)) == 0
    assert (mailbox.names(b"new"), mailbox.names(b"cur")) == ([b"1"], [b"4:2,S"])


def test_without_a_removal_nothing_is_removed(mailbox: Mailbox) -> None:
    mailbox.put(b"new/1")
    maildrop = mailbox.login()
    maildrop.listing.mark(1)
    maildrop.close()
    assert mailbox.names(b"new") == [b"1"]


def test_a_removal_is_made_in_the_message_s_own_folder(mailbox: Mailbox) -> None:
    mailbox.put(b"new/1")
    mailbox.put(b".A/cur/1")
    assert mailbox.login(all_folders=True).remove((2,)) == 0
    assert (mailbox.names(b"new"), mailbox.names(b".A/cur")) == ([b"1"], [])


def test_what_was_moved_or_flagged_meanwhile_is_removed(mailbox: Mailbox) -> None:
    mailbox.put(b"new/1")
    mailbox.put(b"cur/2:2,")
    maildrop = mailbox.login()
    mailbox.move(b"new/1", b"cur/1:2,S")
    mailbox.move(b"cur/2:2,", b"cur/2:2,F")
    assert maildrop.remove((1, 2)) == 0
    assert mailbox.names(b"cur") == []


def test_what_has_gone_already_counts_as_removed(mailbox: Mailbox) -> None:
    mailbox.put(b"new/1")
    mailbox.put(b"new/2")
    maildrop = mailbox.login()
    os.unlink(mailbox.at(b"new/1"))
    assert maildrop.remove((1, 2)) == 0
    assert mailbox.names(b"new") == []


def test_mail_of_a_mailbox_that_has_gone_counts_as_removed(mailbox: Mailbox) -> None:
    mailbox.put(b"new/1")
    maildrop = mailbox.login()
    shutil.rmtree(mailbox.path)
    assert maildrop.remove((1,)) == 0


def test_what_cannot_be_removed_is_counted_and_the_rest_is_removed(mailbox: Mailbox) -> None:
    for name in (b"1", b"2", b"3"):
        mailbox.put(b"new/" + name)
    maildrop = mailbox.login()
    os.unlink(mailbox.at(b"new/2"))
    os.mkdir(mailbox.at(b"new/2"))
    assert maildrop.remove((1, 2, 3)) == 1
    assert mailbox.names(b"new") == [b"2"]


def test_what_cannot_be_searched_for_is_counted_too(mailbox: Mailbox) -> None:
    mailbox.put(b"cur/1")
    mailbox.put(b"cur/2")
    maildrop = mailbox.login()
    os.unlink(mailbox.at(b"cur/1"))
    os.rmdir(mailbox.at(b"new"))
    mailbox.put(b"new", b"a file in the folder's place\n")
    assert maildrop.remove((1, 2)) == 1
    assert mailbox.names(b"cur") == []


def test_nothing_can_be_removed_from_a_read_only_mailbox() -> None:
    with outsider.public_folder() as path:
        mailbox = Mailbox(path)
        mailbox.put(b"new/1")
        os.chmod(mailbox.at(b"new"), 0o555)
        with outsider.unprivileged():
            assert mailbox.login().remove((1,)) == 1
        assert mailbox.names(b"new") == [b"1"]
        os.chmod(mailbox.at(b"new"), 0o755)


def test_a_link_is_removed_and_not_what_it_points_to(mailbox: Mailbox) -> None:
    os.symlink(mailbox.put(b".A/cur/1"), mailbox.at(b"new/2"))
    assert mailbox.login().remove((1,)) == 0
    assert (mailbox.names(b"new"), mailbox.names(b".A/cur")) == ([], [b"1"])


def test_a_link_whose_end_has_gone_is_removed(mailbox: Mailbox) -> None:
    target = mailbox.put(b".A/cur/1")
    os.symlink(target, mailbox.at(b"new/2"))
    maildrop = mailbox.login()
    os.unlink(target)
    assert maildrop.remove((1,)) == 0
    assert mailbox.names(b"new") == []


def test_removals_are_entered_in_the_quota_file(mailbox: Mailbox) -> None:
    mailbox.put(b"maildirsize", b"1000000S\n")
    mailbox.put(b"new/1", b"12345\n")
    mailbox.put(b".A/cur/2", b"123\n")
    mailbox.login(all_folders=True).remove((1, 2))
    assert mailbox.content(b"maildirsize") == b"1000000S\n-6 -1\n-4 -1\n"


def test_many_removals_are_one_entry(mailbox: Mailbox) -> None:
    """The file is counted anew when it has grown to five kilobytes."""
    mailbox.put(b"maildirsize", b"1000000S\n")
    for number in range(300):
        mailbox.put(b"cur/%d,S=10:2,S" % number)
    mailbox.login().remove(range(1, 301))
    assert mailbox.content(b"maildirsize") == b"1000000S\n-3000 -300\n"


def test_what_does_not_count_is_not_entered(mailbox: Mailbox) -> None:
    mailbox.put(b"maildirsize", b"1000000S\n")
    mailbox.put(b"cur/1:2,ST")
    mailbox.put(b".Trash/cur/2:2,S")
    mailbox.login(all_folders=True).remove((1, 2))
    assert mailbox.content(b"maildirsize") == b"1000000S\n"


def test_what_was_moved_meanwhile_is_entered_too(mailbox: Mailbox) -> None:
    mailbox.put(b"maildirsize", b"1000000S\n")
    mailbox.put(b"new/1", b"12345\n")
    maildrop = mailbox.login()
    mailbox.move(b"new/1", b"cur/1:2,S")
    maildrop.remove((1,))
    assert mailbox.content(b"maildirsize") == b"1000000S\n-6 -1\n"


def test_only_what_was_removed_is_entered_in_the_quota_file(mailbox: Mailbox) -> None:
    mailbox.put(b"maildirsize", b"1000000S\n")
    mailbox.put(b"new/1")
    mailbox.put(b"new/2")
    maildrop = mailbox.login()
    os.unlink(mailbox.at(b"new/1"))
    os.unlink(mailbox.at(b"new/2"))
    os.mkdir(mailbox.at(b"new/2"))
    maildrop.remove((1, 2))
    assert mailbox.content(b"maildirsize") == b"1000000S\n"


def test_what_was_removed_is_not_listed_again(mailbox: Mailbox) -> None:
    mailbox.put(b"new/1")
    mailbox.put(b"new/2")
    mailbox.stamp()
    mailbox.listed()
    maildrop = mailbox.login()
    maildrop.remove((1,))
    maildrop.close()
    assert mailbox.listed() == [(b"2", TEXT_OCTETS)]


# The end


def test_closing_writes_what_was_learnt_once(mailbox: Mailbox) -> None:
    mailbox.put(b"new/1")
    maildrop = mailbox.login()
    before = maildrop.unwritten
    maildrop.close()
    assert (before, maildrop.unwritten) == (True, False)
    os.unlink(mailbox.at(INDEX))
    maildrop.close()
    assert INDEX not in mailbox.names(b"")


# The lock


def test_a_second_session_is_refused(mailbox: Mailbox) -> None:
    locks = Locks()
    maildrop = mailbox.login(lock=locks)
    assert refused(mailbox, locks=locks).code is Code.IN_USE
    maildrop.close()


def test_closing_gives_the_mailbox_free(mailbox: Mailbox) -> None:
    locks = Locks()
    mailbox.login(lock=locks).close()
    mailbox.login(lock=locks).close()


def test_closing_twice_does_not_free_the_next_session_s_lock(mailbox: Mailbox) -> None:
    locks = Locks()
    first = mailbox.login(lock=locks)
    first.close()
    second = mailbox.login(lock=locks)
    first.close()
    assert refused(mailbox, locks=locks).code is Code.IN_USE
    second.close()


def test_without_locks_sessions_share_the_mailbox(mailbox: Mailbox) -> None:
    mailbox.put(b"new/1")
    one, other = mailbox.login(), mailbox.login()
    assert one.remove((1,)) == 0
    assert gone(other, 1).code is Code.NONE
    assert LOCK not in mailbox.names(b"")


def test_a_mailbox_that_cannot_be_opened_is_not_left_locked(mailbox: Mailbox) -> None:
    locks = Locks()
    os.rmdir(mailbox.at(b"new"))
    mailbox.put(b"new", b"a file in the folder's place\n")
    assert refused(mailbox, locks=locks).code is Code.SYS_PERM
    os.unlink(mailbox.at(b"new"))
    mailbox.login(lock=locks).close()


# What is not there


def test_an_absent_mailbox_is_empty(mailbox: Mailbox) -> None:
    maildrop = Mailbox(mailbox.path + b"-not").login(lock=Locks())
    assert (maildrop.listing.count, maildrop.listing.octets) == (0, 0)


@pytest.mark.parametrize("all_folders", [False, True])
def test_for_an_absent_mailbox_nothing_is_made(mailbox: Mailbox, all_folders: bool) -> None:
    maildrop = Mailbox(mailbox.path + b"-not").login(all_folders, lock=Locks())
    maildrop.close()
    assert mailbox.names(b"..") == [b"fred"]


def test_a_mailbox_without_folders_is_empty(mailbox: Mailbox) -> None:
    for name in (b"tmp", b"new", b"cur"):
        os.rmdir(mailbox.at(name))
    assert mailbox.listed() == []


def test_an_absent_mail_root_is_an_error_of_the_system(mailbox: Mailbox) -> None:
    root = os.fsdecode(mailbox.path) + "-not"
    refusal = refused(Mailbox(os.fsencode(root) + b"/wilma"), Settings(root))
    assert refusal.line.startswith(b"-ERR [SYS/PERM] ")
    assert f"{root} is not there" in refusal.cause


def test_under_a_mail_root_that_is_there_a_mailbox_may_be_absent(mailbox: Mailbox) -> None:
    root = os.fsdecode(os.path.dirname(mailbox.path))
    assert open_maildrop(mailbox.path + b"-not", Settings(root), Locks(), Indexes(), HOLDER).listing.count == 0


def test_a_file_in_the_place_of_a_mailbox_is_an_error_of_the_system(mailbox: Mailbox) -> None:
    mailbox.put(b"../wilma")
    refusal = refused(Mailbox(mailbox.at(b"../wilma")))
    assert refusal.line.startswith(b"-ERR [SYS/PERM] ")
    assert refusal.cause.endswith(": not a directory")


@pytest.mark.parametrize("closed", [b"", b"new", b"cur"])
def test_a_mailbox_closed_to_the_server_is_an_error_of_the_system(closed: bytes) -> None:
    with outsider.public_folder() as path:
        mailbox = Mailbox(path)
        mailbox.put(b"new/1")
        mailbox.put(b"cur/2")
        os.chmod(mailbox.at(closed), 0o000)
        with outsider.unprivileged():
            refusal = refused(mailbox)
        os.chmod(mailbox.at(closed), 0o755)
    assert refusal.code is Code.SYS_PERM
    assert re.search(r": permission denied$", refusal.cause)
    assert path not in refusal.line
