"""Removing the messages that QUIT names, and what that changes in the quota."""

import os

from mtq.mail import quota


class Removal:
    """The removal of messages of one folder."""

    __slots__ = ("_folder", "_mailbox", "_messages", "_octets", "_quota", "failed")

    def __init__(self, mailbox: bytes, folder: bytes) -> None:
        self._mailbox = mailbox
        self._folder = folder
        self._quota = quota.is_kept(mailbox)
        self._octets = 0
        self._messages = 0
        self.failed = 0

    def unlink(self, path: bytes) -> bool:
        """Remove a file; False if it cannot be. Raises FileNotFoundError."""
        try:
            octets = quota.octets(self._folder, path) if self._quota else None
            os.unlink(path)
        except FileNotFoundError:
            raise
        except OSError:
            self.failed += 1
            return False
        if octets is not None:
            self._octets += octets
            self._messages += 1
        return True

    def enter(self) -> None:
        """Enter what was removed."""
        if self._messages:
            quota.enter(self._mailbox, -self._octets, -self._messages)
