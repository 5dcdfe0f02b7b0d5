"""Making an input smaller."""

import pytest

from tests.fuzz.smaller import smaller


@pytest.mark.parametrize(
    ("octets", "needed", "left"),
    [
        (b"a" * 100 + b"x" + b"b" * 57, b"x", b"x"),
        (b"aaxbbycc", b"xy", b"xy"),
        (b"x", b"x", b"x"),
        (b"abc", b"", b""),
        (b"", b"", b""),
    ],
)
def test_what_is_left_breaks_in_the_same_way_and_nothing_can_be_cut_out(
    octets: bytes, needed: bytes, left: bytes
) -> None:
    def breaks(rest: bytes) -> bool:
        return all(octet in rest for octet in needed)

    assert smaller(octets, breaks) == left
