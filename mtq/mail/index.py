"""What is remembered of a mailbox, in one file beside its messages.

The index is a cache. It is read whole, written by rename and never trusted over the folders: a size is that of
a name, and names do not come back with other content. Deleted, stale, cut off or full of rubbish, it is made
anew, and the only cost is time.

The file: a magic line, a checksum of the rest, then for each folder its name and its section. A section: the time
stamps of new and cur, whether they could be trusted when the scan was made, and the columns.
"""

import fcntl
import os
import struct
import sys
import zlib
from array import array
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from mtq import durable
from mtq.mail.section import UNKNOWN, Places, Section, Stamps
from mtq.protocol.names import Names

NAME = b"mtq-index"

LARGEST = 1 << 30
"""Octets that an index has at most: it is read whole."""

DRAFT = NAME + b".tmp"
_MAGIC = b"mtq index 2\n"
_CHECKSUM = struct.Struct("<I")
_FOLDER = struct.Struct("<HQ")           # lengths of the name and of the section
_SECTION = struct.Struct("<qqBIQQQ")     # time stamps; trusted; messages; lengths of names, ids, places


class Index:
    """What is remembered of a mailbox. A section is decoded when it is first asked for."""

    __slots__ = ("_sections",)

    def __init__(self, sections: Mapping[bytes, bytes] | None = None) -> None:
        self._sections: dict[bytes, bytes | Section] = dict(sections or {})

    @property
    def folders(self) -> set[bytes]:
        """The names of the folders of which there is something."""
        return set(self._sections)

    def section(self, folder: bytes) -> Section | None:
        """What is remembered of a folder. Its columns are the caller's own."""
        held = self._sections.get(folder)
        if isinstance(held, bytes):
            try:
                held = self._sections[folder] = decode_section(held)
            except ValueError:
                return None
        return None if held is None else held.copy()

    def put(self, folder: bytes, section: Section) -> None:
        """Have this remembered of a folder."""
        self._sections[folder] = section.copy()

    def drop(self, folder: bytes) -> None:
        """Forget a folder."""
        del self._sections[folder]

    def encode(self) -> bytes:
        """The file's content."""
        parts: list[bytes] = []
        for name, held in self._sections.items():
            section = held if isinstance(held, bytes) else encode_section(held)
            parts += [_FOLDER.pack(len(name), len(section)), name, section]
        body = b"".join(parts)
        return _MAGIC + _CHECKSUM.pack(zlib.crc32(body)) + body


def decode(data: bytes) -> Index:
    """Raises ValueError for anything that `Index.encode` did not write."""
    start = len(_MAGIC) + _CHECKSUM.size
    if data[:start] != _MAGIC + _CHECKSUM.pack(zlib.crc32(memoryview(data)[start:])):
        raise ValueError("not an index of this version, or damaged")
    sections: dict[bytes, bytes] = {}
    at = start
    while at < len(data):
        if len(data) - at < _FOLDER.size:
            raise ValueError("cut off")
        name, section = _FOLDER.unpack_from(data, at)
        at += _FOLDER.size
        end = at + name + section
        if end > len(data):
            raise ValueError("cut off")
        sections[data[at : at + name]] = data[at + name : end]
        at = end
    return Index(sections)


def encode_section(section: Section) -> bytes:
    """A section as it stands in the file."""
    stamps, places = section.stamps, section.places
    ids = b"" if section.ids is section.names else section.ids.block
    forms = Names.of(places.forms).block
    lengths = len(section.names.block), len(ids), len(forms)
    head = _SECTION.pack(stamps.new, stamps.cur, stamps.quiet, len(section.names), *lengths)
    columns = [_little_endian(column).tobytes() for column in (section.sizes, section.left_out, places.codes)]
    return b"".join([head, *columns, section.names.block, ids, forms])


def decode_section(data: bytes) -> Section:
    """Raises ValueError for anything that `encode_section` did not write."""
    if len(data) < _SECTION.size:
        raise ValueError("cut off")
    new, cur, quiet, count, names_length, ids_length, forms_length = _SECTION.unpack_from(data)
    sizes, left_out, codes = array("q"), array("i"), array("I")
    at, ids_at, forms_at = _SECTION.size, len(data) - forms_length - ids_length, len(data) - forms_length
    names_at = ids_at - names_length
    if names_at != at + count * (sizes.itemsize + left_out.itemsize + codes.itemsize):
        raise ValueError("damaged")
    for column in (sizes, left_out, codes):
        end = at + count * column.itemsize
        column.frombytes(data[at:end])
        at = end
    names, forms = Names.parsed(data[names_at:ids_at]), list(Names.parsed(data[forms_at:]))
    ids = Names.parsed(data[ids_at:forms_at]) if ids_length else names
    sizes, left_out, codes = _little_endian(sizes), _little_endian(left_out), _little_endian(codes)
    if not len(names) == len(ids) == count or max(codes, default=-1) >= len(forms):
        raise ValueError("damaged")
    if min(sizes, default=0) < 0 or min(left_out, default=0) < UNKNOWN:
        raise ValueError("damaged")
    return Section(Stamps(new, cur, bool(quiet)), names, ids, Places(codes, forms), sizes, left_out)


def read(mailbox: bytes) -> Index:
    """The index of a mailbox; an empty one if there is none or it is no good."""
    try:
        with opened(mailbox) as fd:
            return load(fd, os.fstat(fd).st_size)
    except (OSError, ValueError):
        return Index()


def load(fd: int, size: int) -> Index:
    """What stands in an index of this size. Raises OSError, and ValueError if it is no good."""
    return decode(os.read(fd, size if size <= LARGEST else 0))


@contextmanager
def opened(mailbox: bytes) -> Iterator[int]:
    """The descriptor of a mailbox's index, to read from. Raises OSError."""
    fd = os.open(path(mailbox), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        yield fd
    finally:
        os.close(fd)


def path(mailbox: bytes) -> bytes:
    """Where the index of a mailbox is."""
    return _path(mailbox, NAME)


def remember(mailbox: bytes, learnt: Mapping[bytes, Section]) -> None:
    """Write what was learnt of folders beside what is known of the others; forget those that have gone.

    Raises OSError; then the old index stands. If another process is writing just now, its work has to do.
    """
    index = read(mailbox)
    for name, section in learnt.items():
        index.put(name, section)
    for name in index.folders:
        if name and not os.path.isdir(_path(mailbox, name)):
            index.drop(name)
    _replace(mailbox, index.encode())


def _replace(mailbox: bytes, data: bytes) -> None:
    """Put the new index in place in one step. What a killed process leaves behind, the next one writes over."""
    draft = _path(mailbox, DRAFT)
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    try:
        if not _is_ours(fd, draft):
            return
        try:
            durable.own_like(fd, mailbox)
            os.ftruncate(fd, 0)
            durable.write_all(fd, data)
            os.rename(draft, path(mailbox))
        except BaseException:
            os.unlink(draft)
            raise
    finally:
        os.close(fd)


def _is_ours(fd: int, draft: bytes) -> bool:
    """Whether we alone write to the draft: not if another process does, or has just put it in place."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        pass      # a file system without locks: the checksum tells what two writers have made of it
    with suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(fd), os.lstat(draft))
    return False


def _path(mailbox: bytes, name: bytes) -> bytes:
    return mailbox + b"/" + name


def _little_endian(column: "array[int]") -> "array[int]":
    if sys.byteorder == "big":
        column = column[:]
        column.byteswap()
    return column
