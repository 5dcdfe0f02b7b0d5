"""What another server left behind: the first octet chooses a list of Dovecot or Courier, kept unique-ids or an mbox.

A list is read, or the line that is wrong is told; what is kept is read again; an mbox loses no octet.
"""

import io
import re
from collections.abc import Iterator

from mtq.errors import WrongUsage
from mtq.mail import adopted, courier, dovecot, mbox, uidl_format


def check(octets: bytes) -> None:
    readers = (_dovecot, _courier, _kept, _mbox)
    readers[int.from_bytes(octets[:1]) % len(readers)](octets[1:])


def _dovecot(octets: bytes) -> None:
    """The first line is the format."""
    written, _, data = octets.partition(b"\n")
    try:
        made = uidl_format.compiled(written.decode("utf-8", "surrogateescape"))
    except WrongUsage:
        made = uidl_format.compiled(uidl_format.DEFAULT)
    _read(dovecot.unique_ids(data, made))


def _courier(octets: bytes) -> None:
    _read(courier.unique_ids(octets))


def _read(entries: Iterator[tuple[bytes, bytes]]) -> None:
    try:
        found = list(entries)
    except ValueError as error:
        assert re.match(r"line [1-9][0-9]*\b", str(error)), error
        return
    assert all(b"\n" not in base and b"/" not in base for base, _ in found)


def _kept(octets: bytes) -> None:
    """A file of kept unique-ids, and what its lines would be in one with a right checksum."""
    try:
        kept = adopted.decode(octets)
    except ValueError:
        pass
    else:
        assert adopted.decode(adopted.encode(kept)) == kept
    pairs = [line.partition(b" ") for line in octets.split(b"\n") if b" " in line]
    again = {base: unique_id for unique_id, _, base in pairs}
    assert adopted.decode(adopted.encode(again)) == again


def _mbox(octets: bytes) -> None:
    file = io.BytesIO(octets)
    spans = list(mbox.spans(file))
    at = 0
    for span in spans:
        assert at <= span.start <= span.end <= len(octets)
        assert b"".join(mbox.content(file, span)).count(b"\n") == octets[span.start : span.end].count(b"\n")
        at = span.end
    assert not octets or not mbox.begins(octets) or spans
