"""POP3's wire form written the slow and obvious way, to hold the fast one against."""

from collections.abc import Iterable, Iterator
from itertools import combinations_with_replacement, pairwise

CRLF = b"\r\n"


def wire_text(file: bytes) -> bytes:
    """The stored message with CRLF at the end of each line, the last one included."""
    *ended, rest = file.split(b"\n")
    text = b"".join(line.removesuffix(b"\r") + CRLF for line in ended)
    return text + rest + CRLF if rest else text


def top(file: bytes, lines: int | None) -> bytes:
    """The part of a message that TOP sends (None: all of it, as RETR does), dots not stuffed."""
    text = wire_text(file)
    if lines is None or not text:
        return text
    rows = text.split(CRLF)[:-1]
    if b"" in rows:
        rows = rows[: rows.index(b"") + 1 + lines]
    elif lines == 0:
        rows.append(b"")
    return b"".join(row + CRLF for row in rows)


def unstuffed(answer: bytes) -> bytes:
    """What a client reads: each line up to the first dot alone, which has to be the very end."""
    text = b""
    rest = answer
    while rest:
        line, end, rest = rest.partition(CRLF)
        if not end:
            break
        if line == b".":
            assert rest == b"", "something follows the end"
            return text
        text += line.removeprefix(b".") + CRLF
    raise AssertionError("the answer does not end")


def single_bytes(data: bytes) -> list[bytes]:
    """Byte by byte."""
    return [data[at : at + 1] for at in range(len(data))]


def cut(data: bytes, marks: Iterable[int]) -> list[bytes]:
    """Cut at the marks; two marks in one place make an empty piece."""
    places = sorted([0, len(data), *(min(mark, len(data)) for mark in marks)])
    return [data[start:end] for start, end in pairwise(places)]


def splits(data: bytes) -> Iterator[list[bytes]]:
    """Byte by byte, and in every way that leaves up to three pieces."""
    yield single_bytes(data)
    for marks in combinations_with_replacement(range(len(data) + 1), 2):
        yield cut(data, marks)
