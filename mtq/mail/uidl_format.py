"""Dovecot's `pop3_uidl_format`: how it makes a unique-id of what it knows of a message.

`%08Xu%08Xv` is its default, written `%{uid | hex(8)}%{uidvalidity | hex(8)}` since 2.4; both ways of writing are
known here, with what a Maildir has values for. https://doc.dovecot.org, pop3_uidl_format and Variables.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mtq.errors import WrongUsage

DEFAULT = "%08Xu%08Xv"

ALLOWED = (
    "Dovecot's pop3_uidl_format with %u (uid), %v (uidvalidity), %f (file name) and %g (guid), such as "
    f"{DEFAULT}, %v-%u, %f, %g or %Mf"
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a format may speak of."""

    uid: int
    uidvalidity: int
    filename: bytes
    guid: bytes


Value = Callable[[Facts], bytes]
Step = Callable[[bytes], bytes]

_SHORT = re.compile(r"%(0?)([0-9]{0,3})([A-Z]*)([a-z%])")
_LONG = re.compile(r"%\{ *([a-z]+) *((?:\| *[a-z0-9]+(?: *\( *[0-9]{1,3} *\))? *)*)\}")
_FILTER = re.compile(r"\| *([a-z0-9]+)(?: *\( *([0-9]{1,3}) *\))?")

_DIGITS = 20
"""Of a number that 64 bits hold."""

_VALUES: dict[str, Value] = {
    "uid": lambda facts: b"%d" % facts.uid,
    "uidvalidity": lambda facts: b"%d" % facts.uidvalidity,
    "filename": lambda facts: facts.filename,
    "guid": lambda facts: facts.guid,
}

_LETTERS = {"u": "uid", "v": "uidvalidity", "f": "filename", "g": "guid"}

_MODIFIERS: dict[str, Step] = {
    "X": lambda value: _hex(value, 0),
    "M": lambda value: _md5(value).hex().encode(),
    "L": bytes.lower,
    "U": bytes.upper,
}


def compiled(text: str) -> Value:
    """What makes a unique-id of the facts. Raises WrongUsage for a format that is none or speaks of other things."""
    parts = list(_parts(text))
    if not any(callable(part) for part in parts):
        raise _wrong(text, "there is no variable in it")
    return lambda facts: b"".join(part(facts) if callable(part) else part for part in parts)


def _parts(text: str) -> Iterator[Value | bytes]:
    at = 0
    while at < len(text):
        if text[at] != "%":
            end = text.find("%", at)
            end = end if end >= 0 else len(text)
            yield text[at:end].encode("utf-8", "surrogateescape")      # as it came from the command line
        elif found := _SHORT.match(text, at):
            end = found.end()
            yield b"%" if found[0] == "%%" else _short(text, found)
        elif found := _LONG.match(text, at):
            end = found.end()
            yield _long(text, found)
        else:
            raise _wrong(text, f"{text[at : at + 12]!r} is not known")
        at = end


def _short(text: str, found: re.Match[str]) -> Value:
    """Of Dovecot up to 2.3: `%`, a width (a leading 0 fills up, else the rest is cut off), modifiers, a letter."""
    zero, width, modifiers, letter = found.groups()
    if letter not in _LETTERS or not set(modifiers) <= set(_MODIFIERS):
        raise _wrong(text, f"{found[0]!r} is not known")
    steps = [_MODIFIERS[modifier] for modifier in modifiers]
    if width and zero:
        steps.append(lambda value: value.rjust(int(width), b"0"))
    elif width:
        steps.append(lambda value: value[: int(width)])
    return _chain(_VALUES[_LETTERS[letter]], steps)


def _long(text: str, found: re.Match[str]) -> Value:
    """Of Dovecot from 2.4 on: `%{name | filter | filter(width)}`."""
    if found[1] not in _VALUES:
        raise _wrong(text, f"{found[1]!r} is not known")
    return _chain(_VALUES[found[1]], [_filter(text, name, width) for name, width in _FILTER.findall(found[2])])


def _filter(text: str, name: str, width: str) -> Step:
    match name:
        case "hex":
            return lambda value: _hex(value, int(width or 0))
        case "md5":
            return _md5
        case "hexlify":
            return lambda value: value.hex().encode()
        case "lower":
            return bytes.lower
        case "upper":
            return bytes.upper
    raise _wrong(text, f"the filter {name!r} is not known")


def _chain(value: Value, steps: list[Step]) -> Value:
    def of(facts: Facts) -> bytes:
        result = value(facts)
        for step in steps:
            result = step(result)
        return result

    return of


def _hex(value: bytes, width: int) -> bytes:
    """A number in base 16; what is none counts as 0."""
    return b"%0*x" % (width, int(value) if value.isdigit() and len(value) <= _DIGITS else 0)


def _md5(value: bytes) -> bytes:
    return hashlib.md5(value, usedforsecurity=False).digest()


def _wrong(text: str, why: str) -> WrongUsage:
    return WrongUsage(f"{text!r} cannot be used as a UIDL format: {why}; allowed is {ALLOWED}")
