"""The sizes of a mailbox's messages, remembered in one file beside them.

The index is a cache. It is read whole, written by rename and never trusted over the folders: a size is that of
a name, and names do not come back with other content. Deleted, stale, cut off or full of rubbish, it is made
anew, and the only cost is time.

The file: a magic line, a checksum of the rest, then for each folder its name, the time stamps of new and cur,
whether they could be trusted when the scan was made, the number of messages, their sizes and their paths.
"""

import os
import struct
import sys
import zlib
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from mtq import durable

NAME = b"mtq-index"

_MAGIC = b"mtq index 1\n"
_CHECKSUM = struct.Struct("<I")
_FOLDER = struct.Struct("<HqqBII")     # length of name; time stamps; trusted; messages; length of paths


@dataclass(frozen=True, slots=True)
class Stamps:
    """When new and cur were last changed (ns), and whether a change since would show.

    A change in the same tick of the clock leaves the time stamp as it is. So a scan counts for later only if
    the folder had been quiet for two seconds when it was made (the coarsest clock a file system has).
    """

    new: int
    cur: int
    quiet: bool


@dataclass(slots=True)
class Section:
    """One folder as it was at a scan: paths within the folder, and their sizes in the same order.

    `guessed` are the rows whose size could not be found out. They are not remembered.
    """

    stamps: Stamps
    paths: list[bytes]
    sizes: "array[int]"
    guessed: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Index:
    """What is remembered of a mailbox."""

    sections: dict[bytes, Section] = field(default_factory=dict)


def read(mailbox: bytes) -> Index:
    """The index of a mailbox; an empty one if there is none or it is no good."""
    try:
        with open(mailbox + b"/" + NAME, "rb") as file:
            return decode(file.read())
    except (OSError, ValueError):
        return Index()


def write(mailbox: bytes, index: Index) -> None:
    """Remember. Raises OSError; then the old one stands."""
    mode = os.stat(mailbox).st_mode & 0o666
    durable.replace(mailbox + b"/" + NAME, encode(index), mode, sync=False, through_links=False)


def encode(index: Index) -> bytes:
    """The file's content."""
    parts: list[bytes] = []
    for name, whole in index.sections.items():
        section = _certain(whole)
        paths = b"\0".join(section.paths)
        stamps = section.stamps
        head = _FOLDER.pack(len(name), stamps.new, stamps.cur, stamps.quiet, len(section.paths), len(paths))
        parts += [head, name, _little_endian(section.sizes).tobytes(), paths]
    body = b"".join(parts)
    return _MAGIC + _CHECKSUM.pack(zlib.crc32(body)) + body


def decode(data: bytes) -> Index:
    """Raises ValueError for anything that `encode` did not write."""
    start = len(_MAGIC) + _CHECKSUM.size
    body = data[start:]
    if data[:start] != _MAGIC + _CHECKSUM.pack(zlib.crc32(body)):
        raise ValueError("not an index of this version, or damaged")
    sections: dict[bytes, Section] = {}
    at = 0
    while at < len(body):
        if len(body) - at < _FOLDER.size:
            raise ValueError("cut off")
        name_length, new, cur, quiet, count, paths_length = _FOLDER.unpack_from(body, at)
        at += _FOLDER.size
        ends = (at + name_length, at + name_length + 8 * count, at + name_length + 8 * count + paths_length)
        if ends[2] > len(body):
            raise ValueError("cut off")
        sizes = array("q", body[ends[0] : ends[1]])
        paths = body[ends[1] : ends[2]].split(b"\0") if count else []
        if len(paths) != count or min(sizes, default=0) < 0:
            raise ValueError("damaged")
        sections[body[at : ends[0]]] = Section(Stamps(new, cur, bool(quiet)), paths, _little_endian(sizes))
        at = ends[2]
    return Index(sections)


def sizes_by_base(section: Section | None) -> Mapping[bytes, int]:
    """Sizes by the base name of the message."""
    if section is None:
        return {}
    return {p.rpartition(b"/")[2].partition(b":")[0]: n for p, n in zip(section.paths, section.sizes, strict=True)}


def _certain(section: Section) -> Section:
    """The section without what was guessed, and then not to be trusted without another scan."""
    if not section.guessed:
        return section
    kept = [row for row in range(len(section.paths)) if row not in section.guessed]
    return Section(
        replace(section.stamps, quiet=False),
        [section.paths[row] for row in kept],
        array("q", [section.sizes[row] for row in kept]),
    )


def _little_endian(sizes: "array[int]") -> "array[int]":
    if sys.byteorder == "big":
        sizes = sizes[:]
        sizes.byteswap()
    return sizes
