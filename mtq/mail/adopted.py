"""Unique-ids that messages had on another server and keep here: what `mtq mailbox adopt` has found out.

They stand in a file of their own in each folder, so that they go where the folder goes. It is data, not cache:
without it every client would download its mail again. So it is replaced whole and synced, and a damaged one is
told of, not passed over.

The file: a first line with the version, the number of entries and a checksum of the rest; then a line for each
message: its unique-id, a space, its base name. Only messages that were there at the adoption are in it, so it
does not grow; and none whose id is what mtq would give it anyway.
"""

import os
import re
import zlib
from collections.abc import Mapping, Sequence
from contextlib import suppress

from mtq import durable
from mtq.errors import Code, Refusal
from mtq.mail import maildir

NAME = b"mtq-uidl"

_FIRST = re.compile(rb"mtq uidl 1 ([0-9]{1,10}) ([0-9a-f]{8})\Z")
_NONE: Mapping[bytes, bytes] = {}


def read(folder: bytes) -> Mapping[bytes, bytes]:
    """The kept unique-ids of a folder by base name; none if nothing was adopted.

    Raises Refusal if the file cannot be read or is damaged: to go on without it would change every unique-id.
    """
    path = os.path.join(folder, NAME)
    try:
        return decode(durable.read(path))
    except FileNotFoundError:
        return _NONE
    except OSError as error:
        raise Refusal.unreadable("the mailbox", os.fsdecode(path), error) from None
    except ValueError:
        cause = f"{os.fsdecode(path)}: damaged; adopt the mailbox again, or remove the file"
        raise Refusal(Code.SYS_PERM, "the mailbox cannot be read", cause) from None


def are_there(folder: bytes) -> bool:
    """Whether a folder has kept unique-ids."""
    return os.access(folder + b"/" + NAME, os.F_OK, follow_symlinks=False)


def write(folder: bytes, kept: Mapping[bytes, bytes]) -> None:
    """Keep these unique-ids and no others. Raises OSError; then those from before stand."""
    path = os.path.join(folder, NAME)
    if kept:
        mode = os.stat(folder).st_mode & 0o666
        durable.replace(path, encode(kept), mode, through_links=False)
        return
    with suppress(FileNotFoundError):
        os.unlink(path)
        durable.sync_folder(folder)


def encode(kept: Mapping[bytes, bytes]) -> bytes:
    """The file's content."""
    body = b"".join(b"%b %b\n" % (unique_id, base) for base, unique_id in sorted(kept.items()))
    return b"mtq uidl 1 %d %08x\n%b" % (len(kept), zlib.crc32(body), body)


def decode(data: bytes) -> dict[bytes, bytes]:
    """Raises ValueError for anything that `encode` did not write."""
    first, _, body = data.partition(b"\n")
    head = _FIRST.match(first)
    if head is None or int(head[2], 16) != zlib.crc32(body):
        raise ValueError("not a list of this version, or damaged")
    entries = [line.partition(b" ") for line in body.split(b"\n")[:-1]]
    kept = {base: unique_id for unique_id, _, base in entries}
    if len(kept) != int(head[1]):
        raise ValueError("damaged")
    return kept


def unique_ids(
    folder_name: bytes, bases: Sequence[bytes], kept: Mapping[bytes, bytes], taken: set[bytes] | None
) -> list[bytes]:
    """The unique-ids of a folder's messages: those they keep, else what their names give.

    A name that reads like a kept id does not get it, be that id's message here or gone. `taken` holds the names
    and the ids of the folders listed before, and this one's are added; None: no other folder is listed.
    """
    if not kept and taken is None:
        return [maildir.unique_id(base) for base in bases]
    reserved = set(kept.values())
    before = taken if taken is not None else set()
    ids = []
    for base in bases:
        unique_id = kept.get(base) or _own(folder_name, base, reserved)
        if base in before or unique_id in before:
            unique_id = maildir.hashed_id(folder_name, base)
        ids.append(unique_id)
    if taken is not None:
        taken.update(bases, ids)
    return ids


def _own(folder_name: bytes, base: bytes, reserved: set[bytes]) -> bytes:
    unique_id = maildir.unique_id(base)
    return unique_id if unique_id not in reserved else maildir.hashed_id(folder_name, base)
