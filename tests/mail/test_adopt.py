"""A mailbox is taken over from a Dovecot that runs here, or with a list that Courier left: clients notice nothing."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from mtq.errors import MtqError
from mtq.mail import adopt, adopted, uidl_format
from mtq.mail.adopt import Origin, Taking
from mtq.mail.deliver import deliver
from tests.mail import dovecot, outsider
from tests.mail.dovecot import Dovecot
from tests.mail.mailbox import Mailbox, ids, rows, text

HEAD = b"3 V1795615351 N9 G1c37821477ea066b790c000083ecc375\n"
DEFAULT = uidl_format.compiled(uidl_format.DEFAULT)


@pytest.fixture
def before() -> Iterator[Dovecot]:
    """A Dovecot that serves a mailbox with three messages in it, delivered in different ways."""
    with outsider.public_folder() as folder:
        box = Mailbox(os.path.join(folder, b"Maildir"))
        deliver(box.path, iter([b"Subject: one\n\n1\n"]))
        deliver(box.path, iter([b"Subject: two\n\n2\n"]))
        box.put(b"cur/1600000000.M1P1.host:2,S", b"Subject: three\n\n3\n")
        dovecot.give(box.path)
        yield Dovecot(Path(os.fsdecode(folder)), box.path)


def take_over(mailbox: Mailbox, origin: Origin = Origin.DOVECOT, made: uidl_format.Value = DEFAULT) -> Taking:
    """Adopt a mailbox and say what came of its inbox."""
    takings = adopt.plan(mailbox.path, origin, made)
    adopt.carry_out(takings)
    return takings[0]


def served(mailbox: Mailbox) -> dict[bytes, bytes]:
    """The unique-id of each message that mtq serves, by what the message says."""
    drop = mailbox.login()
    return {
        text(drop, number).rstrip(b"\n"): row[0] for number, row in enumerate(rows(drop), 1)
    }


# From Dovecot


@pytest.mark.parametrize(
    "written", ["%08Xu%08Xv", "%v-%u", "%v.%u", "%f", "%g", "%Mf", "UID%u-%v", "%05u", "%Lf", "%08Xv%08Xu"]
)
def test_dovecots_unique_ids_are_kept(before: Dovecot, written: str) -> None:
    mailbox = Mailbox(before.mailbox)
    theirs = before.unique_ids(pop3_uidl_format=written)
    assert len(theirs) == 3
    taking = take_over(mailbox, made=uidl_format.compiled(written))
    assert served(mailbox) == theirs
    assert (taking.messages, taking.kept, taking.unknown, taking.unfit) == (3, 3, 0, 0)


def test_unique_ids_that_dovecot_saved_are_kept_whatever_its_format_is_now(before: Dovecot) -> None:
    theirs = before.unique_ids(pop3_uidl_format="%v.%u", pop3_save_uidl="yes")
    assert before.unique_ids() == theirs
    take_over(Mailbox(before.mailbox))
    assert served(Mailbox(before.mailbox)) == theirs


def test_file_names_that_dovecot_saved_are_kept(before: Dovecot) -> None:
    theirs = before.unique_ids(pop3_uidl_format="%f", pop3_save_uidl="yes")
    take_over(Mailbox(before.mailbox))
    assert served(Mailbox(before.mailbox)) == theirs


def test_dovecot_itself_is_not_disturbed(before: Dovecot) -> None:
    theirs = before.unique_ids()
    take_over(Mailbox(before.mailbox))
    assert before.unique_ids() == theirs


def test_a_message_that_dovecot_has_not_seen_has_an_id_of_mtqs(before: Dovecot) -> None:
    mailbox = Mailbox(before.mailbox)
    theirs = before.unique_ids()
    name = os.path.basename(deliver(mailbox.path, iter([b"Subject: four\n\n4\n"])))
    taking = take_over(mailbox)
    assert (taking.messages, taking.kept, taking.unknown) == (4, 3, 1)
    assert served(mailbox) == {**theirs, b"Subject: four\n\n4": name}


# From Courier


def test_couriers_unique_ids_are_kept(mailbox: Mailbox) -> None:
    mailbox.put(b"cur/160.M1P1.host:2,")
    mailbox.put(b"cur/161.M1P1.host:2,S")
    mailbox.put(b"cur/162.host:2,")
    mailbox.put(b"new/163.host")
    mailbox.put(
        b"courierpop3dsizelist",
        b"/3 7 1795615395\n160.M1P1.host:2, 34 1:1795615395:0\n161.M1P1.host:2, 34 6:0:0\n162.host:2, 34 0:0:0\n",
    )
    taking = take_over(mailbox, Origin.COURIER)
    assert ids(mailbox.login()) == [b"UID1-1795615395", b"UID6", b"162.host", b"163.host"]
    assert (taking.messages, taking.kept, taking.unknown, taking.unfit) == (4, 3, 1, 0)


# What is written


def test_every_folder_that_has_a_list_is_adopted(mailbox: Mailbox) -> None:
    mailbox.put(b"cur/1:2,")
    mailbox.put(b".Sent/cur/2:2,")
    mailbox.put(b".Work/cur/3:2,")
    mailbox.put(b"dovecot-uidlist", b"3 V7 N9\n1 :1\n")
    mailbox.put(b".Work/dovecot-uidlist", b"3 V8 N9\n1 :3\n")
    takings = adopt.plan(mailbox.path, Origin.DOVECOT, DEFAULT)
    adopt.carry_out(takings)
    assert [(taking.folder.name, taking.kept) for taking in takings] == [(b"", 1), (b".Work", 1)]
    assert ids(mailbox.login(all_folders=True)) == [b"0000000100000007", b"2", b"0000000100000008"]


def test_planning_writes_nothing(mailbox: Mailbox) -> None:
    mailbox.put(b"cur/1:2,")
    mailbox.put(b"dovecot-uidlist", b"3 V7 N9\n1 :1\n")
    assert adopt.plan(mailbox.path, Origin.DOVECOT, DEFAULT)[0].changes
    assert mailbox.names(b"") == [b"cur", b"dovecot-uidlist", b"new", b"tmp"]


def test_adopting_twice_changes_nothing(mailbox: Mailbox) -> None:
    mailbox.put(b"cur/1:2,")
    mailbox.put(b"dovecot-uidlist", b"3 V7 N9\n1 :1\n")
    assert take_over(mailbox).changes
    before = os.stat(mailbox.at(adopted.NAME))
    assert not take_over(mailbox).changes
    assert os.stat(mailbox.at(adopted.NAME)) == before


def test_messages_that_have_gone_are_not_kept_for_ever(mailbox: Mailbox) -> None:
    mailbox.put(b"cur/1:2,")
    mailbox.put(b"cur/2:2,")
    mailbox.put(b"dovecot-uidlist", b"3 V7 N9\n1 :1\n2 :2\n3 :3\n")
    take_over(mailbox)
    assert set(adopted.read(mailbox.path)) == {b"1", b"2"}
    os.unlink(mailbox.at(b"cur/1:2,"))
    take_over(mailbox)
    assert set(adopted.read(mailbox.path)) == {b"2"}


def test_a_second_adoption_corrects_the_first(mailbox: Mailbox) -> None:
    mailbox.put(b"cur/1:2,")
    mailbox.put(b"dovecot-uidlist", b"3 V7 N9\n1 :1\n")
    take_over(mailbox)
    take_over(mailbox, made=uidl_format.compiled("%v-%u"))
    assert ids(mailbox.login()) == [b"7-1"]
    take_over(mailbox, made=uidl_format.compiled("%f"))
    assert ids(mailbox.login()) == [b"1"]


def test_what_was_kept_of_another_server_stays(mailbox: Mailbox) -> None:
    mailbox.put(b"cur/1:2,")
    mailbox.put(b"cur/2:2,")
    mailbox.put(b"courierpop3dsizelist", b"/3 2 7\n1:2, 34 1:7:0\n")
    mailbox.put(b"dovecot-uidlist", b"3 V7 N9\n5 :2\n")
    take_over(mailbox, Origin.COURIER)
    take_over(mailbox, Origin.DOVECOT)
    assert ids(mailbox.login()) == [b"UID1-7", b"0000000500000007"]


def test_a_damaged_file_of_our_own_is_made_anew(mailbox: Mailbox) -> None:
    mailbox.put(b"cur/1:2,")
    mailbox.put(b"dovecot-uidlist", b"3 V7 N9\n1 P :1\n")
    mailbox.put(adopted.NAME, b"rubbish")
    take_over(mailbox)
    assert ids(mailbox.login()) == [b"1"]


def test_a_session_that_is_open_keeps_its_listing_and_the_next_has_the_new_one(mailbox: Mailbox) -> None:
    mailbox.put(b"cur/1:2,")
    mailbox.put(b"dovecot-uidlist", b"3 V7 N9\n1 :1\n")
    session = mailbox.login()
    take_over(mailbox)
    assert ids(session) == [b"1"]
    session.close()
    assert ids(mailbox.login()) == [b"0000000100000007"]


@pytest.mark.parametrize("unfit", [b"x" * 71, b"\xc3\xa9", b"\x7f"])
def test_an_id_that_pop3_does_not_allow_is_not_kept(mailbox: Mailbox, unfit: bytes) -> None:
    mailbox.put(b"cur/1:2,")
    mailbox.put(b"dovecot-uidlist", b"3 V7 N9\n1 P%b :1\n" % unfit)
    taking = take_over(mailbox)
    assert (taking.kept, taking.unfit) == (0, 1)
    assert ids(mailbox.login()) == [b"1"]


def test_of_two_messages_with_one_id_the_first_keeps_it(mailbox: Mailbox) -> None:
    mailbox.put(b"cur/1:2,")
    mailbox.put(b"cur/2:2,")
    mailbox.put(b"dovecot-uidlist", b"3 V7 N9\n1 Psame :1\n2 Psame :2\n")
    taking = take_over(mailbox)
    assert (taking.kept, taking.unfit) == (1, 1)
    assert ids(mailbox.login()) == [b"same", b"2"]


# What cannot be adopted


def test_a_damaged_list_changes_nothing_in_any_folder(mailbox: Mailbox) -> None:
    mailbox.put(b"cur/1:2,")
    mailbox.put(b".Work/cur/2:2,")
    mailbox.put(b"dovecot-uidlist", b"3 V7 N9\n1 :1\n")
    mailbox.put(b".Work/dovecot-uidlist", b"3 V8 N9\n1 :2\nrubbish\n")
    with pytest.raises(MtqError) as error:
        take_over(mailbox)
    assert str(error.value) == (
        f"{os.fsdecode(mailbox.at(b'.Work/dovecot-uidlist'))}: damaged: line 3 is no entry; nothing was changed"
    )
    assert mailbox.names(b"") == [b".Work", b"cur", b"dovecot-uidlist", b"new", b"tmp"]


def test_a_link_in_place_of_the_list_is_not_followed(mailbox: Mailbox) -> None:
    mailbox.put(b"../elsewhere", b"3 V7 N9\n1 :1\n")
    os.symlink(mailbox.at(b"../elsewhere"), mailbox.at(b"dovecot-uidlist"))
    with pytest.raises(OSError, match="symbolic links"):
        take_over(mailbox)


def test_whose_lists_there_are(mailbox: Mailbox) -> None:
    assert adopt.origins(mailbox.path) == []
    mailbox.put(b".Work/cur/1")
    mailbox.put(b".Work/dovecot-uidlist")
    assert adopt.origins(mailbox.path) == [Origin.DOVECOT]
    mailbox.put(b"courierpop3dsizelist")
    assert adopt.origins(mailbox.path) == [Origin.DOVECOT, Origin.COURIER]
