"""The maildrop: a mailbox opened for one session. Frozen at the login, read message by message, changed at QUIT.

All of this waits for the disk and runs off the event loop, but for `message`, which opens one file, and `release`.
"""

import errno
import os
import time
from array import array
from bisect import bisect
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby

from mtq.errors import Code, Refusal
from mtq.mail import adopted, index, maildir
from mtq.mail.cleaned import CleanedFile
from mtq.mail.folder import LOOKS, OpenFolder
from mtq.mail.index import Index
from mtq.mail.indexes import Indexes
from mtq.mail.lock import Holder, Lock, Locks
from mtq.mail.maildir import Folder
from mtq.mail.message import MessageFile
from mtq.mail.warm import Cold
from mtq.protocol.listing import Listing
from mtq.protocol.names import Names


@dataclass(frozen=True, slots=True)
class Settings:
    """How a service opens mailboxes. `root`: the folder that has to be there before any of them can be."""

    root: str | None = None
    all_folders: bool = False
    lock: bool = True
    remove_invalid_message_id: bool = False


def open_maildrop(
    mailbox: bytes,
    settings: Settings,
    locks: Locks,
    indexes: Indexes,
    holder: Holder,
    now: Callable[[], int] = time.time_ns,
) -> "Maildrop":
    """Open a mailbox for a session. Raises Refusal: [IN-USE] or, when it cannot be read, [SYS/…].

    A mailbox that is not there is one to which nothing has been delivered: it is empty, and nothing is made.
    """
    return _opened(mailbox, settings, locks, lambda: indexes.read(mailbox), holder, now, at_hand=False)


def open_at_hand(
    mailbox: bytes,
    settings: Settings,
    locks: Locks,
    indexes: Indexes,
    holder: Holder,
    now: Callable[[], int] = time.time_ns,
) -> "Maildrop | None":
    """The same for the event loop: None where the disk would have to be waited for, or much is to be done.

    That is so for all but the inbox of a mailbox that was opened lately, is not large and has not changed.
    """
    if settings.all_folders:
        return None
    try:
        remembered = indexes.at_hand(mailbox)
        return _opened(mailbox, settings, locks, lambda: remembered, holder, now, at_hand=True)
    except Cold:
        return None


def _opened(
    mailbox: bytes,
    settings: Settings,
    locks: Locks,
    remembered: Callable[[], Index],
    holder: Holder,
    now: Callable[[], int],
    at_hand: bool,
) -> "Maildrop":
    lock: Lock | None = None
    try:
        try:
            lock = _entered(mailbox, settings, locks, holder)
        except FileNotFoundError:
            if _rootless(settings):
                raise
            return Maildrop(mailbox, settings, None, None, now)
        return Maildrop(mailbox, settings, lock, remembered(), now, at_hand)
    except BaseException as error:
        if lock is not None:
            lock.release()
        if isinstance(error, OSError):
            # Asked last: a mailbox that is there has its root.
            if _rootless(settings):
                cause = f"{os.fsdecode(mailbox)}: {settings.root} is not there"
                raise Refusal(Code.SYS_PERM, "the mailbox cannot be read", cause) from None
            raise Refusal.unreadable("the mailbox", os.fsdecode(mailbox), error) from None
        raise


def _rootless(settings: Settings) -> bool:
    """Whether the folder that all mailboxes lie in is missing: an unmounted disk is no empty mailbox."""
    return settings.root is not None and not os.path.isdir(settings.root)


def _entered(mailbox: bytes, settings: Settings, locks: Locks, holder: Holder) -> Lock | None:
    """Lock the mailbox, where that is asked for. Raises Refusal [IN-USE], and OSError if there is no mailbox."""
    if settings.lock:
        return locks.take(mailbox, holder)
    os.stat(mailbox)
    return None


