"""Looking through a folder: what is there, by name, and what is known of it without reading."""

import os
import tempfile
import time
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtq.mail import maildir
from mtq.mail.maildir import Folder
from mtq.mail.scan import in_order, scanned, stamps_of
from mtq.mail.section import UNKNOWN, Section
from tests.mail.mailbox import LONG_AGO, Mailbox

names = st.binary(min_size=1, max_size=6).map(lambda name: name.replace(b"\0", b"_"))


def scan(mailbox: Mailbox, known: Section | None = None) -> Section:
    folder = Folder(b"", mailbox.path)
    return scanned(folder, mailbox.path, stamps_of(folder, time.time_ns), known)


@given(st.sets(names), st.sets(names))
def test_names_are_sorted_whatever_is_known_of_them(known: set[bytes], new: set[bytes]) -> None:
    assert in_order(list(known), list(new - known)) == sorted(known | new)


@pytest.mark.parametrize("number", [1023, 1024, 1025, 5000])
def test_many_names_are_sorted_too(number: int) -> None:
    many = [b"%d" % (at * 7919 % 100_003) for at in range(number)]
    assert in_order([], many) == sorted(many)
    assert in_order(sorted(many[:99]), many[99:]) == sorted(many)


def test_a_size_is_that_of_the_name_or_unknown(mailbox: Mailbox) -> None:
    mailbox.put(b"new/1,W=70")
    mailbox.put(b"cur/2:2,S")
    section = scan(mailbox)
    assert list(section.sizes) == [70, UNKNOWN]
    assert list(section.left_out) == [UNKNOWN, UNKNOWN]
    assert list(section.places) == [b"new/", b"cur/:2,S"]


def test_what_is_known_of_a_name_is_kept_wherever_it_lies_now(mailbox: Mailbox) -> None:
    for place in (b"new/1,W=70", b"new/3", b"new/5"):
        mailbox.put(place)
    known = scan(mailbox)
    known.sizes = array("q", [71, 30, 50])
    known.left_out = array("i", [1, UNKNOWN, 5])
    mailbox.move(b"new/5", b"cur/5:2,S")
    os.unlink(mailbox.at(b"new/3"))
    for place in (b"new/0", b"cur/4"):
        mailbox.put(place)
    section = scan(mailbox, known)
    assert list(section.names) == [b"0", b"1,W=70", b"4", b"5"]
    assert list(section.sizes) == [UNKNOWN, 71, UNKNOWN, 50]
    assert list(section.left_out) == [UNKNOWN, 1, UNKNOWN, 5]
    assert list(section.places) == [b"new/", b"new/", b"cur/", b"cur/:2,S"]


@given(st.sets(names.filter(lambda name: not set(name) & set(b"/:.")), max_size=6), st.data())
def test_unique_ids_do_not_depend_on_what_is_known(names: set[bytes], data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as path:
        mailbox = Mailbox(os.fsencode(path))
        os.mkdir(mailbox.at(b"new"))
        first = data.draw(st.sets(st.sampled_from(sorted(names)))) if names else set()
        for name in first:
            mailbox.put(b"new/" + name)
        known = scan(mailbox)
        for name in names:
            mailbox.put(b"new/" + name)
        section = scan(mailbox, known)
        assert list(section.ids) == [maildir.unique_id(name) for name in section.names]


def test_stamps_say_when_new_and_cur_were_changed(mailbox: Mailbox) -> None:
    os.utime(mailbox.at(b"new"), ns=(0, LONG_AGO))
    os.utime(mailbox.at(b"cur"), ns=(0, LONG_AGO + 1))
    stamps = stamps_of(Folder(b"", mailbox.path), time.time_ns)
    assert (stamps.new, stamps.cur, stamps.quiet) == (LONG_AGO, LONG_AGO + 1, True)


def test_a_subfolder_that_is_not_there_has_no_stamp(mailbox: Mailbox) -> None:
    os.rmdir(mailbox.at(b"new"))
    assert stamps_of(Folder(b"", mailbox.path), time.time_ns).new == 0
