"""In which line of a TOML text a key stands. TOML libraries do not say; this runs only when there is an error.

The text has been parsed by tomllib before, so it is valid: what is left is to skip strings, comments and
values in the right places.
"""

import re

KeyPath = tuple[str | int, ...]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}#\n\r]+")
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|x[0-9A-Fa-f]{2}|.)", re.DOTALL)
_SIMPLE = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b", '"': '"', "\\": "\\"}


def line_of(text: str, path: KeyPath) -> int:
    """The line, from 1, of the key with this path or of the innermost table around it that is written down.

    Path elements are keys and, within arrays, indexes.
    """
    lines = _Scan(text).lines
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


class _Scan:
    """One walk over the text that notes the line of every key, table and array item."""

    def __init__(self, text: str) -> None:
        self.lines: dict[KeyPath, int] = {}
        self._text = text
        self._pos = 0
        self._arrays: dict[KeyPath, int] = {}
        self._document()

    def _document(self) -> None:
        table: KeyPath = ()
        while True:
            self._skip_blank()
            if self._pos >= len(self._text):
                return
            if self._text[self._pos] == "[":
                table = self._header()
            else:
                self._pair(table)

    def _header(self) -> KeyPath:
        array = self._text.startswith("[[", self._pos)
        start = self._pos
        self._pos += 2 if array else 1
        path = self._within_arrays(self._key())
        if array:
            index = self._arrays.get(path, -1) + 1
            self._arrays[path] = index
            path += (index,)
        self._note(path, start)
        self._skip_inline()
        self._pos += 2 if array else 1
        return path

    def _within_arrays(self, key: KeyPath) -> KeyPath:
        path: KeyPath = ()
        for part in key[:-1]:
            path += (part,)
            if path in self._arrays:
                path += (self._arrays[path],)
        return path + key[-1:]

    def _pair(self, table: KeyPath) -> None:
        start = self._pos
        key = self._key()
        for depth in range(1, len(key) + 1):
            self._note(table + key[:depth], start)
        self._skip_inline()
        self._pos += 1      # the equals sign
        self._skip_inline()
        self._value(table + key)

    def _key(self) -> KeyPath:
        parts: list[str] = []
        while True:
            self._skip_inline()
            if self._text[self._pos] in "\"'":
                parts.append(self._string())
            else:
                match = _BARE.match(self._text, self._pos)
                assert match is not None
                parts.append(match.group())
                self._pos = match.end()
            self._skip_inline()
            if self._text[self._pos] != ".":
                return tuple(parts)
            self._pos += 1

    def _value(self, path: KeyPath) -> None:
        opening = self._text[self._pos]
        if opening in "\"'":
            self._string()
        elif opening == "[":
            self._items(path, "]")
        elif opening == "{":
            self._items(path, "}")
        else:
            match = _SCALAR.match(self._text, self._pos)
            assert match is not None
            self._pos = match.end()

    def _items(self, path: KeyPath, closing: str) -> None:
        self._pos += 1
        index = 0
        while True:
            self._skip_blank()
            if self._text[self._pos] == closing:
                self._pos += 1
                return
            if self._text[self._pos] == ",":
                self._pos += 1
            elif closing == "}":
                self._pair(path)
            else:
                self._note((*path, index), self._pos)
                self._value((*path, index))
                index += 1

    def _string(self) -> str:
        quote = self._text[self._pos]
        delimiter = quote * 3 if self._text.startswith(quote * 3, self._pos) else quote
        start = at = self._pos + len(delimiter)
        while not self._text.startswith(delimiter, at):
            at += 2 if quote == '"' and self._text[at] == "\\" else 1
        while len(delimiter) == 3 and self._text.startswith(quote, at + 3):
            at += 1      # quotes right before the closing ones belong to the string
        self._pos = at + len(delimiter)
        written = self._text[start:at]
        return _ESCAPE.sub(_unescape, written) if quote == '"' else written

    def _skip_inline(self) -> None:
        while self._pos < len(self._text) and self._text[self._pos] in " \t":
            self._pos += 1

    def _skip_blank(self) -> None:
        while self._pos < len(self._text):
            if self._text[self._pos] in " \t\r\n\ufeff":
                self._pos += 1
            elif self._text[self._pos] == "#":
                end = self._text.find("\n", self._pos)
                self._pos = end if end >= 0 else len(self._text)
            else:
                return

    def _note(self, path: KeyPath, position: int) -> None:
        self.lines.setdefault(path, self._text.count("\n", 0, position) + 1)


def _unescape(match: re.Match[str]) -> str:
    code = match.group(1)
    if code[0] in "uUx" and len(code) > 1:
        return chr(int(code[1:], 16))
    return _SIMPLE.get(code, code)
