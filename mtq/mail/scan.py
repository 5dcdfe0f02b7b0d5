"""Looking through a folder: which messages it holds now, and what is known of them without reading any."""

import os
from array import array
from bisect import bisect
from collections.abc import Callable

from mtq.mail import maildir
from mtq.mail.maildir import Folder
from mtq.mail.section import UNKNOWN, Places, Section, Stamps
from mtq.protocol.names import Names

QUIET = 2_000_000_000
"""Nanoseconds a folder must have been unchanged for its time stamp to be believed later."""

_STEP = 8192


def stamps_of(folder: Folder, now: Callable[[], int]) -> Stamps:
    """The time stamps of a folder. Raises OSError."""
    new, cur = _changed(folder.path + b"/new"), _changed(folder.path + b"/cur")
    return Stamps(new, cur, max(new, cur) < now() - QUIET)


def scanned(folder: Folder, mailbox: bytes, stamps: Stamps, known: Section | None) -> Section:
    """The messages that are there now, by name. Raises OSError.

    A size is the one that is known, else the one in the name, else UNKNOWN. `stamps` are from before the scan.
    There may be a hundred thousand: no step is so long that other threads, which wait for it, would notice.
    """
    found = maildir.messages(folder, mailbox)
    if known is None or not known.names:
        return _anew(stamps, found)
    rows = known.rows()
    new = [name for name in found if name not in rows]
    names = in_order([name for name in rows if name in found], new)
    before = [rows.get(name) for name in names]
    held = Names.of(names)
    qualify = known.ids is known.names and maildir.are_unique_ids(new)
    section = Section(
        stamps,
        held,
        held if qualify else Names.of([maildir.unique_id(name) for name in names]),
        Places.of([found[name] for name in names]),
        _sizes(names, before, known),
        array("i", _kept(before, known.left_out)),
    )
    for table in (found, rows):
        table.clear()      # so many names are freed one table after the other
    return section


def _anew(stamps: Stamps, found: dict[bytes, bytes]) -> Section:
    """The section of a folder of which nothing is known."""
    names = in_order([], list(found))
    held = Names.of(names)
    sizes = array("q")
    for first in range(0, len(names), _STEP):
        told = maildir.wire_sizes_in_names(names[first : first + _STEP])
        sizes.extend([UNKNOWN if size is None else size for size in told])
    section = Section(
        stamps,
        held,
        held if maildir.are_unique_ids(names) else Names.of([maildir.unique_id(name) for name in names]),
        Places.of([found[name] for name in names]),
        sizes,
        array("i", [UNKNOWN]) * len(names),
    )
    found.clear()
    return section


def in_order(known: list[bytes], new: list[bytes]) -> list[bytes]:
    """All names sorted; of those that are known, most are."""
    if len(new) <= 2 * _STEP:
        return sorted(known + new)
    names = known + new
    bounds = sorted(names[_STEP :: _STEP])
    parts: list[list[bytes]] = [[] for _ in range(len(bounds) + 1)]
    for name in names:
        parts[bisect(bounds, name)].append(name)
    return [name for part in parts for name in sorted(part)]


def _sizes(names: list[bytes], before: list[int | None], known: Section) -> "array[int]":
    sizes = array("q", _kept(before, known.sizes))
    new = [at for at, row in enumerate(before) if row is None]
    for first in range(0, len(new), _STEP):
        part = new[first : first + _STEP]
        for at, size in zip(part, maildir.wire_sizes_in_names([names[at] for at in part]), strict=True):
            if size is not None:
                sizes[at] = size
    return sizes


def _kept(before: list[int | None], column: "array[int]") -> list[int]:
    """A column's values in their new rows."""
    return [UNKNOWN if row is None else column[row] for row in before]


def _changed(path: bytes) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except FileNotFoundError:
        return 0
