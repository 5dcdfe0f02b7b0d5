"""`courierpop3dsizelist`: the UIDs that Courier's POP3 server gave the messages of a Maildir, and their sizes.

What follows a message's size tells which version made the entry, and so what its unique-id is: nothing (its file
name), a number, or a number and a UIDVALIDITY; version 3 adds whether there is UTF-8 in the header. The first line
says `/`, the version of the file, the next number and the UIDVALIDITY; version 0 has none.
Source: pop3dserver.C of courier-imap, and Dovecot's courier-dovecot-migrate.pl for the first two versions.
"""

import re
from collections.abc import Iterator

from mtq.mail.maildir import base

NAME = b"courierpop3dsizelist"

_NUMBER = rb"[0-9]{1,20}"      # what 64 bits hold
_FIRST = re.compile(rb"/[123](?: %b){1,2}\Z" % _NUMBER)
_ENTRY = re.compile(rb"([^/]+?) %b(?: (%b)(?::(%b)(?::%b)?)?)?\Z" % (_NUMBER, _NUMBER, _NUMBER, _NUMBER))
_ESCAPED = re.compile(rb"[^!-~]|['\"+]")


def unique_ids(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Base names and unique-ids in the list's order. Raises ValueError with the number of a damaged line."""
    lines = data.split(b"\n")
    if lines.pop():
        raise ValueError(f"line {len(lines) + 1} has no end; if Courier is writing it, try again")
    headless = not lines or not lines[0].startswith(b"/")
    if not headless and not _FIRST.match(lines[0]):
        raise ValueError("line 1 is not the head of a list of version 1, 2 or 3")
    for number, line in enumerate(lines):
        if number == 0 and not headless:
            continue
        found = _ENTRY.match(line)
        if found is None:
            raise ValueError(f"line {number + 1} is no entry")
        name, uid, validity = base(found[1]), int(found[2] or 0), int(found[3] or 0)
        yield name, _unique_id(name, uid, validity)


def _unique_id(name: bytes, uid: int, validity: int) -> bytes:
    if uid == 0:
        return _ESCAPED.sub(lambda octet: b"+%02X" % ord(octet[0]), name)
    return b"UID%d-%d" % (uid, validity) if validity else b"UID%d" % uid
