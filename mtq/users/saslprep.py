"""SASLprep: the one form of a name or password in which both sides hash it (RFC 4013, a profile of RFC 3454)."""

import stringprep
from unicodedata import ucd_3_2_0

_FORBIDDEN = (
    stringprep.in_table_c12,        # spaces but the ASCII one
    stringprep.in_table_c21_c22,    # control characters
    stringprep.in_table_c3,         # private use
    stringprep.in_table_c4,         # non-characters
    stringprep.in_table_c5,         # surrogates
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
)


class Forbidden(ValueError):
    """A text holds what SASLprep does not allow."""


def saslprep(text: str) -> str:
    """The text, prepared. Unassigned characters are let through, as in a query. Raises Forbidden."""
    mapped = "".join(" " if stringprep.in_table_c12(c) else c for c in text if not stringprep.in_table_b1(c))
    normal = ucd_3_2_0.normalize("NFKC", mapped)
    if any(forbids(c) for c in normal for forbids in _FORBIDDEN):
        raise Forbidden
    if not _runs_one_way(normal):
        raise Forbidden
    return normal


def _runs_one_way(text: str) -> bool:
    """Whether the directions of the text are not mixed (RFC 3454, section 6)."""
    if not any(stringprep.in_table_d1(c) for c in text):
        return True
    ends = stringprep.in_table_d1(text[0]) and stringprep.in_table_d1(text[-1])
    return ends and not any(stringprep.in_table_d2(c) for c in text)
