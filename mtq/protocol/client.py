"""The other side of POP3, as a machine in memory: the commands of a client and what a server answers (RFC 1939,
2449, 2595, 3206, 5034).

A command is a dialogue: a generator that yields what to send, is sent the next line of the server, and returns what
came of it. The machine around it:

    begin(dialogue)   start one; the exchange that comes back says when it is over and what came of it
    receive(data)     what the server sent
    take()            what to send to it

The server is hostile until parsed: lines, rows and octets are bounded, a line that is no answer ends the talk, and
nothing may come that was not asked for. Its words reach a person as one line of printable ASCII.
"""

import base64
import hashlib
import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from mtq.errors import Code
from mtq.protocol.lines import AUTH_LIMIT, COMMAND_LIMIT, Lines, TooLong

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Dialogue = Generator[bytes, bytes, T]
"""Yields octets to send (none: just wait for a line), is sent lines without their end, returns the outcome."""

LINE_LIMIT = AUTH_LIMIT
"""Octets of a line; answers may have 512 (RFC 2449, section 4), challenges and careless servers more."""

ROWS_LIMIT = 200
"""Lines of an answer of several lines."""

WORDS_LIMIT = 400
"""Characters that are kept of a server's words: an answer made of them stays within 512 octets."""

_STAMP = re.compile(rb"<[!-;=?A-~]+@[!-;=?A-~]+>")
_LOOKS_LIKE_STAMP = re.compile(rb"<[^>]*@[^>]*>?")
_RESPONSE_CODE = re.compile(rb"\[([A-Za-z/-]+)\] ?")
_CODES: Mapping[bytes, Code] = {code.value.strip(b"[] "): code for code in Code if code.value}
_UNSENDABLE = re.compile(rb"[\r\n\0]")


class BadAnswer(Exception):
    """What came is no answer of a POP3 server. The message is for the log."""


class Unsendable(ValueError):
    """A name or password holds a line end or NUL: it must never become a command."""


# What a server says


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: yes or no, the response code if it has one that is known, and the server's words."""

    ok: bool
    code: Code
    text: str


@dataclass(frozen=True, slots=True)
class Greeting:
    """The first line, and the APOP timestamp in it if it has one that may be used."""

    reply: Reply
    timestamp: bytes | None
    bad_timestamp: bool = False
    """There is one, and it is not as RFC 1939 wants it."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a server says it can do."""

    rows: Mapping[str, tuple[str, ...]]
    told: bool = True
    """False: it does not know CAPA."""

    @property
    def stls(self) -> bool:
        """Whether TLS may be begun."""
        return "STLS" in self.rows

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """The SASL mechanisms that it offers."""
        return self.rows.get("SASL", ())


@dataclass(frozen=True, slots=True)
class Stat:
    """A maildrop's messages and octets."""

    messages: int
    octets: int


def reply(line: bytes) -> Reply:
    """Read an answer. Raises BadAnswer."""
    if line.startswith(b"+OK"):
        ok, rest = True, line[3:].lstrip()
    elif line.startswith(b"-ERR"):
        ok, rest = False, line[4:].lstrip()
    else:
        raise BadAnswer(f"it said {words(line)!r}")
    code = Code.NONE
    match = _RESPONSE_CODE.match(rest)
    if match:
        code = _code(match[1].upper())
        if code is not Code.NONE:
            rest = rest[match.end() :]
    return Reply(ok, code, words(rest))


def words(raw: bytes) -> str:
    """A server's words as one line of printable ASCII."""
    text = raw[: 4 * WORDS_LIMIT].decode("utf-8", "replace").strip()
    printable = text
    if not (text.isascii() and text.isprintable()):
        printable = "".join(c if " " <= c <= "~" else "?" for c in text)
    return printable if len(printable) <= WORDS_LIMIT else printable[: WORDS_LIMIT - 3] + "..."


def _code(found: bytes) -> Code:
    """A response code may have more levels than are known (RFC 2449, section 8)."""
    while found:
        if found in _CODES:
            return _CODES[found]
        found = found.rpartition(b"/")[0]
    return Code.NONE


def timestamp(line: bytes) -> bytes | None:
    """The APOP timestamp of a greeting: a msg-id (RFC 1939, section 7) of printable ASCII and nothing else.

    An attacker between us and the server who may choose other octets learns of the password from what we answer
    (CVE-2007-1558).
    """
    match = _STAMP.search(line)
    return match[0] if match else None


# What a client says


def greeting() -> Dialogue[Greeting]:
    """Wait for the first line."""
    line = yield b""
    stamp = timestamp(line)
    return Greeting(reply(line), stamp, stamp is None and _LOOKS_LIKE_STAMP.search(line) is not None)


def capa() -> Dialogue[Capabilities]:
    """CAPA (RFC 2449). An old server does not know it, and that is no failure."""
    if not reply((yield b"CAPA\r\n")).ok:
        return Capabilities({}, told=False)
    rows: dict[str, tuple[str, ...]] = {}
    for _ in range(ROWS_LIMIT):
        line = yield b""
        if line == b".":
            return Capabilities(rows)
        name, *arguments = words(line).upper().split() or [""]
        rows[name] = tuple(arguments)
    raise BadAnswer(f"its capabilities have more than {ROWS_LIMIT} lines")


