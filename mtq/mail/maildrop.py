"""The maildrop: a mailbox opened for one session. Frozen at the login, read message by message, changed at QUIT.

All of this waits for the disk and runs off the event loop, but for `message`, which opens one file.
"""

import errno
import os
import time
from array import array
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from mtq.errors import Code, Refusal
from mtq.mail import adopted, index, maildir, quota
from mtq.mail.index import Index, Section, Stamps
from mtq.mail.lock import Holder, Lock, Locks
from mtq.mail.maildir import Folder
from mtq.mail.message import MessageFile
from mtq.protocol.listing import Listing

QUIET = 2_000_000_000
"""Nanoseconds a folder must have been unchanged for its time stamp to be believed later."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a service opens mailboxes. `root`: the folder that has to be there before any of them can be."""

    root: str | None = None
    all_folders: bool = False
    lock: bool = True


def open_maildrop(
    mailbox: bytes, settings: Settings, locks: Locks, holder: Holder, now: Callable[[], int] = time.time_ns
) -> "Maildrop":
    """Open a mailbox for a session. Raises Refusal: [IN-USE] or, when it cannot be read, [SYS/PERM].

    A mailbox that is not there is one to which nothing has been delivered: it is empty, and nothing is made.
    """
    if settings.root is not None and not os.path.isdir(settings.root):
        raise _unreadable(mailbox, f"{settings.root} is not there")
    lock: Lock | None = None
    try:
        if _is_absent(mailbox):
            return Maildrop(mailbox, settings, None, now, absent=True)
        if settings.lock:
            lock = locks.take(mailbox, holder)
        return Maildrop(mailbox, settings, lock, now)
    except BaseException as error:
        if lock is not None:
            lock.release()
        if isinstance(error, OSError):
            raise _unreadable(mailbox, error.strerror or str(error)) from None
        raise


