"""What a server says: one-line answers, and message bodies as they travel.

A body on the wire ends each line with CRLF, has a dot more before each line that begins with one, and is
closed by a line that is a dot alone (RFC 1939, section 3). The octets a server announces count the CRLFs
and not the added dots (section 11).
"""

import re

from mtq.errors import Code

CRLF = b"\r\n"
END = b".\r\n"

_DOT_LINE = re.compile(rb"\n\.")
"""A line that begins with a dot. Python looks for a pattern several times quicker than for two octets."""


def ok(text: bytes = b"") -> bytes:
    """A positive answer."""
    return b"+OK " + text + CRLF if text else b"+OK\r\n"


def err(text: bytes, code: Code = Code.NONE) -> bytes:
    """A negative answer."""
    return b"-ERR " + code.value + text + CRLF


def multiline(rows: list[bytes], text: bytes = b"") -> bytes:
    """A positive answer of several lines. The rows are our own and never begin with a dot."""
    rows = [ok(text)[:-2], *rows, b".", b""]
    return CRLF.join(rows)


def message(stored: bytes) -> tuple[bytes, int]:
    """A stored message as it travels but for END, and its octets, dots not counted: what `Body` makes in pieces."""
    text = _wire_lines(stored)
    if text and text[-1] != 0x0A:
        text += CRLF
    return _stuffed(text, True), len(text)


def _wire_lines(text: bytes) -> bytes:
    """End each line with CRLF. A CR in the end is one that no LF follows."""
    # To look for one octet is a hundred times quicker than for two, and most mail is stored without any CR.
    if b"\r" not in text:
        return text.replace(b"\n", b"\r\n")
    ended = text.count(b"\r\n")
    if ended == text.count(b"\n"):
        return text
    if ended:
        text = text.replace(b"\r\n", b"\n")
    return text.replace(b"\n", b"\r\n")


def _stuffed(text: bytes, at_line_start: bool) -> bytes:
    """Put a dot before each line that begins with one."""
    # Most of a large message is an attachment in base64, which has no dots: these, too, are looked for alone.
    first = text.find(b".")
    if first < 0:
        return text
    if _DOT_LINE.search(text, max(first - 1, 0), text.rfind(b".") + 1):
        text = text.replace(b"\n.", b"\n..")
    return b"." + text if first == 0 and at_line_start else text


class WireText:
    """Turns the text of a stored message into wire lines, piece by piece: every LF becomes CRLF.

    A CR that no LF follows is kept as it is, the last line gets its CRLF if it lacks one, and an empty
    file stays empty. `octets` is what has come out so far, and so at the end the size of the message.
    """

    __slots__ = ("_held", "_open", "octets")

    def __init__(self) -> None:
        self.octets = 0
        self._held = b""      # a CR at the end of a piece: the next piece says whether an LF follows
        self._open = False    # something came since the last line end

    def feed(self, piece: bytes) -> bytes:
        """The next piece of the file."""
        if self._held:
            piece, self._held = self._held + piece, b""
        if piece.endswith(b"\r"):
            piece, self._held = piece[:-1], b"\r"
        if not piece:
            return piece
        piece = _wire_lines(piece)
        self._open = not piece.endswith(b"\n")
        self.octets += len(piece)
        return piece

    def finish(self) -> bytes:
        """What is still to come after the last piece."""
        if not self._held and not self._open:
            return b""
        rest = self._held + CRLF
        self._held, self._open = b"", False
        self.octets += len(rest)
        return rest


class WireCount:
    """Counts what WireText would make of a stored message, piece by piece, and makes nothing."""

    __slots__ = ("_bare", "_last", "_stored")

    def __init__(self) -> None:
        self._stored = 0
        self._bare = 0        # LFs that no CR precedes
        self._last = b""      # the last octet so far

    def feed(self, piece: bytes) -> None:
        """The next piece of the file."""
        if not piece:
            return
        self._stored += len(piece)
        self._bare += piece.count(b"\n")
        if b"\r" in piece:
            self._bare -= piece.count(b"\r\n")
        if self._last == b"\r" and piece[0] == 0x0A:
            self._bare -= 1
        self._last = piece[-1:]

    @property
    def octets(self) -> int:
        """The size of the message, if this was all of it."""
        unended = self._stored and self._last != b"\n"
        return self._stored + self._bare + (len(CRLF) if unended else 0)


class TopCut:
    """Cuts wire text after the headers, the empty line and `lines` lines of the body (RFC 1939, TOP)."""

    __slots__ = ("_in_headers", "_left", "_seen", "_tail", "done")

    def __init__(self, lines: int) -> None:
        self.done = False
        self._left = lines
        self._in_headers = True
        self._seen = False
        self._tail = b""      # the end of the last piece: an empty line may lie across two

    def feed(self, text: bytes) -> bytes:
        """As much of this piece as belongs to the answer."""
        if self.done or not text:
            return b""
        body = 0
        if self._in_headers:
            body = self._end_of_headers(text)
            if body < 0:
                return text
        return text[: self._end_of_lines(text, body)]

    def finish(self) -> bytes:
        """The empty line of a message that is headers alone, where only headers were asked for.

        RFC 1939 has TOP send it, and Outlook Express waits for it; asked for more lines than there are,
        TOP sends the message as it is.
        """
        return CRLF if self._in_headers and self._seen and self._left == 0 else b""

    def _end_of_headers(self, text: bytes) -> int:
        self._seen = True
        if not self._tail and text.startswith(CRLF):
            end = 2                                   # a message without any header
        else:
            joined = self._tail + text
            found = joined.find(b"\r\n\r\n")
            end = found + 4 - len(self._tail) if found >= 0 else -1
            self._tail = joined[-3:]
        if end >= 0:
            self._in_headers = False
        return end

    def _end_of_lines(self, text: bytes, pos: int) -> int:
        whole = text.count(b"\n", pos)
        if whole < self._left:
            self._left -= whole
            return len(text)
        for _ in range(self._left):
            pos = text.find(b"\n", pos) + 1
        self._left = 0
        self.done = True
        return pos


class Body:
    """A message body on its way out: lines ended, cut for TOP, dots stuffed, closed.

    `done` says that TOP has all it asked for, and the rest of the file need not be read.
    """

    __slots__ = ("_cut", "_line_start", "_text")

    def __init__(self, lines: int | None = None) -> None:
        self._text = WireText()
        self._cut = None if lines is None else TopCut(lines)
        self._line_start = True

    @property
    def done(self) -> bool:
        """Whether the answer is complete but for its end."""
        return self._cut is not None and self._cut.done

    @property
    def octets(self) -> int:
        """Wire octets of all that was fed, dots not counted."""
        return self._text.octets

    def feed(self, piece: bytes) -> bytes:
        """The next piece of the file, as it travels."""
        text = self._text.feed(piece)
        if self._cut is not None:
            text = self._cut.feed(text)
        return self._stuff(text)

    def finish(self) -> bytes:
        """The end of the answer."""
        text = self._text.finish()
        if self._cut is not None:
            text = self._cut.feed(text)
            text += self._cut.finish()
        return self._stuff(text) + END

    def _stuff(self, text: bytes) -> bytes:
        if not text:
            return text
        at_line_start, self._line_start = self._line_start, text[-1] == 0x0A
        return _stuffed(text, at_line_start)
