"""A mailbox made by hand, and sessions on it."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from mtq.mail.indexes import Indexes
from mtq.mail.lock import Holder, Locks
from mtq.mail.maildrop import Maildrop, Settings, open_maildrop

LONG_AGO = 1_000_000_000 * 10**9
HOLDER = Holder("fred", "pop3", "7", "192.0.2.7", "2026-11-25T08:00:00Z")
TEXT = b"Subject: hi\n\nYabba\ndabba\ndoo\n"
TEXT_OCTETS = 34


@dataclass(frozen=True)
class Mailbox:
    """A Maildir. Places in it are written as paths: `new/1`, `.Work/cur/2:2,S`."""

    path: bytes
    indexes: Indexes = field(default_factory=Indexes, compare=False)

    def at(self, place: bytes) -> bytes:
        """The full path of a place."""
        return os.path.join(self.path, place)

    def put(self, place: bytes, content: bytes = TEXT) -> bytes:
        """Lay a file there, as another program would, and say its full path."""
        path = self.at(place)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
        return path

    def move(self, place: bytes, to: bytes) -> None:
        """What a mail program does that sees a message or flags it."""
        os.rename(self.at(place), self.at(to))

    def content(self, place: bytes) -> bytes:
        """What a file holds."""
        with open(self.at(place), "rb") as file:
            return file.read()

    def names(self, place: bytes) -> list[bytes]:
        """The names in a folder."""
        return sorted(os.listdir(self.at(place)))

    def stamp(self, changed: int = LONG_AGO) -> None:
        """Give new and cur of every folder a time of last change (ns)."""
        for folder, _, _ in os.walk(self.path):
            if os.path.basename(folder) in (b"new", b"cur"):
                os.utime(folder, ns=(changed, changed))

    def login(
        self,
        all_folders: bool = False,
        lock: Locks | None = None,
        now: Callable[[], int] = time.time_ns,
        clean: bool = False,
    ) -> Maildrop:
        """A session's maildrop; locked if locks are given; `clean`: without invalid Message-ID fields."""
        settings = Settings(all_folders=all_folders, lock=lock is not None, remove_invalid_message_id=clean)
        return open_maildrop(self.path, settings, lock or Locks(), self.indexes, HOLDER, now)

    def listed(
        self, all_folders: bool = False, now: Callable[[], int] = time.time_ns, clean: bool = False
    ) -> list[tuple[bytes, int]]:
        """What one whole session is told: unique-ids and sizes."""
        maildrop = self.login(all_folders, now=now, clean=clean)
        maildrop.close()
        return rows(maildrop)


def rows(maildrop: Maildrop) -> list[tuple[bytes, int]]:
    """A maildrop's unique-ids and sizes."""
    listing = maildrop.listing
    return [(listing.unique_id(number), listing.size(number)) for number in range(1, listing.count + 1)]


def ids(maildrop: Maildrop) -> list[bytes]:
    """A maildrop's unique-ids."""
    return [row[0] for row in rows(maildrop)]


def text(maildrop: Maildrop, number: int) -> bytes:
    """A message as it is read for RETR, wherever it is now."""
    file = maildrop.message(number) or maildrop.search(number)
    pieces = [file.read()]
    while not file.at_end:
        pieces.append(file.read())
    file.close()
    return b"".join(pieces)
