"""Looking through a folder: which messages it holds now, and what is known of them without reading any."""

import os
from array import array
from collections.abc import Callable

from mtq.mail import maildir
from mtq.mail.maildir import Folder
from mtq.mail.section import UNKNOWN, Places, Section, Stamps
from mtq.protocol.names import Names

QUIET = 2_000_000_000
"""Nanoseconds a folder must have been unchanged for its time stamp to be believed later."""

_RUN = 4096


def stamps_of(folder: Folder, now: Callable[[], int]) -> Stamps:
    """The time stamps of a folder. Raises OSError."""
    new, cur = (_changed(os.path.join(folder.path, name)) for name in maildir.SUBFOLDERS)
    return Stamps(new, cur, max(new, cur) < now() - QUIET)


def scanned(folder: Folder, mailbox: bytes, stamps: Stamps, known: Section | None) -> Section:
    """The messages that are there now, by name. Raises OSError.

    A size is the one that is known, else the one in the name, else UNKNOWN. `stamps` are from before the scan.
    """
    found = maildir.messages(folder, mailbox)
    names = in_order(list(found))
    rows = {} if known is None else known.rows()
    sizes, left_out = array("q"), array("i")
    for name in names:
        row = rows.get(name)
        if row is None or known is None:
            size = maildir.wire_size_in_name(name)
            sizes.append(UNKNOWN if size is None else size)
            left_out.append(UNKNOWN)
        else:
            sizes.append(known.sizes[row])
            left_out.append(known.left_out[row])
    places = Places.of([found[name] for name in names])
    held = Names.of(names)
    return Section(stamps, held, maildir.unique_ids(held), places, sizes, left_out)


def in_order(names: list[bytes]) -> list[bytes]:
    """The names sorted, in steps between which other threads get their turn: one sort of many would keep it."""
    runs = [sorted(names[at : at + _RUN]) for at in range(0, len(names), _RUN)] or [[]]
    while len(runs) > 1:
        odd = runs.pop() if len(runs) % 2 else []
        runs = [sorted(one + other) for one, other in zip(runs[::2], runs[1::2], strict=True)]
        if odd:
            runs.append(odd)
    return runs[0]


def _changed(path: bytes) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except FileNotFoundError:
        return 0
