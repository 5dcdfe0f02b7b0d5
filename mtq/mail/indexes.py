"""The indexes of mailboxes, of which those that were read lately are kept: a client comes again in a few minutes.

One that is kept stands for its file as long as that is the same to the kernel: an index is put in place by rename, so
another is another file. What is kept holds names and sizes, never a word of a message.
"""

import os
import threading
from collections import OrderedDict
from dataclasses import dataclass

from mtq.mail import index, warm
from mtq.mail.index import Index
from mtq.mail.warm import Cold

ROOM = 32 << 20
"""Octets that the files of all that are kept have at most; they take about as much memory."""

ENTRY = 2048
"""Octets that each counts besides: a small one takes more than its file has."""

SMALL = 1 << 16
"""Octets of an index that is read and decoded on the event loop: some five hundred messages."""

NEAR = 1 << 20
"""The same of one that is kept: some ten thousand messages, of which a session gets copies in a fraction of a ms."""

Mark = tuple[int, int, int, int, int]
"""What tells one state of a file from another."""


@dataclass(frozen=True, slots=True)
class _Kept:
    mark: Mark
    index: Index
    octets: int


class Indexes:
    """See the module's first lines. May be used by several threads."""

    def __init__(self, room: int = ROOM) -> None:
        self._room = room
        self._kept: OrderedDict[bytes, _Kept] = OrderedDict()      # by mailbox; the one used the longest ago first
        self._octets = 0
        self._changing = threading.Lock()

    def read(self, mailbox: bytes) -> Index:
        """The index of a mailbox; an empty one if there is none or it is no good."""
        try:
            with index.opened(mailbox) as fd:
                status = os.fstat(fd)
                known = self._find(mailbox, status)
                if known is not None:
                    return known
                return self._keep(mailbox, status, index.load(fd, status.st_size))
        except (OSError, ValueError):
            return Index()

    def at_hand(self, mailbox: bytes) -> Index:
        """The same for the event loop. Raises Cold if the disk would have to be waited for, or much is to be done.

        The kernel then knows the rest of the mailbox, too: all of it is looked up whenever the mailbox is opened.
        """
        status = warm.status(index.path(mailbox))
        if status is None:
            return Index()
        known = self._find(mailbox, status)
        if known is not None:
            if status.st_size > NEAR:
                raise Cold
            return known
        if status.st_size > SMALL:
            raise Cold
        try:
            with index.opened(mailbox) as fd:
                status = os.fstat(fd)
                data = warm.read(fd, min(status.st_size, SMALL))
            return self._keep(mailbox, status, index.decode(data))
        except (OSError, ValueError):
            return Index()

    def _find(self, mailbox: bytes, status: os.stat_result) -> Index | None:
        kept = self._kept.get(mailbox)
        if kept is None or kept.mark != _mark(status):
            return None
        with self._changing:
            if mailbox in self._kept:
                self._kept.move_to_end(mailbox)
        return kept.index

    def _keep(self, mailbox: bytes, status: os.stat_result, found: Index) -> Index:
        kept = _Kept(_mark(status), found, status.st_size + ENTRY)
        with self._changing:
            before = self._kept.pop(mailbox, None)
            self._octets += kept.octets - (0 if before is None else before.octets)
            self._kept[mailbox] = kept
            while self._octets > self._room:
                _, oldest = self._kept.popitem(last=False)
                self._octets -= oldest.octets
        return found


def _mark(status: os.stat_result) -> Mark:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