def stls() -> Dialogue[Reply]:
    """STLS (RFC 2595). After a yes the handshake begins."""
    return reply((yield b"STLS\r\n"))


def apop(user: bytes, secret: bytes, stamp: bytes) -> Dialogue[Reply]:
    """APOP (RFC 1939, section 7)."""
    _check(user, secret)
    digest = hashlib.md5(stamp + secret, usedforsecurity=False).hexdigest()
    return reply((yield b"APOP %b %b\r\n" % (user, digest.encode())))


def user_pass(user: bytes, secret: bytes) -> Dialogue[Reply]:
    """USER and PASS."""
    _check(user, secret)
    answer = reply((yield b"USER %b\r\n" % user))
    return reply((yield b"PASS %b\r\n" % secret)) if answer.ok else answer


def plain(user: bytes, secret: bytes) -> Dialogue[Reply]:
    """AUTH PLAIN (RFC 4616, RFC 5034)."""
    _check(user, secret)
    response = base64.b64encode(b"\0%b\0%b" % (user, secret))
    command = b"AUTH PLAIN %b\r\n" % response
    # Where the line gets too long, the response is not sent with the command (RFC 5034, section 4).
    return (yield from _sasl(command if len(command) <= COMMAND_LIMIT else b"AUTH PLAIN\r\n", response))


def login(user: bytes, secret: bytes) -> Dialogue[Reply]:
    """AUTH LOGIN (never standardised)."""
    _check(user, secret)
    return (yield from _sasl(b"AUTH LOGIN\r\n", base64.b64encode(user), base64.b64encode(secret)))


def stat() -> Dialogue[Stat | Reply]:
    """STAT."""
    answer = reply((yield b"STAT\r\n"))
    if not answer.ok:
        return answer
    numbers = [word for word in answer.text.split()[:2] if word.isdigit()]
    if len(numbers) != 2:
        raise BadAnswer(f"it answered STAT by {answer.text!r}")
    return Stat(int(numbers[0]), int(numbers[1]))


def quit() -> Dialogue[Reply]:
    """QUIT."""
    return reply((yield b"QUIT\r\n"))


def _sasl(command: bytes, *responses: bytes) -> Dialogue[Reply]:
    """An exchange: the next response for each challenge, whatever it says."""
    line = yield command
    for response in responses:
        if not _is_challenge(line):
            return reply(line)
        line = yield response + b"\r\n"
    return reply((yield b"*\r\n") if _is_challenge(line) else line)


def _is_challenge(line: bytes) -> bool:
    return line == b"+" or line.startswith(b"+ ")


def _check(*parts: bytes) -> None:
    if any(_UNSENDABLE.search(part) for part in parts):
        raise Unsendable("a name or password cannot hold a line end or NUL")


# The machine


class Exchange(Generic[T_co]):
    """A dialogue under way."""

    __slots__ = ("_dialogue", "_outcome", "over")

    def __init__(self, dialogue: Dialogue[T_co]) -> None:
        self.over = False
        self._dialogue = dialogue
        self._outcome: tuple[T_co, ...] = ()

    @property
    def outcome(self) -> T_co:
        """What came of it, once it is over."""
        return self._outcome[0]

    def advance(self, line: bytes | None) -> bytes:
        """Hand over a line (None: begin); what comes back is to be sent. Raises BadAnswer."""
        try:
            return next(self._dialogue) if line is None else self._dialogue.send(line)
        except StopIteration as end:
            self.over = True
            self._outcome = (end.value,)
            return b""


class Client:
    """See the module's first lines."""

    __slots__ = ("_broken", "_exchange", "_lines", "_out", "heard")

    def __init__(self) -> None:
        self.heard = 0      # lines so far
        self._lines = Lines()
        self._out = b""
        self._exchange: Exchange[object] | None = None
        self._broken = False      # a bad answer has come: whatever comes after it means nothing

    def begin(self, dialogue: Dialogue[T]) -> Exchange[T]:
        """Start a dialogue. Raises Unsendable, and BadAnswer if the server has spoken unasked."""
        if self.heard and self.buffered:
            raise BadAnswer("it speaks unasked")
        exchange = Exchange(dialogue)
        self._exchange = exchange
        self._out += exchange.advance(None)
        self.receive(b"")
        return exchange

    def receive(self, data: bytes) -> None:
        """Take what the server sent. Raises BadAnswer, once: nothing that comes after it is looked at."""
        if self._broken:
            return
        if data:
            self._lines.feed(data)
        try:
            self._advance()
        except BadAnswer:
            self._broken = True
            self._lines.drop()
            raise

    def take(self) -> bytes:
        """All that is to be sent so far, once."""
        out, self._out = self._out, b""
        return out

    def _advance(self) -> None:
        exchange = self._exchange
        while exchange is not None and not exchange.over:
            try:
                line = self._lines.next(LINE_LIMIT)
            except TooLong:
                raise BadAnswer(f"it sent a line of more than {LINE_LIMIT} octets") from None
            if line is None:
                return
            self.heard += 1
            self._out += exchange.advance(line)

    @property
    def buffered(self) -> int:
        """Octets that came and nobody has asked for yet."""
        return len(self._lines)

    def rest(self) -> bytes:
        """Hand over what has come beyond the last answer: from now on somebody else reads it."""
        return self._lines.take()
