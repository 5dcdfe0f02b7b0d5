"""Bytes to command lines, within limits."""

COMMAND_LIMIT = 255
"""Octets of a command line, line end included (RFC 2449, section 4)."""

AUTH_LIMIT = 12288
"""Octets of an AUTH line or of a line of a SASL exchange (RFC 4954's figure: access tokens are long)."""


class TooLong(Exception):
    """A line went past its limit; what is left of it will be skipped."""


class Lines:
    """The bytes a client sent, handed out line by line.

    CRLF ends a line, and so does a bare LF: telnet and old clients send one. Of a line past its limit
    nothing is kept, and nothing of lines that were handed out: a client that waits for an answer, or is waited
    for, holds less than one limit.
    """

    __slots__ = ("_data", "_skipping", "_start")

    def __init__(self) -> None:
        self._data = b""
        self._start = 0
        self._skipping = False

    def feed(self, data: bytes) -> None:
        """Add what the client sent."""
        self._data = self._data[self._start :] + data if self._start < len(self._data) else data
        self._start = 0

    def drop(self) -> int:
        """Throw away everything not yet handed out and say how much it was (RFC 2595, section 4)."""
        waiting = len(self)
        self._data, self._start, self._skipping = b"", 0, False
        return waiting

    def take(self) -> bytes:
        """Hand over everything that is left as it came: from now on somebody else reads it."""
        left = self._data[self._start :]
        self.drop()
        return left

    def __len__(self) -> int:
        return len(self._data) - self._start

    def next(self, limit: int) -> bytes | None:
        """The next line without its end, or None until one is whole.

        Raises TooLong once for a line of more than `limit` octets (its end counted).
        An AUTH command has the limit of the exchange that it opens.
        """
        end = self._data.find(b"\n", self._start)
        if self._skipping:
            if end < 0:
                self.drop()
                self._skipping = True
                return None
            self._start, self._skipping = end + 1, False
            return self.next(limit)
        length = (end + 1 if end >= 0 else len(self._data)) - self._start
        if length > limit and self._data[self._start : self._start + 5].upper() == b"AUTH ":
            limit = AUTH_LIMIT
        if length > limit:
            if end < 0:
                self.drop()
                self._skipping = True
            else:
                self._start = end + 1
            raise TooLong
        if end < 0:
            self._data, self._start = self._data[self._start :], 0
            return None
        start, self._start = self._start, end + 1
        if end > start and self._data[end - 1] == 0x0D:
            end -= 1
        return self._data[start:end]
