"""A range as it stands in a list: with the time at which it ends to count, and what it is for."""

from dataclasses import dataclass
from datetime import datetime

from mtq.access.ranges import Range


@dataclass(frozen=True, slots=True)
class Entry:
    """A range in a list, with the time at which it ends to count and a comment."""

    range: Range
    until: datetime | None = None
    comment: str = ""

    def counts(self, now: datetime) -> bool:
        """Whether it has not expired."""
        return self.until is None or self.until > now
