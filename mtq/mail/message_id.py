"""Which Message-ID fields of a message are invalid: `remove_invalid_message_id` leaves them out of what is sent.

A field is valid if it holds one msg-id (RFC 5322, section 3.6.4, with the obsolete forms of section 4.5.4 and the
UTF-8 of RFC 6532): real mail has them. Of several fields the first valid one stays.
"""

import re

# Each begins with the LF before it, which the regular expression engine finds at once.
_FIELD = re.compile(rb"\n[Mm][Ee][Ss][Ss][Aa][Gg][Ee]-[Ii][Dd][ \t]*:")
_FIELD_END = re.compile(rb"\n(?![ \t])")
_EMPTY_LINE = re.compile(rb"\n\r?\n")
_FOLD = re.compile(rb"\r?\n(?=[ \t])")
_ATOM = re.compile(rb"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\x80-\xff-]+")
_QUOTED = re.compile(rb'"(?:[^"\\\r\n\0]|\\[^\r\n\0])*"')
_LITERAL = re.compile(rb"\[(?:[^\[\]\\\r\n\0]|\\[^\r\n\0])*\]")

_NOWHERE = -1


def cuts(head: bytes) -> list[tuple[int, int]]:
    """The parts of a header block, as (start, end), that are invalid Message-ID fields or a further valid one.

    `head` begins with the message; what follows the empty line after the header is not looked at.
    """
    text = b"\n" + head
    empty = _EMPTY_LINE.search(text)
    stop = empty.start() + 1 if empty else len(text)
    found: list[tuple[int, int]] = []
    kept = False
    for field in _FIELD.finditer(text, 0, stop):
        last = _FIELD_END.search(text, field.end(), stop)
        end = last.end() if last else stop
        if not kept and is_message_id(text[field.end() : end]):
            kept = True
        else:
            found.append((field.start(), end - 1))
    return found


def is_message_id(value: bytes) -> bool:
    """Whether the value of a field is one msg-id, with nothing but comments and white space around it."""
    text = _FOLD.sub(b"", value.removesuffix(b"\n").removesuffix(b"\r"))
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    at = _skip(text, 0)
    if text[at : at + 1] != b"<":
        return False
    at = _dotted(text, at + 1, _QUOTED)
    if at == _NOWHERE or text[at : at + 1] != b"@":
        return False
    at = _domain(text, at + 1)
    if at == _NOWHERE or text[at : at + 1] != b">":
        return False
    return _skip(text, at + 1) == len(text)


def _domain(text: bytes, at: int) -> int:
    after_space = _skip(text, at)
    literal = _LITERAL.match(text, after_space)
    return _skip(text, literal.end()) if literal else _dotted(text, at, None)


def _dotted(text: bytes, at: int, or_else: re.Pattern[bytes] | None) -> int:
    """The end of atoms (or quoted strings) with dots between them; _NOWHERE if there are none."""
    while True:
        at = _skip(text, at)
        word = _ATOM.match(text, at) or (or_else.match(text, at) if or_else else None)
        if word is None:
            return _NOWHERE
        at = _skip(text, word.end())
        if text[at : at + 1] != b".":
            return at
        at += 1


def _skip(text: bytes, at: int) -> int:
    """The end of white space and comments; past the text for a comment that does not end."""
    depth = 0
    while at < len(text):
        octet = text[at : at + 1]
        if octet == b"(":
            depth += 1
        elif depth and octet == b")":
            depth -= 1
        elif depth and octet == b"\\":
            at += 1
        elif not depth and octet not in b" \t":
            return at
        at += 1
    return at if not depth else len(text) + 1
