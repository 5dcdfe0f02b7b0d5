"""Many names in one block of octets: a hundred thousand objects would take four times the memory."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import overload

_END = b"\0"
_AT_A_TIME = 1024      # other threads get their turn in between


class Names(Sequence[bytes]):
    """Names in a fixed order. None holds a NUL."""

    __slots__ = ("_count", "_found", "block")

    def __init__(self, block: bytes, count: int, lengths: "array[int] | None") -> None:
        """Use `of` or `parsed`. `block` has the names one after the other, a NUL behind each.

        `lengths` has for each the octets of all names up to it, without the NULs.
        """
        self.block = block
        self._count = count
        self._found = lengths

    @classmethod
    def of(cls, names: Iterable[bytes]) -> "Names":
        """These names."""
        held = names if isinstance(names, list) else list(names)
        parts = [held[at : at + _AT_A_TIME] for at in range(0, len(held), _AT_A_TIME)]
        return cls(b"".join([_END.join(part) + _END for part in parts]), len(held), _lengths(held))

    @classmethod
    def parsed(cls, block: bytes) -> "Names":
        """The names of a block. Raises ValueError if it is none."""
        if block and not block.endswith(_END):
            raise ValueError("the last name has no end")
        count = block.count(_END)
        # Of a few it is found out when somebody asks for one of them: many a session only wants to know how many.
        return cls(block, count, None if count <= _AT_A_TIME else _lengths(block.split(_END)[:-1]))

    @classmethod
    def joined(cls, parts: Sequence["Names"]) -> "Names":
        """The names of several, one after the other."""
        return parts[0] if len(parts) == 1 else cls.parsed(b"".join([part.block for part in parts]))

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, at: int) -> bytes: ...

    @overload
    def __getitem__(self, at: slice) -> list[bytes]: ...

    def __getitem__(self, at: int | slice) -> bytes | list[bytes]:
        if isinstance(at, slice):
            return [self[row] for row in range(*at.indices(len(self)))]
        lengths = self._lengths
        row = at if at >= 0 else range(len(lengths))[at]
        end = lengths[row] + row
        return self.block[lengths[row - 1] + row if row else 0 : end]

    def __iter__(self) -> Iterator[bytes]:
        """A few at a time: who goes through a long list slowly does not hold it as objects."""
        if self._count <= _AT_A_TIME:
            yield from self.block.split(_END)[:-1]
            return
        for first in range(0, len(self), _AT_A_TIME):
            last = min(first + _AT_A_TIME, len(self)) - 1
            yield from self.block[self._start(first) : self._lengths[last] + last].split(_END)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Names) and self.block == other.block

    def __repr__(self) -> str:
        return f"Names.of({list(self)})"

    @property
    def _lengths(self) -> "array[int]":
        found = self._found
        if found is None:
            found = self._found = _lengths(self.block.split(_END)[:-1])
        return found

    def _start(self, row: int) -> int:
        return self._lengths[row - 1] + row if row else 0


def _lengths(names: list[bytes]) -> "array[int]":
    return array("I", accumulate(map(len, names)))
