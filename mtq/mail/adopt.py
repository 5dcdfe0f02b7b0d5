"""Taking a mailbox over from Dovecot or Courier: no client is to download its mail twice.

Their lists are read and left as they are. No lock is taken: a session that is open has its listing, and the next
one finds the new file whole.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from mtq import durable
from mtq.errors import MtqError, Refusal
from mtq.mail import adopted, courier, dovecot, maildir
from mtq.mail.maildir import Folder
from mtq.mail.uidl_format import Value


class Origin(Enum):
    """Which server gave the unique-ids; the value is the name of its list."""

    DOVECOT = dovecot.NAME
    COURIER = courier.NAME


@dataclass(frozen=True, slots=True)
class Taking:
    """What comes of one folder. Of its messages, `kept` keep their unique-ids.

    `unknown` are not in the list. `unfit` have there what RFC 1939 does not allow, or what another message has.
    """

    folder: Folder
    messages: int
    kept: int
    unknown: int
    unfit: int
    before: Mapping[bytes, bytes] | None
    after: Mapping[bytes, bytes]

    @property
    def changes(self) -> bool:
        """Whether there is anything to write: other entries, or the same in place of a damaged file."""
        return self.before != self.after


def origins(mailbox: bytes) -> list[Origin]:
    """Whose lists there are, in any folder. Raises OSError."""
    folders = maildir.folders(mailbox)
    return [origin for origin in Origin if any(os.path.lexists(_list(f, origin)) for f in folders)]


def plan(mailbox: bytes, origin: Origin, made: Value) -> list[Taking]:
    """What adopting would do to each folder that has a list. `made` is Dovecot's format.

    Raises MtqError for a damaged list, OSError if something cannot be read.
    """
    takings = []
    for folder in maildir.folders(mailbox):
        try:
            entries = list(_entries(_list(folder, origin), origin, made))
        except FileNotFoundError:
            continue
        takings.append(_taking(folder, maildir.paths(folder, mailbox), entries))
    return takings


def carry_out(takings: Iterable[Taking]) -> None:
    """Write what is to be kept. Raises OSError."""
    for taking in takings:
        if taking.changes:
            adopted.write(taking.folder.path, taking.after)


def _list(folder: Folder, origin: Origin) -> bytes:
    return os.path.join(folder.path, origin.value)


def _entries(path: bytes, origin: Origin, made: Value) -> Iterator[tuple[bytes, bytes]]:
    data = durable.read(path)
    try:
        yield from dovecot.unique_ids(data, made) if origin is Origin.DOVECOT else courier.unique_ids(data)
    except ValueError as error:
        raise MtqError(f"{os.fsdecode(path)}: damaged: {error}; nothing was changed") from None


def _taking(folder: Folder, there: Mapping[bytes, bytes], entries: list[tuple[bytes, bytes]]) -> Taking:
    before = _before(folder)
    listed = {base: unique_id for base, unique_id in entries if base in there}      # of two entries the later counts
    kept: dict[bytes, bytes] = {}
    used: set[bytes] = set()
    for base, unique_id in listed.items():
        if maildir.unique_id(unique_id) == unique_id and unique_id not in used:      # what fits is its own id
            kept[base] = unique_id
            used.add(unique_id)
    from_earlier = {      # another server's perhaps
        base: unique_id
        for base, unique_id in (before or {}).items()
        if base in there and base not in listed and unique_id not in used
    }
    all_kept = (kept | from_earlier).items()
    after = {base: unique_id for base, unique_id in all_kept if unique_id != maildir.unique_id(base)}
    return Taking(folder, len(there), len(kept), len(there) - len(listed), len(listed) - len(kept), before, after)


def _before(folder: Folder) -> Mapping[bytes, bytes] | None:
    """What was adopted earlier; None if that is damaged: it says itself that this makes it anew."""
    try:
        return adopted.read(folder.path)
    except Refusal:
        return None
