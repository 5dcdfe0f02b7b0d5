"""A Maildir with whatever names: the octets are places with a NUL between them, and `>` before what one links to.

Each session is told the same, with the index and without it. Unique-ids are unique and as RFC 1939 wants them, sizes
are those of what is sent, nothing outside of the mailbox is read, and what is removed is gone and nothing else.
"""

import os
import re
import tempfile
from contextlib import suppress

from mtq.errors import Refusal
from mtq.mail import adopted, index
from mtq.mail.maildir import SUBFOLDERS, base, wire_size_in_name
from tests.mail.mailbox import Mailbox, ids, rows, text
from tests.mail.wire import sent

MOST = 24
"""Places that are laid of one input."""

OURS = {index.NAME, adopted.NAME}
"""What other programs have no business with: that a damaged list of adopted ids is refused is no finding."""

SECRET = b"not for anybody\n"

_UNIQUE_ID = re.compile(rb"[!-~]{1,70}\Z")


def check(octets: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        outside = os.path.join(os.fsencode(folder), b"outside")
        with open(outside, "wb") as file:
            file.write(SECRET)
        mailbox = Mailbox(os.path.join(os.fsencode(folder), b"box"))
        for subfolder in (b"tmp", b"new", b"cur"):
            os.makedirs(mailbox.at(subfolder))
        places = {_message(place): place for place in octets.split(b"\0")[:MOST]}
        for number, place in enumerate(places.values()):
            _lay(mailbox, place, b"%d\n" % number * (number % 3))
        mailbox.stamp()
        if _is_none(mailbox):
            with suppress(Refusal):
                mailbox.listed(all_folders=True)
            return
        claimed = {wire_size_in_name(base(os.path.basename(place))) for place in octets.split(b"\0")}
        for everything in (False, True):
            _same_for_every_session(mailbox, everything, claimed)
        _remove_one(mailbox, links=b">" in octets)


def _message(place: bytes) -> bytes:
    """What a place is the place of: no name is there twice in one folder, as the rules of Maildir have it."""
    *folder, name = _parts(place.partition(b">")[0]) or [b""]
    return b"/".join([*folder[:-1], base(name)])


def _parts(path: bytes) -> list[bytes]:
    return [part for part in path.split(b"/") if part not in (b"", b".", b"..")]


def _lay(mailbox: Mailbox, place: bytes, content: bytes) -> None:
    """A file, a link or (with a slash at its end) a folder, where the system lets there be one."""
    path, links, to = place.partition(b">")
    parts = _parts(path)
    if not parts or OURS.intersection(parts):
        return
    where = mailbox.at(b"/".join(parts))
    with suppress(OSError):
        if path.endswith(b"/"):
            os.makedirs(where)
            return
        os.makedirs(os.path.dirname(where), exist_ok=True)
        if links:
            os.symlink(to or b".", where)
        else:
            with open(os.open(where, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb") as file:
                file.write(content)


def _is_none(mailbox: Mailbox) -> bool:
    """Whether some new or cur is no folder: such a mailbox is refused, and whoever made it has to look."""
    return any(
        name in SUBFOLDERS and not os.path.isdir(os.path.join(folder, name))
        for folder, _, _ in os.walk(mailbox.path)
        for name in os.listdir(folder)
    )


def _same_for_every_session(mailbox: Mailbox, everything: bool, claimed: set[int | None]) -> None:
    """`claimed` are sizes that names speak of: those are believed for a first listing."""
    with suppress(FileNotFoundError):
        os.unlink(mailbox.at(index.NAME))
    listed = mailbox.listed(everything)
    assert mailbox.listed(everything) == listed
    inbox = mailbox.listed()
    assert listed[: len(inbox)] == inbox
    found = [unique_id for unique_id, _ in listed]
    assert len(set(found)) == len(found)
    assert all(map(_UNIQUE_ID.match, found))
    maildrop = mailbox.login(everything)
    for number, (_, size) in enumerate(rows(maildrop), 1):
        message = text(maildrop, number)
        assert message != SECRET
        assert size == len(sent(message)) or size in claimed
    maildrop.close()


def _remove_one(mailbox: Mailbox, links: bool) -> None:
    """The last one. By a link one file may be in several folders, and leaves all of them."""
    maildrop = mailbox.login(all_folders=True)
    before = ids(maildrop)
    if before:
        assert maildrop.remove((len(before),)) == 0
    maildrop.close()
    after = ids(mailbox.login(all_folders=True))
    assert after == before[:-1] or (links and set(after) < set(before[:-1]))
