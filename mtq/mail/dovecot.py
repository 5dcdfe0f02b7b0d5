"""`dovecot-uidlist`: the uids that Dovecot gave the messages of a Maildir folder, and what it saved with them.

Version 3, written since Dovecot 1.1, and version 1. https://doc.dovecot.org, Maildir, "IMAP UID mapping".
"""

import re
from collections.abc import Iterator

from mtq.mail.maildir import base
from mtq.mail.uidl_format import Facts, Value

NAME = b"dovecot-uidlist"

_FIRST = re.compile(rb"(?:3(?: [!-~]+)*? V|1 )([0-9]{1,10})(?: [!-~]+)*\Z")
_ENTRY_3 = re.compile(rb"([0-9]{1,10}) +((?:[A-Za-z][^ ]* +)*):([^/]+)\Z")
_ENTRY_1 = re.compile(rb"([0-9]{1,10}) +()([^/]+)\Z")
_FIELD = re.compile(rb"([A-Za-z])([^ ]*)")


def unique_ids(data: bytes, made: Value) -> Iterator[tuple[bytes, bytes]]:
    """Base names and unique-ids in the list's order. One that Dovecot saved is it, else what its format makes.

    Raises ValueError with the number of a line that Dovecot itself would give the list up for.
    """
    lines = data.split(b"\n")
    if lines.pop():
        raise ValueError(f"line {len(lines) + 1} has no end; if Dovecot is writing it, try again")
    first = _FIRST.match(lines[0]) if lines else None
    if first is None or int(first[1]) == 0:
        raise ValueError("line 1 is not the head of a list of version 1 or 3")
    entry, validity = _ENTRY_3 if lines[0].startswith(b"3") else _ENTRY_1, int(first[1])
    before = 0
    for number, line in enumerate(lines[1:], 2):
        found = entry.match(line)
        if found is None:
            raise ValueError(f"line {number} is no entry")
        uid, fields, name = int(found[1]), dict(_FIELD.findall(found[2])), base(found[3])
        if uid <= before:
            raise ValueError(f"line {number}: uid {uid} comes after {before}")
        before = uid
        saved = fields.get(b"P")
        if saved is None:
            yield name, made(Facts(uid, validity, name, fields.get(b"G") or name))
        else:
            yield name, saved or name      # an empty one stands for the file name
