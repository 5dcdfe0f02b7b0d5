"""A folder that a session has open: what was found in it, where each message is now, what was learnt meanwhile."""

import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeVar

from mtq.mail import maildir, measure
from mtq.mail.maildir import Folder
from mtq.mail.measure import Measure
from mtq.mail.removal import Removal
from mtq.mail.scan import scanned, stamps_of
from mtq.mail.section import GONE, UNKNOWN, Section, Stamps
from mtq.mail.warm import Cold

T = TypeVar("T")

LOOKS = 5
"""Times a message is looked for before it counts as gone: a listing may miss a name that is being changed."""


class OpenFolder:
    """See the module's first line. Messages are known by their row, from 0."""

    __slots__ = ("_folder", "_found_quiet", "_guessed", "_learnt", "_looked", "_mailbox", "_now", "_sized", "section")

    def __init__(
        self, folder: Folder, mailbox: bytes, known: Section | None, now: Callable[[], int], at_hand: bool = False
    ) -> None:
        """Open it: as it is remembered if it has not changed, else scanned. Raises OSError.

        Sizes that nobody knows are still to be measured. `at_hand`: raises Cold where it would have to be scanned.
        """
        self._folder = folder
        self._mailbox = mailbox
        self._now = now
        self._looked: Stamps | None = None      # when the places were last found out by looking
        self._guessed: set[bytes] = set()       # whose size could not be found out
        self._learnt = False                    # messages were read: work that would have to be done again
        stamps = stamps_of(folder, now)
        if known is None or known.stamps != stamps or not stamps.quiet:
            if at_hand:
                raise Cold
            self.section = scanned(folder, mailbox, stamps, known)
            self._sized = False     # all sizes are known: names need not tell them
            # If this scan is remembered, none is needed next time. A folder that is no Maildir stays as it is.
            self._found_quiet = stamps.quiet and (stamps.new, stamps.cur) != (0, 0)
        else:
            self.section = known
            self._sized = True      # the index has no others
            self._found_quiet = False

    @property
    def name(self) -> bytes:
        """The folder's name; empty: the inbox."""
        return self._folder.name

    @property
    def where(self) -> bytes:
        """The folder's own path."""
        return self._folder.path

    def path(self, row: int) -> bytes | None:
        """Where a message is, as far as is known; None if it was not there when it was last looked for."""
        place = self.section.places[row]
        if place == GONE:
            return None
        return self._folder.path + b"/" + maildir.path_of(place, self.section.names[row])

    def _paths(self) -> Iterator[bytes | None]:
        """The same of all messages, each as it is known when its turn comes."""
        begin = self._folder.path + b"/"
        for place, name in zip(self.section.places, self.section.names, strict=True):
            yield None if place == GONE else begin + maildir.path_of(place, name)

    def look(self) -> bool:
        """Find out where the messages are now that another program has moved or flagged some. Raises OSError.

        True: nothing can have moved meanwhile, and what was not found is gone.
        """
        before = stamps_of(self._folder, self._now)
        if before.quiet and before == self._looked:
            return True
        found = maildir.messages(self._folder, self._mailbox)
        places = self.section.places
        for row, name in enumerate(self.section.names):
            places[row] = found.get(name, GONE)
        self._looked = before
        return before.quiet and stamps_of(self._folder, self._now) == before

    # Sizes

    def measure(self, look: bool, at_hand: bool = False) -> None:
        """Find out what is not known yet by reading messages; `look`: also what is left out of them. Raises OSError.

        What has gone meanwhile is not part of the folder any more. `at_hand`: raises Cold where a message would have
        to be read.
        """
        section = self.section
        if (not self._sized and UNKNOWN in section.sizes) or (look and UNKNOWN in section.left_out):
            if at_hand:
                raise Cold
            whole = partial(measure.whole, look=look)
            gone = [row for row, path in enumerate(self._paths()) if not self._complete(row, path, look, whole)]
            if gone:
                self.section = section.without(gone)

    def counted(self, row: int, octets: int, left_out: int | None) -> bool:
        """A message was read whole, and this was counted; True: it is news. `left_out`: None if not looked for."""
        section = self.section
        if section.sizes[row] == octets and left_out in (None, section.left_out[row]):
            return False
        section.sizes[row] = octets
        section.left_out[row] = UNKNOWN if left_out is None else left_out
        self._learnt = True
        return True

    def _complete(self, row: int, path: bytes | None, look: bool, whole: Callable[[bytes], Measure]) -> bool:
        """Find out what is not known of a message; False if it has gone."""
        section = self.section
        try:
            if section.sizes[row] == UNKNOWN:
                measured = self._read(row, path, whole)
                if measured is None:
                    return False
                section.sizes[row] = measured.octets
                section.left_out[row] = UNKNOWN if measured.left_out is None else measured.left_out
                self._learnt = True
            elif look and section.left_out[row] == UNKNOWN:
                left_out = self._read(row, path, measure.left_out)
                if left_out is None:
                    return False
                section.left_out[row] = left_out
                self._learnt = True
        except PermissionError:
            return self._guess(row)
        return True

    def _guess(self, row: int) -> bool:
        """A message that cannot be read is listed as it lies there; RETR says what is wrong with it."""
        section = self.section
        if section.sizes[row] == UNKNOWN:
            size = self._read(row, self.path(row), os.path.getsize)
            if size is None:
                return False
            section.sizes[row] = size
            self._guessed.add(section.names[row])
        return True

    def _read(self, row: int, path: bytes | None, work: Callable[[bytes], T]) -> T | None:
        """Do something with a message's file, wherever it is now; None if it has gone. Raises OSError."""
        for _ in range(LOOKS):
            if path is None:
                break
            try:
                return work(path)
            except FileNotFoundError:
                self._find(row)
                path = self.path(row)
        return None

    def _find(self, row: int) -> None:
        """Look for a message that is not where it was. Raises OSError."""
        for _ in range(LOOKS):
            if self.look() or self.path(row) is not None:
                break

    # The end

    def remove(self, rows: Sequence[int]) -> int:
        """Remove messages. Says how many are still there: of those that failed nothing is undone.

        If somebody else was quicker, gone is gone.
        """
        removal = Removal(self._mailbox, self._folder.name)
        try:
            missing = [row for row in rows if not self._remove(row, removal)]
            stayed = self._remove_moved(missing, removal) if missing else 0
            return removal.failed + stayed
        finally:
            removal.enter()

    def _remove_moved(self, missing: list[int], removal: Removal) -> int:
        """Remove messages that are not where they were; how many of them may be there yet."""
        seen: set[int] = set()
        for _ in range(LOOKS):
            try:
                certain = self.look()
            except OSError:
                return len(missing)
            there = {row for row in missing if self.path(row) is not None}
            seen |= there
            missing = [row for row in missing if not self._remove(row, removal)]
            if not missing or (certain and not there):
                return 0
        return len(seen.intersection(missing))

    def _remove(self, row: int, removal: Removal) -> bool:
        """Remove a message, or count it among the failed; False if it is not where it was."""
        path = self.path(row)
        if path is None:
            return False
        try:
            if removal.unlink(path):
                self.section.places[row] = GONE
        except FileNotFoundError:
            return False
        return True

    @property
    def unwritten(self) -> bool:
        """Whether there may be something to remember."""
        return self._learnt or self._found_quiet

    def learnt(self) -> Section | None:
        """What is to be remembered, if it is worth it."""
        section = self.section
        away = section.places.gone()
        if self._guessed:
            away += [row for row, name in enumerate(section.names) if name in self._guessed]
        if not away:
            return section if self.unwritten else None
        if self._learnt and len(away) < len(section.names):
            return section.without(away)
        return None
