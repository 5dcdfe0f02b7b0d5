"""What is known of one folder's messages, in columns: a hundred thousand of them are a few arrays, not objects."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from mtq.protocol.names import Names

UNKNOWN = -1
"""A size that nobody has found out."""

GONE = b""
"""The place of a message that is not there any more."""


@dataclass(frozen=True, slots=True)
class Stamps:
    """When new and cur were last changed (ns), and whether a change since would show.

    A change in the same tick of the clock leaves the time stamp as it is. So a scan counts for later only if
    the folder had been quiet for two seconds when it was made (the coarsest clock a file system has).
    """

    new: int
    cur: int
    quiet: bool


class Places:
    """Where each message lies: its path within the folder without its base name (`new/`, `cur/:2,S`)."""

    __slots__ = ("_numbers", "codes", "forms")

    def __init__(self, codes: "array[int]", forms: list[bytes]) -> None:
        """The places that there are, and for each message the number of its own."""
        self.codes = codes
        self.forms = forms
        self._numbers = {form: number for number, form in enumerate(forms)}

    @classmethod
    def of(cls, places: Iterable[bytes]) -> "Places":
        """These places."""
        each = list(places)
        forms = list(dict.fromkeys(each))
        numbers = {form: number for number, form in enumerate(forms)}
        return cls(array("I", [numbers[place] for place in each]), forms)

    def __getitem__(self, row: int) -> bytes:
        return self.forms[self.codes[row]]

    def __setitem__(self, row: int, place: bytes) -> None:
        number = self._numbers.setdefault(place, len(self.forms))
        if number == len(self.forms):
            self.forms.append(place)
        self.codes[row] = number

    def __iter__(self) -> Iterator[bytes]:
        return map(self.forms.__getitem__, self.codes)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Places) and list(self) == list(other)

    def gone(self) -> list[int]:
        """The rows of the messages that are not there any more."""
        number = self._numbers.get(GONE)
        return [] if number is None else [row for row, code in enumerate(self.codes) if code == number]


@dataclass(slots=True)
class Section:
    """One folder as it was at a scan. All columns have the same rows.

    `sizes` are wire octets of the whole message; `left_out`, how many of them are its invalid Message-ID fields.
    """

    stamps: Stamps
    names: Names                # base names
    ids: Names                  # unique-ids
    places: Places
    sizes: "array[int]"         # of typecode q
    left_out: "array[int]"      # of typecode i

    def copy(self) -> "Section":
        """The same with columns of its own; names do not change, and are shared."""
        places = Places(self.places.codes[:], self.places.forms[:])
        return Section(self.stamps, self.names, self.ids, places, self.sizes[:], self.left_out[:])

    def rows(self) -> dict[bytes, int]:
        """The rows by base name."""
        return {name: row for row, name in enumerate(self.names)}

    def shown(self) -> "array[int]":
        """The sizes of what is sent when invalid Message-ID fields are left out."""
        pairs = zip(self.sizes, self.left_out, strict=True)
        return array("q", [size if cut <= 0 else max(size - cut, 0) for size, cut in pairs])

    def without(self, rows: Sequence[int]) -> "Section":
        """The section without these rows. It is not to be trusted without another scan."""
        away = set(rows)
        kept = [row for row in range(len(self.names)) if row not in away]
        names = Names.of([self.names[row] for row in kept])
        return Section(
            replace(self.stamps, quiet=False),
            names,
            names if self.ids is self.names else Names.of([self.ids[row] for row in kept]),
            Places.of([self.places[row] for row in kept]),
            array("q", [self.sizes[row] for row in kept]),
            array("i", [self.left_out[row] for row in kept]),
        )
