"""The mail of the demonstration: whole, the same each time, and as mixed as a real mailbox."""

import csv
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime

import pytest

from mtq.commands.demo.letters import letters

USERS = ("fred", "wilma", "barney", "pearl", "george")
RAW = [letter for user in USERS for letter in letters(user)]
PARSED = [message_from_bytes(letter, policy=policy.default) for letter in RAW]
PARTS = [part for message in PARSED for part in message.walk()]


def attachment(suffix: str) -> bytes:
    """The first attachment of that kind."""
    data = next(p for p in PARTS if (p.get_filename() or "").endswith(suffix)).get_content()
    return data.encode() if isinstance(data, str) else bytes(data)


def some_letter(test: Callable[[EmailMessage], object]) -> bool:
    """Whether some letter is so."""
    return any(test(message) for message in PARSED)


@pytest.mark.parametrize(("user", "count"), [("fred", 30), ("wilma", 12), ("barney", 6), ("pearl", 3), ("george", 2)])
def test_everybody_has_letters(user: str, count: int) -> None:
    assert len(list(letters(user))) == count


def test_a_stranger_has_none() -> None:
    assert list(letters("dino")) == []


@pytest.mark.parametrize("user", USERS)
def test_the_letters_are_the_same_each_time(user: str) -> None:
    assert list(letters(user)) == list(letters(user))


@pytest.mark.parametrize("user", USERS)
def test_letters_come_oldest_first(user: str) -> None:
    dates = [parsedate_to_datetime(message_from_bytes(letter)["Date"]) for letter in letters(user)]
    assert dates == sorted(dates)


def test_the_letters_lie_weeks_apart() -> None:
    dates = [parsedate_to_datetime(str(message["Date"])) for message in PARSED]
    assert max(dates) - min(dates) > timedelta(weeks=5)


def test_no_letter_is_malformed() -> None:
    assert [part.defects for part in PARTS if part.defects] == []


def test_no_header_is_malformed_but_the_message_id_of_one() -> None:
    assert [name for part in PARTS for name, value in part.items() if value.defects] == ["Message-ID"]


def test_every_letter_has_what_a_list_of_mail_shows() -> None:
    assert all(message[name] for message in PARSED for name in ("From", "To", "Subject", "Date"))


def test_one_message_id_is_two() -> None:
    heads = [re.search(rb"^Message-ID:.*", letter, re.MULTILINE) for letter in RAW]
    assert [head[0].count(b"<") for head in heads if head and head[0].count(b"<") != 1] == [2]


def test_some_letters_have_no_message_id() -> None:
    assert any("Message-ID" not in message for message in PARSED)


@pytest.mark.parametrize(
    ("charset", "encoding", "word"),
    [
        ("utf-8", "7bit", "Wilma"),
        ("iso-8859-1", "quoted-printable", "Grüße"),
        ("iso-8859-1", "quoted-printable", "fougère"),
        ("utf-8", "quoted-printable", "réunion"),
        ("utf-8", "8bit", "Käse"),
        ("koi8-r", "base64", "щебня"),
        ("iso-2022-jp", "7bit", "見積もり"),
        ("utf-8", "base64", "お茶会"),
        ("gb18030", "base64", "参观"),
        ("utf-8", "8bit", "الحجارة"),
    ],
)
def test_letters_come_in_many_alphabets(charset: str, encoding: str, word: str) -> None:
    texts = [
        part.get_content()
        for part in PARTS
        if part.get_content_type() == "text/plain"
        and part.get_content_charset() == charset
        and part["Content-Transfer-Encoding"] == encoding
    ]
    assert any(word in text for text in texts)


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "koi8-r", "iso-2022-jp", "gb18030"])
def test_subjects_are_encoded_words_in_the_letter_s_own_alphabet(charset: str) -> None:
    assert any(re.search(rb"^Subject: =\?%b\?" % charset.encode(), letter, re.MULTILINE) for letter in RAW)


