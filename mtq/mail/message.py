"""A message file being read, from the page cache where it is there."""

import errno
import os

PIECE = 1 << 17
"""Octets read at a time: large enough to keep the work a piece small, small enough for a bounded buffer.

With twice as many the C library gives memory back to the system and takes it again for each piece, and a message of
five megabytes costs two and a half times the CPU.
"""


_ROOM = memoryview(bytearray(PIECE))
"""Where the thread of the event loop reads to. Memory that is new for each piece costs more than the reading."""

_NOWAIT: int | None = getattr(os, "RWF_NOWAIT", None)     # Linux alone has it


class MessageFile:
    """An open message, read from front to back."""

    __slots__ = ("_fd", "_offset", "size")

    def __init__(self, path: bytes) -> None:
        """Raises OSError. A symbolic link is not followed, and a pipe in the message's place is not waited for."""
        self._fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            self.size = os.lseek(self._fd, 0, os.SEEK_END)      # a quarter of what fstat costs in Python
        except OSError:
            os.close(self._fd)
            raise
        self._offset = 0

    def close(self) -> None:
        """Done with it."""
        os.close(self._fd)

    @property
    def at_end(self) -> bool:
        """Whether everything has been read."""
        return self._offset >= self.size

    @property
    def left_out(self) -> int:
        """How many octets fewer are sent than the file would have on the wire."""
        return 0

    def cached(self) -> bytes | None:
        """The next piece if the kernel has it at hand; None if the disk would have to be waited for.

        For one thread, that of the event loop.
        """
        if _NOWAIT is None:
            return None
        room = _ROOM[: self.size - self._offset]
        try:
            got = os.preadv(self._fd, [room], self._offset, _NOWAIT)
        except OSError as error:
            if error.errno == errno.EAGAIN:
                return None
            if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL):
                raise
            return self.read()      # a file system in memory (tmpfs) does not know the flag and never waits
        return self._advance(bytes(room[:got]))

    def read(self) -> bytes:
        """The next piece, waiting for the disk if need be."""
        return self._advance(os.pread(self._fd, min(PIECE, self.size - self._offset), self._offset))

    def _advance(self, piece: bytes) -> bytes:
        # A file cut short while it is read ends where it ends now.
        self._offset = self._offset + len(piece) if piece else self.size
        return piece