class Maildrop:
    """See the module's first lines. Messages are numbered from 1, as in the listing."""

    def __init__(
        self,
        mailbox: bytes,
        settings: Settings,
        lock: Lock | None,
        remembered: Index | None,
        now: Callable[[], int],
        at_hand: bool = False,
    ) -> None:
        """`remembered`: None for a mailbox that is not there. `at_hand`: raises Cold if there is more to do."""
        self._mailbox = mailbox
        self._lock = lock
        self._cleaned = settings.remove_invalid_message_id
        self._folders: list[OpenFolder] = []
        self._starts: list[int] = []      # the first number of each folder
        self._outdated = False            # the index tells of folders that have gone
        self._remembered = False          # what was learnt has been written
        self.wrong_sizes: list[tuple[str, int, int]] = []
        if remembered is not None:
            self._open(settings.all_folders, remembered, now, at_hand)
        self.listing = self._listing(at_hand)

    @property
    def locked(self) -> str | None:
        """The path of the mailbox, if this session has it to itself."""
        return None if self._lock is None else os.fsdecode(self._mailbox)

    def message(self, number: int) -> MessageFile | None:
        """Open a message where it was; None if it is not there any more. Raises Refusal if it cannot be read."""
        folder, row = self._row(number)
        path = folder.path(row)
        try:
            return None if path is None else self._open_file(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unreadable_message(number, error) from None

    def search(self, number: int) -> MessageFile:
        """Look for a message that another program has moved or flagged. Raises Refusal if it has gone."""
        folder, _ = self._row(number)
        for _ in range(LOOKS):
            try:
                certain = folder.look()
            except OSError as error:
                raise self._unreadable_message(number, error) from None
            found = self.message(number)
            if found is not None:
                return found
            if certain:
                break
        raise Refusal(Code.NONE, "this message is not there any more")

    def counted(self, number: int, octets: int, left_out: int) -> None:
        """A message was sent whole, in so many octets: that is its size from the next session on.

        `left_out` is what its file would have had more.
        """
        believed = self.listing.size(number)
        if octets == believed and not self._cleaned:
            return
        folder, row = self._row(number)
        news = folder.counted(row, octets + left_out, left_out if self._cleaned else None)
        if news and octets != believed and (path := folder.path(row)) is not None:
            self.wrong_sizes.append((os.fsdecode(path), believed, octets))

    def remove(self, numbers: Sequence[int]) -> int:
        """Remove messages. Says how many are still there: of those that failed nothing is undone."""
        stayed = 0
        for at, group in groupby(numbers, lambda number: bisect(self._starts, number) - 1):
            stayed += self._folders[at].remove([number - self._starts[at] for number in group])
        return stayed

    def release(self) -> None:
        """Give the mailbox free: nothing more will be removed. Releasing twice is no harm."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    @property
    def unwritten(self) -> bool:
        """Whether closing may have something to write, and so waits for the disk."""
        return not self._remembered and (self._outdated or any(folder.unwritten for folder in self._folders))

    def close(self) -> None:
        """Give the mailbox free and remember what was learnt. Closing twice is no harm."""
        self.release()
        if not self.unwritten:
            return
        self._remembered = True
        learnt = {folder.name: section for folder in self._folders if (section := folder.learnt()) is not None}
        if learnt or self._outdated:
            with suppress(OSError):      # read-only or full: the next session finds out anew
                index.remember(self._mailbox, learnt)

    # Opening

    def _open(self, all_folders: bool, remembered: Index, now: Callable[[], int], at_hand: bool) -> None:
        folders = maildir.folders(self._mailbox) if all_folders else [Folder(b"", self._mailbox)]
        for folder in folders:
            opened = OpenFolder(folder, self._mailbox, remembered.section(folder.name), now, at_hand)
            opened.measure(self._cleaned, at_hand)
            self._folders.append(opened)
        self._outdated = all_folders and bool(remembered.folders.difference(folder.name for folder in folders))

    def _listing(self, at_hand: bool) -> Listing:
        if at_hand:
            (folder,) = self._folders
            if adopted.are_there(folder.where):
                raise Cold
            self._starts = [1]
            return Listing(self._sizes(folder), folder.section.ids)
        sizes = array("q")
        for folder in self._folders:
            self._starts.append(len(sizes) + 1)
            sizes.extend(self._sizes(folder))
        return Listing(sizes, _unique_ids(self._folders))

    def _sizes(self, folder: OpenFolder) -> "array[int]":
        return folder.section.shown() if self._cleaned else folder.section.sizes

    # Messages

    def _row(self, number: int) -> tuple[OpenFolder, int]:
        at = bisect(self._starts, number) - 1
        return self._folders[at], number - self._starts[at]

    def _open_file(self, path: bytes) -> MessageFile:
        kind = CleanedFile if self._cleaned else MessageFile
        try:
            return kind(path)
        except OSError as error:
            if error.errno != errno.ELOOP or maildir.leads_out(path, self._mailbox):
                raise
            return kind(os.path.realpath(path))

    def _unreadable_message(self, number: int, error: OSError) -> Refusal:
        return Refusal.unreadable("this message", f"{os.fsdecode(self._mailbox)}: message {number}", error)


def _unique_ids(folders: Sequence[OpenFolder]) -> Names:
    """The unique-ids of a listing. Of two messages with one name, the later folder's is made of both names.

    Raises Refusal if those that were adopted cannot be read.
    """
    kept = [adopted.read(folder.where) for folder in folders]
    if any(kept):
        return _adopted_ids(folders, kept)
    parts: list[Names] = []
    taken: set[bytes] = set()
    for folder in folders:
        section = folder.section
        ids = section.ids
        if taken and not taken.isdisjoint(section.names):
            named = zip(section.names, ids, strict=True)
            ids = Names.of([maildir.hashed_id(folder.name, name) if name in taken else own for name, own in named])
        parts.append(ids)
        if folder is not folders[-1]:
            taken.update(section.names)
    return Names.joined(parts)


def _adopted_ids(folders: Sequence[OpenFolder], kept: Sequence[Mapping[bytes, bytes]]) -> Names:
    seen: set[bytes] | None = set() if len(folders) > 1 else None
    pairs = zip(folders, kept, strict=True)
    return Names.joined(
        [Names.of(adopted.unique_ids(folder.name, list(folder.section.names), ids, seen)) for folder, ids in pairs]
    )