class Maildrop:
    """See the module's first lines. Messages are numbered from 1, as in the listing."""

    def __init__(
        self, mailbox: bytes, settings: Settings, lock: Lock | None, now: Callable[[], int], absent: bool = False
    ) -> None:
        self._mailbox = mailbox
        self._lock = lock
        self._now = now
        self._index = Index()
        self.unwritten = False      # closing has an index to write, and so waits for the disk
        self._folders: list[Folder] = []
        self._starts: list[int] = []      # the first number of each folder
        self.wrong_sizes: list[tuple[str, int, int]] = []
        ids: list[bytes] = []
        sizes = array("q")
        if not absent:
            self._index = index.read(mailbox)
            self._folders = maildir.folders(mailbox) if settings.all_folders else [Folder(b"", mailbox)]
        taken: set[bytes] = set()
        for folder in self._folders:
            section = self._section(folder)
            self._starts.append(len(sizes) + 1)
            sizes.extend(section.sizes)
            ids += self._unique_ids(folder, section, taken if settings.all_folders else None)
        self.listing = Listing(sizes, ids)

    @property
    def locked(self) -> str | None:
        """The path of the mailbox, if this session has it to itself."""
        return None if self._lock is None else os.fsdecode(self._mailbox)

    def message(self, number: int) -> MessageFile | None:
        """Open a message where it was; None if it is not there any more. Raises Refusal if it cannot be read."""
        folder, section, row = self._row(number)
        try:
            return self._open(os.path.join(folder.path, section.paths[row]))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unreadable_message(number, error) from None

    def search(self, number: int) -> MessageFile:
        """Look for a message that another program has moved or flagged. Raises Refusal if it has gone."""
        folder, section, row = self._row(number)
        try:
            moved = maildir.locate(folder, _base(section.paths[row]))
        except OSError as error:
            raise self._unreadable_message(number, error) from None
        if moved is not None:
            section.paths[row] = moved
            found = self.message(number)
            if found is not None:
                return found
        raise Refusal(Code.NONE, "this message is not there any more")

    def counted(self, number: int, octets: int) -> None:
        """A message was sent whole: what was counted is its size from the next session on."""
        folder, section, row = self._row(number)
        if section.sizes[row] != octets:
            name = os.fsdecode(os.path.join(folder.path, section.paths[row]))
            self.wrong_sizes.append((name, section.sizes[row], octets))
            section.sizes[row] = octets
            self.unwritten = True

    def remove(self, numbers: tuple[int, ...]) -> int:
        """Remove messages. Says how many are still there: of those that failed nothing is undone."""
        return sum(not self._remove(number) for number in numbers)

    def close(self) -> None:
        """Remember what was learnt and give the mailbox free. Closing twice is no harm."""
        if self.unwritten:
            self.unwritten = False
            with suppress(OSError):      # read-only or full: the next session finds out anew
                index.write(self._mailbox, self._index)
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    # Opening

    def _section(self, folder: Folder) -> Section:
        """A folder's messages with their sizes: as remembered if it has not changed, else scanned."""
        known = self._index.sections.get(folder.name)
        stamps = self._stamps(folder)
        if known is not None and known.stamps == stamps and stamps.quiet:
            return known
        section = self._scan(folder, stamps, known)
        self._index.sections[folder.name] = section
        self.unwritten = True
        return section

    def _stamps(self, folder: Folder) -> Stamps:
        new, cur = (_changed(os.path.join(folder.path, name)) for name in maildir.SUBFOLDERS)
        return Stamps(new, cur, max(new, cur) < self._now() - QUIET)

    def _scan(self, folder: Folder, stamps: Stamps, known: Section | None) -> Section:
        remembered = index.sizes_by_base(known)
        paths: list[bytes] = []
        sizes = array("q")
        guessed: set[int] = set()
        for base, path in sorted(maildir.scan(folder, self._mailbox).items()):
            size = remembered.get(base)
            if size is None:
                size = maildir.wire_size_in_name(base)
            if size is None:
                try:
                    size = self._count(folder, path)
                except PermissionError:
                    # Listed as it lies there, and never remembered; RETR says what is wrong with it.
                    size = os.stat(os.path.join(folder.path, path)).st_size
                    guessed.add(len(paths))
            if size is not None:
                paths.append(path)
                sizes.append(size)
        return Section(stamps, paths, sizes, guessed)

    def _count(self, folder: Folder, path: bytes) -> int | None:
        """The size of a message by reading it; None if it has gone meanwhile. Raises PermissionError."""
        try:
            return maildir.wire_size_of_file(os.path.join(folder.path, path))
        except FileNotFoundError:
            moved = maildir.locate(folder, _base(path))
            return None if moved is None or moved == path else self._count(folder, moved)

    def _unique_ids(self, folder: Folder, section: Section, taken: set[bytes] | None) -> list[bytes]:
        bases = [_base(path) for path in section.paths]
        return adopted.unique_ids(folder.name, bases, adopted.read(folder.path), taken)

    # Messages

    def _row(self, number: int) -> tuple[Folder, Section, int]:
        at = next(i for i in reversed(range(len(self._starts))) if self._starts[i] <= number)
        folder = self._folders[at]
        return folder, self._index.sections[folder.name], number - self._starts[at]

    def _open(self, path: bytes) -> MessageFile:
        try:
            return MessageFile(path)
        except OSError as error:
            if error.errno != errno.ELOOP or maildir.leads_out(path, self._mailbox):
                raise
            return MessageFile(os.path.realpath(path))

    def _remove(self, number: int) -> bool:
        """Whether a message is gone now; if somebody else was quicker, gone is gone."""
        folder, section, row = self._row(number)
        path: bytes | None = section.paths[row]
        try:
            while path is not None and not self._unlink(os.path.join(folder.path, path)):
                path = maildir.locate(folder, _base(path))
        except OSError:
            return False
        return True

    def _unlink(self, path: bytes) -> bool:
        """Remove a file; False if it is not there."""
        try:
            size = os.lstat(path).st_size
            os.unlink(path)
        except FileNotFoundError:
            return False
        quota.enter(self._mailbox, -size, -1)
        return True

    def _unreadable_message(self, number: int, error: OSError) -> Refusal:
        reason = (error.strerror or str(error)).lower()
        cause = f"{os.fsdecode(self._mailbox)}: message {number}: {reason}"
        return Refusal(Code.SYS_PERM, "this message cannot be read", cause)


def _unreadable(mailbox: bytes, reason: str) -> Refusal:
    return Refusal(Code.SYS_PERM, "the mailbox cannot be read", f"{os.fsdecode(mailbox)}: {reason.lower()}")


def _is_absent(mailbox: bytes) -> bool:
    try:
        os.stat(mailbox)
    except FileNotFoundError:
        return True
    return False


def _base(path: bytes) -> bytes:
    return maildir.base(path.rpartition(b"/")[2])


def _changed(path: bytes) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except FileNotFoundError:
        return 0
