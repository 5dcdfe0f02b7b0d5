"""How many lines a second the log takes of one kind: a flood of clients is not to fill the disk."""

from datetime import datetime

MOST = 100
"""Lines of a kind in a second. Who bans by the log has more than enough of them."""


class Restraint:
    """Counts the lines of one kind. A clock that jumps begins a new second, and that is all."""

    def __init__(self) -> None:
        self._second: datetime | None = None
        self._lines = 0
        self._left_out = 0

    def admits(self, at: datetime) -> bool:
        """Whether a line may be written now; if not, it is counted as left out."""
        second = at.replace(microsecond=0)
        if second != self._second:
            self._second, self._lines = second, 0
        self._lines += 1
        if self._lines <= MOST:
            return True
        self._left_out += 1
        return False

    def left_out(self, at: datetime) -> int:
        """How many lines were left out in seconds that are over. They are told of once."""
        if not self._left_out or at.replace(microsecond=0) == self._second:
            return 0
        left_out, self._left_out = self._left_out, 0
        return left_out
