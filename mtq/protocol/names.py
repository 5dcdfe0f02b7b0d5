"""Many names in one block of octets: a hundred thousand objects would take four times the memory."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import overload

_END = b"\0"
_AT_A_TIME = 1024


class Names(Sequence[bytes]):
    """Names in a fixed order. None holds a NUL."""

    __slots__ = ("_lengths", "block")

    def __init__(self, block: bytes = b"") -> None:
        """`block` has the names one after the other, a NUL behind each. Raises ValueError for any other."""
        names = block.split(_END)
        if names.pop():
            raise ValueError("the last name has no end")
        self.block = block
        self._lengths = array("I", accumulate(map(len, names)))      # of all names up to this one, without the NULs

    @classmethod
    def of(cls, names: Iterable[bytes]) -> "Names":
        """These names."""
        return cls(b"".join([name + _END for name in names]))

    @classmethod
    def joined(cls, parts: Sequence["Names"]) -> "Names":
        """The names of several, one after the other."""
        return parts[0] if len(parts) == 1 else cls(b"".join([part.block for part in parts]))

    def __len__(self) -> int:
        return len(self._lengths)

    @overload
    def __getitem__(self, at: int) -> bytes: ...

    @overload
    def __getitem__(self, at: slice) -> list[bytes]: ...

    def __getitem__(self, at: int | slice) -> bytes | list[bytes]:
        if isinstance(at, slice):
            return [self[row] for row in range(*at.indices(len(self)))]
        row = range(len(self))[at]
        return self.block[self._start(row) : self._lengths[row] + row]

    def __iter__(self) -> Iterator[bytes]:
        """A few at a time: who goes through a long list slowly does not hold it as objects."""
        for first in range(0, len(self), _AT_A_TIME):
            last = min(first + _AT_A_TIME, len(self)) - 1
            yield from self.block[self._start(first) : self._lengths[last] + last].split(_END)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Names) and self.block == other.block

    def __repr__(self) -> str:
        return f"Names.of({list(self)})"

    def _start(self, row: int) -> int:
        return self._lengths[row - 1] + row if row else 0
