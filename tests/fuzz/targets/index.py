"""The index of a mailbox: the first octet says whether the rest is all of the file or lacks only its checksum.

A file that no mtq wrote changes no listing and is made anew. One with a right checksum, which no accident makes,
raises nothing at least.
"""

import os
import struct
import tempfile
import zlib
from contextlib import suppress

from mtq.errors import Refusal
from mtq.mail import index
from mtq.mail.index import NAME
from tests.mail.mailbox import TEXT, Mailbox

MAGIC = b"mtq index 2\n"

FILLED = {
    b"new/1": TEXT,
    b"cur/2:2,S": TEXT * 2,
    b"cur/3,W=7": b"1\n2\n3\n",
    b".A/cur/2:2,": TEXT,
    b".A/new/4\xff": b"",
}


def check(octets: bytes) -> None:
    forged, content = bool(int.from_bytes(octets[:1]) & 1), octets[1:]
    with tempfile.TemporaryDirectory() as folder:
        mailbox = Mailbox(os.fsencode(folder))
        for place, text in FILLED.items():
            mailbox.put(place, text)
        mailbox.stamp()
        truth = _listed(mailbox)
        written = mailbox.content(NAME)
        mailbox.put(NAME, with_checksum(content) if forged else content)
        if forged:
            with suppress(Refusal):
                mailbox.listed(all_folders=True)
            os.unlink(mailbox.at(NAME))
        assert _listed(mailbox) == truth
        assert _listed(mailbox) == truth
        assert mailbox.content(NAME) == written


def with_checksum(body: bytes) -> bytes:
    """The index file that has this behind its checksum."""
    return MAGIC + struct.pack("<I", zlib.crc32(body)) + body


def _listed(mailbox: Mailbox) -> list[tuple[bytes, int]]:
    everything = mailbox.listed(all_folders=True)
    assert everything[:3] == mailbox.listed()
    assert index.read(mailbox.path).folders == {b"", b".A"}
    return everything
