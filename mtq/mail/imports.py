"""Taking the messages of an mbox or of another Maildir into a mailbox, without doubles however often it is tried.

A message is known by its content, and of several alike by which of them it is: so it does not matter whether the
source has grown, was sorted or is a copy. The journal has the keys of all that were ever imported; it is written
after them. Is the import killed in between, they are known by their names, as long as they are in the mailbox.
"""

import os
import re
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from hashlib import file_digest, sha256

from mtq import durable
from mtq.mail import deliver, journal, maildir, quota
from mtq.mail.journal import Journal
from mtq.mail.maildir import Folder
from mtq.mail.sources import Letter, Source

BATCH = 100
"""Messages after which the folders are synced and the journal is written."""

_MADE = re.compile(rb"\.M[0-9]+I([0-9a-f]{16})\.mtq(?=[,:]|\Z)")
"""How a name that is made here tells the message's key."""


class Import:
    """One import. `messages` and `imported` count while it runs: what was looked at, and what was not there yet."""

    def __init__(self, source: Source, mailbox: bytes) -> None:
        self._source = source
        self._mailbox = mailbox
        self._copies: Counter[bytes] = Counter()
        self._there: dict[bytes, bytes] = {}
        self._made: set[bytes] = set()
        self.messages = 0
        self.imported = 0

    def run(self, progress: Callable[[int], None]) -> None:
        """Import what is not there. `progress` is told the weight of each message that is done.

        Raises OSError or MtqError. What has been imported by then stays; the next run goes on from there.
        """
        deliver.make(self._mailbox)
        with closing(Journal(self._mailbox)) as known:
            self._look()
            try:
                for letter in self._source.letters():
                    self._take(letter, known)
                    progress(letter.weight)
            finally:
                self._settle(known)

    def rehearse(self, progress: Callable[[int], None]) -> None:
        """Count what an import would do, and change nothing. Raises OSError."""
        known: set[bytes] = set()
        if os.path.isdir(self._mailbox):
            known = journal.read(self._mailbox)
            self._look()
        for letter in self._source.letters():
            key = self._key(letter)
            self.messages += 1
            self.imported += key not in known and not self._is_there(letter, key)
            progress(letter.weight)

    def _look(self) -> None:
        self._there = maildir.paths(Folder(b"", self._mailbox), self._mailbox)
        self._made = {found[1] for base in self._there if (found := _MADE.search(base))}

    def _take(self, letter: Letter, known: Journal) -> None:
        key = self._key(letter)
        if key not in known:
            if not self._is_there(letter, key):
                self._put(letter, key)
                self.imported += 1
            known.add(key)
        self.messages += 1
        if self.messages % BATCH == 0:
            self._settle(known)

    def _key(self, letter: Letter) -> bytes:
        self._copies[letter.digest] += 1
        return sha256(b"%d %b" % (self._copies[letter.digest], letter.digest)).hexdigest()[:32].encode()

    def _is_there(self, letter: Letter, key: bytes) -> bool:
        """Whether an import that was killed before it wrote its journal has put the message there."""
        if key[:16] in self._made:
            return True
        path = self._there.get(letter.name)
        while path is not None:
            try:
                with open(os.path.join(self._mailbox, path), "rb") as file:
                    return file_digest(file, "sha256").digest() == letter.digest
            except FileNotFoundError:       # another program has moved it
                path = maildir.locate(Folder(b"", self._mailbox), letter.name)
        return False

    def _put(self, letter: Letter, key: bytes) -> None:
        made = b"%010d.M%06dI%b.mtq" % (letter.received, self.messages, key[:16])
        draft = deliver.write(self._mailbox, letter.content(), letter.received)
        has_its_own = letter.name and letter.name not in self._there
        name = letter.name if has_its_own else b"%b,S=%d,W=%d" % (made, draft.size, draft.octets)
        deliver.place(self._mailbox, draft, b"new/" + name if letter.info is None else b"cur/" + name + letter.info)
        quota.enter(self._mailbox, draft.size, 1)

    def _settle(self, known: Journal) -> None:
        for subfolder in maildir.SUBFOLDERS:
            durable.sync_folder(os.path.join(self._mailbox, subfolder))
        known.write()
