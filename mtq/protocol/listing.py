"""The maildrop as a session sees it: frozen at login, numbered from 1, with its deletion marks."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from mtq.protocol.names import Names

UNIQUE_ID_LENGTH = 70
"""RFC 1939, section 7: a unique-id has 1 to 70 characters in the range 0x21 to 0x7E."""

LINES = 1000
"""Lines of a long answer made at a time: the client may read slowly."""


class Listing:
    """Sizes and unique-ids by message number. A marked message is gone from every answer; no number moves.

    Both columns are held as one block each, not as an object a message: a session may hold many thousands.
    """

    __slots__ = ("_ids", "_live", "_marked", "_octets", "_sizes")

    def __init__(self, sizes: Sequence[int], ids: Iterable[bytes]) -> None:
        self._sizes = array("q", sizes)
        self._ids = ids if isinstance(ids, Names) else Names.of(ids)
        self._marked: set[int] = set()
        self._live = len(self._sizes)
        self._octets = sum(self._sizes)

    @property
    def count(self) -> int:
        """How many messages are not marked."""
        return self._live

    @property
    def octets(self) -> int:
        """The sum of their sizes."""
        return self._octets

    @property
    def marked(self) -> tuple[int, ...]:
        """The numbers QUIT has to remove, in order."""
        return tuple(sorted(self._marked))

    def has(self, number: int) -> bool:
        """Whether there is such a message and it is not marked."""
        return 1 <= number <= len(self._sizes) and number not in self._marked

    def size(self, number: int) -> int:
        """Octets of a message that is there."""
        return self._sizes[number - 1]

    def unique_id(self, number: int) -> bytes:
        """The unique-id of a message that is there."""
        return self._ids[number - 1]

    def mark(self, number: int) -> None:
        """Mark a message that is there."""
        self._marked.add(number)
        self._live -= 1
        self._octets -= self.size(number)

    def reset(self) -> None:
        """Take every mark away."""
        self._marked.clear()
        self._live = len(self._sizes)
        self._octets = sum(self._sizes)

    def size_lines(self) -> Iterator[bytes]:
        """A line `number octets` for each message that is not marked, many lines at a time."""
        return self._lines(b"%d %d\r\n", enumerate(self._sizes, 1))

    def id_lines(self) -> Iterator[bytes]:
        """A line `number unique-id` for each message that is not marked, many lines at a time."""
        return self._lines(b"%d %b\r\n", enumerate(self._ids, 1))

    def _lines(self, form: bytes, rows: Iterator[tuple[int, int | bytes]]) -> Iterator[bytes]:
        if self._marked:
            rows = (row for row in rows if row[0] not in self._marked)
        while lines := b"".join([form % row for row in islice(rows, LINES)]):
            yield lines
