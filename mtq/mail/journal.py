"""What has been imported into a mailbox, so that an import that was broken off, or is run again, makes no doubles.

A file in the mailbox with a line for each message, its key. It is data, not cache: a message that the client has
fetched and removed stays imported. Without the file, it would come again with the next import of the same mail.
"""

import fcntl
import os

from mtq import durable
from mtq.errors import MtqError

NAME = b"mtq-imported"


def read(mailbox: bytes) -> set[bytes]:
    """The keys of what has been imported. Raises OSError."""
    try:
        return set(durable.read(os.path.join(mailbox, NAME)).split(b"\n"))
    except FileNotFoundError:
        return set()


class Journal:
    """The journal of a mailbox, held by an import. Another one cannot hold it meanwhile."""

    def __init__(self, mailbox: bytes) -> None:
        """Raises OSError, and MtqError if another import is under way."""
        path = os.path.join(mailbox, NAME)
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        self._added: list[bytes] = []
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            durable.own_like(self._fd, mailbox)
            self._keys = read(mailbox)
        except BlockingIOError:
            os.close(self._fd)
            raise MtqError(f"{os.fsdecode(mailbox)}: another import into this mailbox is under way") from None
        except BaseException:
            os.close(self._fd)
            raise

    def close(self) -> None:
        """Let another import have it."""
        fcntl.flock(self._fd, fcntl.LOCK_UN)      # a child that is just being started has the descriptor, too
        os.close(self._fd)

    def __contains__(self, key: bytes) -> bool:
        return key in self._keys

    def add(self, key: bytes) -> None:
        """A message that is in the mailbox."""
        self._keys.add(key)
        self._added.append(key)

    def write(self) -> None:
        """Write down what was added, once the messages outlive a power cut. Raises OSError."""
        if not self._added:
            return
        # An empty line first ends one that a full disk or a kill has cut off.
        data = b"\n".join((b"", *self._added, b""))
        self._added = []
        durable.write_all(self._fd, data)
