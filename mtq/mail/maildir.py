"""A Maildir on disk: which files are messages, what their names say, where a moved one is now.

https://cr.yp.to/proto/maildir.html and, for sub-folders, Courier's Maildir++.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

from mtq.protocol.listing import UNIQUE_ID_LENGTH
from mtq.protocol.replies import WireText

SUBFOLDERS = (b"new", b"cur")
"""In this order: a message on its way from new to cur is then seen twice at worst, and never missed."""

_WIRE_SIZE = re.compile(rb",W=([0-9]{1,15})(?=[,:]|\Z)")
_PRINTABLE = re.compile(rb"[\x21-\x7e]{1,%d}\Z" % UNIQUE_ID_LENGTH)


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of a mailbox: its name (empty: the inbox) and its path."""

    name: bytes
    path: bytes


def base(file_name: bytes) -> bytes:
    """What identifies a message: the name without its flags."""
    return file_name.partition(b":")[0]


def folders(mailbox: bytes) -> list[Folder]:
    """The inbox and then every Maildir++ folder by name. Raises OSError."""
    found = [Folder(b"", mailbox)]
    with os.scandir(mailbox) as entries:
        names = sorted(e.name for e in entries if e.name[:1] == b"." and e.name not in (b".", b".."))
    for name in names:
        folder = Folder(name, os.path.join(mailbox, name))
        if os.path.isdir(os.path.join(folder.path, b"cur")) and not leads_out(folder.path, mailbox):
            found.append(folder)
    return found


def scan(folder: Folder, mailbox: bytes) -> dict[bytes, bytes]:
    """The messages of a folder: base name to path within the folder. Raises OSError but for a missing subfolder."""
    found: dict[bytes, bytes] = {}
    for subfolder in SUBFOLDERS:
        path = os.path.join(folder.path, subfolder)
        try:
            entries = os.scandir(path)
        except FileNotFoundError:
            continue
        with entries:
            if leads_out(path, mailbox):
                continue
            prefix = subfolder + b"/"
            for entry in entries:
                if _is_message(entry, mailbox):
                    found[base(entry.name)] = prefix + entry.name
    return found


def locate(folder: Folder, base_name: bytes) -> bytes | None:
    """Where a message is now that another program has moved or flagged: its path within the folder."""
    for subfolder in SUBFOLDERS:
        try:
            names = os.listdir(os.path.join(folder.path, subfolder))
        except FileNotFoundError:
            continue
        for name in names:
            if base(name) == base_name:
                return subfolder + b"/" + name
    return None


def leads_out(path: bytes, mailbox: bytes) -> bool:
    """Whether a path of the mailbox is a symbolic link to somewhere else."""
    return os.path.islink(path) and not os.path.realpath(path).startswith(os.path.realpath(mailbox) + b"/")


def wire_size_in_name(base_name: bytes) -> int | None:
    """The wire size that a delivery agent put into the name (`,W=`), if it did."""
    match = _WIRE_SIZE.search(base_name)
    return int(match.group(1)) if match else None


def wire_size_of_file(path: bytes) -> int:
    """The wire size of a message, counted by reading it. Raises OSError."""
    text = WireText()
    for piece in _pieces(path):
        text.feed(piece)
    text.finish()
    return text.octets


def unique_id(base_name: bytes) -> bytes:
    """The unique-id of a message (RFC 1939, section 7): its base name, or a hash of one that does not qualify."""
    return base_name if _PRINTABLE.match(base_name) else hashed_id(b"", base_name)


def hashed_id(folder_name: bytes, base_name: bytes) -> bytes:
    """A unique-id made of a folder's and a message's name."""
    import hashlib  # it brings OpenSSL along, and a delivery has no use for it

    return hashlib.sha256(folder_name + b"\0" + base_name).hexdigest()[:40].encode()


def _is_message(entry: "os.DirEntry[bytes]", mailbox: bytes) -> bool:
    if entry.name.startswith(b"."):
        return False
    if entry.is_symlink():
        return not leads_out(entry.path, mailbox) and os.path.isfile(entry.path)    # of a loop of links, too: False
    return entry.is_file(follow_symlinks=False)


def _pieces(path: bytes) -> Iterator[bytes]:
    with open(path, "rb", buffering=0) as file:
        while piece := file.read(1 << 18):
            yield piece