@pytest.mark.parametrize(
    "kind",
    [
        "multipart/alternative", "text/html", "multipart/mixed", "text/csv", "image/png", "application/zip",
        "text/calendar", "message/rfc822", "multipart/digest", "multipart/report", "message/delivery-status",
        "multipart/signed", "application/pgp-signature",
    ],
)
def test_letters_have_parts_of_many_kinds(kind: str) -> None:
    assert kind in {part.get_content_type() for part in PARTS}


def test_the_table_is_one() -> None:
    rows = list(csv.reader(io.StringIO(attachment(".csv").decode())))
    assert len(rows) > 2
    assert len({len(row) for row in rows}) == 1


def test_the_picture_is_one() -> None:
    png = attachment(".png")
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    chunks, at = {}, 8
    while at < len(png):
        length, kind = struct.unpack_from(">I4s", png, at)
        data = png[at + 8 : at + 8 + length]
        assert zlib.crc32(kind + data) == struct.unpack_from(">I", png, at + 8 + length)[0]
        chunks[kind] = data
        at += length + 12
    width, height = struct.unpack_from(">II", chunks[b"IHDR"])
    assert len(zlib.decompress(chunks[b"IDAT"])) == height * (1 + 3 * width)
    assert list(chunks) == [b"IHDR", b"IDAT", b"IEND"]


def test_the_archive_is_one() -> None:
    with zipfile.ZipFile(io.BytesIO(attachment(".zip"))) as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) > 1


def test_the_invitation_is_one() -> None:
    part = next(part for part in PARTS if part.get_content_type() == "text/calendar")
    assert part.get_param("method") == "REQUEST"
    assert "BEGIN:VEVENT" in part.get_content()


def test_the_digest_holds_letters() -> None:
    part = next(part for part in PARTS if part.get_content_type() == "multipart/digest")
    assert [inner.get_content_type() for inner in part.iter_parts()] == ["message/rfc822"] * 2


def test_the_bounce_says_whose_letter_came_back() -> None:
    part = next(part for part in PARTS if part.get_content_type() == "message/delivery-status")
    assert "Action: failed" in part.as_string()
    assert re.search(r"^Final-Recipient: rfc822; \S+@", part.as_string(), re.MULTILINE)


def test_whoever_is_answered_has_written() -> None:
    written = {str(message["Message-ID"]) for message in PARSED}
    answered = {word for message in PARSED for word in str(message.get("References", "")).split()}
    assert len(answered) > 3
    assert answered <= written


@pytest.mark.parametrize(
    "field", ["List-Id", "List-Unsubscribe", "Auto-Submitted", "Return-Path", "Reply-To", "X-Priority", "Precedence"]
)
def test_lists_and_machines_write_too(field: str) -> None:
    assert some_letter(lambda message: field in message)


def test_one_letter_came_a_long_way() -> None:
    assert some_letter(lambda message: len(message.get_all("Received", [])) >= 3)


def test_headers_are_folded_at_spaces_and_tabs() -> None:
    heads = [letter.partition(b"\n\n")[0] for letter in RAW]
    assert any(b"\n " in head for head in heads)
    assert any(b"\n\t" in head for head in heads)


@pytest.mark.parametrize("lines", [b"\n.\n", b"\n..\n", b"\n..hidden\n", b"\n.profile\n"])
def test_lines_begin_with_dots(lines: bytes) -> None:
    assert any(lines in letter for letter in RAW)


def test_most_letters_have_unix_line_ends_and_some_those_of_the_network() -> None:
    network = [letter for letter in RAW if b"\r" in letter]
    assert all(letter.count(b"\r\n") == letter.count(b"\n") == letter.count(b"\r") for letter in network)
    assert 2 <= len(network) < len(RAW) / 4


def test_some_letters_do_not_end_their_last_line() -> None:
    assert any(not letter.endswith(b"\n") for letter in RAW)


def test_a_line_is_longer_than_mail_allows() -> None:
    assert any(len(line) > 998 for letter in RAW for line in letter.split(b"\n"))


def test_a_letter_says_nothing() -> None:
    assert some_letter(lambda message: not message.is_multipart() and not message.get_content().strip())
