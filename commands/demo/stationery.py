"""What the letters of the demonstration are written on: a few words in, a message as a mail system stores it out."""

import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, message_from_string, policy
from email.header import Header
from email.message import EmailMessage
from io import BytesIO

Enclosure = Callable[[EmailMessage], None]
"""Something that is put into the envelope beside the text."""


def as_it_is(message: bytes) -> bytes:
    """Stored as Unix delivery agents do, with LF."""
    return message


def with_crlf(message: bytes) -> bytes:
    """Stored with the line ends of the network."""
    return message.replace(b"\n", b"\r\n")


def without_last_line_end(message: bytes) -> bytes:
    """Stored by a program that forgot to end the last line."""
    return message.rstrip(b"\n")


@dataclass(frozen=True)
class Letter:
    """A letter before it is written. `{id}` in a header stands for a word that is the letter's own."""

    sender: str
    subject: str
    text: str
    enclosed: tuple[Enclosure, ...] = ()
    charset: str = "utf-8"
    encoding: str | None = None      # the content transfer encoding; None: the plainest that will do
    to: str = ""                     # empty: the owner of the mailbox
    headers: str = ""                # more header lines, put on top as they are
    message_id: str = "Message-ID: <{id}@bedrock.example>\n"
    stored: Callable[[bytes], bytes] = as_it_is


def written(letter: Letter, to: str, sent: datetime, unique: str) -> bytes:
    """The message. The same letter is the same octets each time: boundaries are made of `unique`, not by chance."""
    message = EmailMessage()
    message["From"] = letter.sender
    message["To"] = letter.to or to
    message["Date"] = sent
    message.set_content(letter.text, charset=letter.charset, cte=letter.encoding)
    for enclose in letter.enclosed:
        enclose(message)
    for number, part in enumerate(message.walk()):
        if part.is_multipart() and part.get_content_maintype() == "multipart":
            part.set_boundary(f"=_{unique}_{number}")
    return letter.stored(_head(letter, unique).encode() + message.as_bytes())


def _head(letter: Letter, unique: str) -> str:
    # EmailMessage writes every encoded word in UTF-8; here a subject keeps the character set of its letter.
    charset = None if letter.subject.isascii() else letter.charset
    subject = Header(letter.subject, charset, header_name="Subject").encode()
    return (letter.headers + letter.message_id).replace("{id}", unique) + f"Subject: {subject}\n"


def html(markup: str) -> Enclosure:
    """The same text once more, for programs that show HTML."""
    return lambda message: message.add_alternative(markup, subtype="html", cte="quoted-printable")


def attached(name: str, kind: str, data: bytes) -> Enclosure:
    """A file."""
    maintype, _, subtype = kind.partition("/")
    return lambda message: message.add_attachment(data, maintype, subtype, filename=name)


def picture(name: str, red: int, green: int, blue: int) -> Enclosure:
    """A small PNG of one colour."""
    side = 16
    rows = (b"\0" + bytes((red, green, blue)) * side) * side
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    )
    png = b"\x89PNG\r\n\x1a\n"
    for kind, data in chunks:
        png += struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return attached(name, "image/png", png)


def zipped(name: str, files: dict[str, str]) -> Enclosure:
    """An archive of small text files."""
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
        for file, text in files.items():
            target.writestr(zipfile.ZipInfo(file, (2026, 11, 2, 8, 0, 0)), text)
    return attached(name, "application/zip", archive.getvalue())


def invitation(summary: str, start: str, end: str) -> Enclosure:
    """A meeting, for programs with a calendar (RFC 6047)."""
    lines = (
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Bedrock//Slate Quarry//EN", "METHOD:REQUEST",
        "BEGIN:VEVENT", f"UID:{start}@bedrock.example", f"DTSTAMP:{start}", f"DTSTART:{start}", f"DTEND:{end}",
        f"SUMMARY:{summary}", "ORGANIZER:mailto:slate@quarry.example", "END:VEVENT", "END:VCALENDAR",
    )
    calendar = "\n".join(lines) + "\n"
    return lambda message: message.add_alternative(calendar, subtype="calendar", params={"method": "REQUEST"})


def forwarded(message: bytes) -> Enclosure:
    """Another message, whole."""
    return lambda outer: outer.add_attachment(message_from_bytes(message, policy=policy.default))


def digest(*messages: bytes) -> Enclosure:
    """Several messages of a mailing list in one (RFC 2046, section 5.1.5)."""

    def enclose(outer: EmailMessage) -> None:
        several = EmailMessage()
        several.make_mixed()
        for message in messages:
            forwarded(message)(several)
        several.set_type("multipart/digest")
        outer.make_mixed()
        outer.attach(several)

    return enclose


def signed(signature: str) -> Enclosure:
    """What looks like an OpenPGP signature (RFC 3156)."""

    def enclose(message: EmailMessage) -> None:
        message.make_mixed()
        message.attach(_part("application/pgp-signature; name=signature.asc", signature))
        message.set_type("multipart/signed")
        message.set_param("micalg", "pgp-sha256")
        message.set_param("protocol", "application/pgp-signature")

    return enclose


def returned(message: bytes, recipient: str, reason: str) -> Enclosure:
    """A message that could not be delivered, with the mail system's report (RFC 3464)."""
    report = (
        "Reporting-MTA: dns; mail.bedrock.example\n\n"
        f"Final-Recipient: rfc822; {recipient}\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; {reason}\n"
    )

    def enclose(outer: EmailMessage) -> None:
        outer.make_mixed()
        outer.attach(_part("message/delivery-status", report))
        forwarded(message)(outer)
        outer.set_type("multipart/report")
        outer.set_param("report-type", "delivery-status")

    return enclose


def _part(kind: str, text: str) -> EmailMessage:
    return message_from_string(f"Content-Type: {kind}\n\n{text}", policy=policy.default)
