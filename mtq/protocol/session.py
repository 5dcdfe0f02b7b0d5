"""One POP3 session, server side, as a machine in memory (RFC 1939, 2449, 2595, 5034, 6856).

All that moves the session's state stands in this file. Around it four calls:

    receive(data)   what the client sent
    take()          what to send to the client
    ask             what must be done outside before the session goes on, or None
    answer(result)  the outcome of the ask

What memory can answer is answered inside `receive`. While an ask is open no further line is parsed, and what
the client has pipelined waits. Each state owns the data that is valid in it.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from mtq.errors import Code, Refusal
from mtq.protocol import replies, sasl, scram
from mtq.protocol.asks import Answer, Ask, Bye, Commit, Committed, Features, Fetch, Keys, Login, Piece, StartTls
from mtq.protocol.lines import AUTH_LIMIT, COMMAND_LIMIT, Lines, TooLong
from mtq.protocol.listing import Listing

MISTAKES_IN_A_ROW = 20
"""Dovecot's figure for a session."""

HTTP = frozenset({b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"OPTIONS", b"PATCH", b"TRACE", b"CONNECT", b"PRI"})
"""Methods of HTTP. A page can make its reader's browser send one here, with POP3 in the body, and get an answer that
passes for this host's own (ALPACA): so the first of them ends the connection."""

FAILED_LOGINS = 5
"""The fifth failed login on one connection ends it."""

OUTPUT_LIMIT = 131072
"""Octets of unsent answers past which no further command is parsed: a client may ask without reading."""

COMMANDS_AT_ONCE = 32
"""Commands parsed in one go: a client may send ten thousands ahead, and others wait meanwhile."""

_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")


# The states


@dataclass(frozen=True, slots=True)
class Greeting:
    """AUTHORIZATION; nobody named yet."""


@dataclass(frozen=True, slots=True)
class Named:
    """AUTHORIZATION; USER was given."""

    user: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """AUTHORIZATION; a SASL exchange is under way, the next line is a response."""

    mechanism: sasl.Mechanism


@dataclass(frozen=True, slots=True)
class Looking:
    """AUTHORIZATION; a SASL exchange waits for what is known of its user."""

    mechanism: sasl.Mechanism
    lookup: sasl.Lookup


@dataclass(slots=True)
class Open:
    """TRANSACTION."""

    listing: Listing
    body: replies.Body | None = None            # the message on its way out
    lines: Iterator[bytes] | None = None        # the rest of a list on its way out


@dataclass(frozen=True, slots=True)
class Leaving:
    """UPDATE is done or does not apply; nothing is parsed any more."""


State = Greeting | Named | Exchange | Looking | Open | Leaving


class Session:
    """See the module's first lines."""

    __slots__ = (
        "_failures", "_lines", "_mistakes", "_out", "ask", "features", "full", "heard", "octets", "state", "unsent",
    )

    def __init__(self, features: Features) -> None:
        self.features = features
        self.state: State = Greeting()
        self.ask: Ask | None = None
        self.heard = 0        # complete lines so far: what the idle clock goes by
        self.full = False     # take() what is there and call receive(b"") for more
        self.octets = 0       # of the message sent last, counted while it was sent
        self._lines = Lines()
        self._out: list[bytes] = []
        self.unsent = 0       # octets that take() would give
        self._mistakes = 0
        self._failures = 0
        stamp = features.timestamp
        self._ok(b"mtq ready" + (b" " + stamp if stamp else b""))

    # The four calls (`ask` is the attribute)

    def receive(self, data: bytes) -> None:
        """Take what the client sent and do what can be done."""
        if data:
            self._lines.feed(data)
        self.full = False
        last = self.heard + COMMANDS_AT_ONCE
        while self.ask is None:
            if self.unsent >= OUTPUT_LIMIT or self.heard == last:
                self.full = True
                return
            state = self.state
            if isinstance(state, Open) and state.lines is not None:
                self._list_on(state)
                continue
            exchange = state if isinstance(state, Exchange) else None
            try:
                line = self._lines.next(COMMAND_LIMIT if exchange is None else AUTH_LIMIT)
            except TooLong:
                self.heard += 1
                if exchange is not None:
                    self.state = Greeting()
                self._mistake(b"line too long")
                continue
            if line is None:
                return
            self.heard += 1
            if exchange is None:
                self._command(line)
            else:
                self._response(exchange.mechanism, line)

    def take(self) -> bytes:
        """All that is to be sent so far, once."""
        out = self._out[0] if len(self._out) == 1 else b"".join(self._out)
        self._out.clear()
        self.unsent = 0
        return out

    def answer(self, result: Answer) -> None:
        """Take the outcome of the open ask. The session goes on with what the client has sent meanwhile."""
        ask, self.ask = self.ask, None
        match ask, result:
            case Fetch(), Piece():
                self._piece(ask, result)
            case Login(), Listing():
                self._opened(result)
            case Commit(), Committed():
                self._left(result)
            case (Login() | Keys()), Refusal():
                self._refused(result)
            case Keys(), sasl.ScramKeys():
                self._looked_up(result)
            case Fetch(), Refusal():
                self._unreadable(result)
            case StartTls(), Features():
                # There is no second greeting, so the client goes by the timestamp of the first.
                self.features = replace(result, timestamp=self.features.timestamp)
                self.state = Greeting()      # what has come since the ask came inside TLS, and is kept
            case _:
                raise ValueError(f"{type(result).__name__} does not answer {ask}")
        self.receive(b"")

    @property
    def buffered(self) -> int:
        """Octets received and not yet parsed."""
        return len(self._lines)

    def leave(self, refusal: Refusal, reason: str) -> None:
        """End the session from outside while no ask is open: nothing is removed, and the client is told why."""
        self._say(refusal.line + replies.CRLF)
        self._bye(reason)

    def hand_over(self) -> bytes:
        """The open login is answered by another server, whose session it is now. Gives what the client sent ahead."""
        assert isinstance(self.ask, Login)
        self.ask = None
        self.state = Leaving()
        return self._lines.take()

    # Answers of asks

    def _opened(self, listing: Listing) -> None:
        self.state = Open(listing)
        self._ok(b"%d messages (%d octets)" % (listing.count, listing.octets))

    def _looked_up(self, keys: sasl.ScramKeys) -> None:
        state = self.state
        assert isinstance(state, Looking)
        self._challenge(state.mechanism, state.lookup.challenge(keys))

    def _refused(self, refusal: Refusal) -> None:
        self.state = Greeting()
        self._say(refusal.line + replies.CRLF)
        if refusal.code in (Code.AUTH, Code.NONE):      # a remote server's no may have no code
            self._failures += 1
            if self._failures >= FAILED_LOGINS:
                self._bye("too many failed logins")

    def _piece(self, fetch: Fetch, piece: Piece) -> None:
        state = self._open
        if state.body is None:
            first = replies.ok(b"%d octets" % state.listing.size(fetch.number) if fetch.lines is None else b"")
            if piece.last and fetch.lines is None:
                text, self.octets = replies.message(piece.data)
                self._out += (first, text, replies.END)
                self.unsent += len(first) + len(text) + len(replies.END)
                return
            self._say(first)
            state.body = replies.Body(fetch.lines)
        self._say(state.body.feed(piece.data))
        if piece.last or state.body.done:
            self._say(state.body.finish())
            self.octets = state.body.octets
            state.body = None
        else:
            self.ask = fetch

    def _unreadable(self, refusal: Refusal) -> None:
        state = self._open
        if state.body is not None:
            # Half a message is out: only a cut connection keeps the client from taking it for a whole one.
            self._bye("a message could not be read to its end")
            return
        self._say(refusal.line + replies.CRLF)

    def _left(self, outcome: Committed) -> None:
        if outcome.stayed:
            self._err(b"%d messages could not be removed" % outcome.stayed, Code.SYS_TEMP)
        else:
            self._ok(b"bye")
        self._bye("quit")

    # Lines

    def _command(self, line: bytes) -> None:
        if _CONTROL.search(line):
            self._mistake(b"control character in command")
            return
        keyword, _, argument = line.partition(b" ")
        verb = VERBS.get(keyword.upper())
        if verb is None and keyword.upper() in HTTP:
            self._err(b"this is a POP3 server")
            self._bye("speaks HTTP")
        elif verb is None:
            self._mistake(b"unknown command")
        elif type(self.state) not in verb.states:
            self._mistake(b"not in this state")
        elif verb.bare and argument.strip():
            self._mistake(b"no argument expected")
        else:
            before = self._mistakes
            verb.handler(self, argument)
            if self._mistakes == before and type(self.state) not in _EXCHANGES:
                self._mistakes = 0

    def _response(self, mechanism: sasl.Mechanism, line: bytes) -> None:
        if line == b"*":
            self.state = Greeting()
            self._mistake(b"authentication cancelled")
            return
        self._step(mechanism, line)

    def _step(self, mechanism: sasl.Mechanism, response: bytes | None) -> None:
        try:
            decoded = None if response is None else sasl.decode(response)
            outcome = mechanism.step(decoded)
        except sasl.BadResponse as wrong:
            self.state = Greeting()
            self._mistake(str(wrong).encode())
            return
        match outcome:
            case sasl.Challenge():
                self._challenge(mechanism, outcome)
            case sasl.Lookup():
                self.state = Looking(mechanism, outcome)
                self.ask = Keys(outcome.user)
            case _:
                self._login(outcome)

    def _challenge(self, mechanism: sasl.Mechanism, challenge: sasl.Challenge) -> None:
        self.state = Exchange(mechanism)
        self._say(sasl.encode(challenge.text))

    # Verbs

    def _capa(self, _: bytes) -> None:
        features = self.features
        rows = [b"TOP", b"UIDL", b"RESP-CODES", b"AUTH-RESP-CODE", b"PIPELINING", b"EXPIRE NEVER"]
        if not isinstance(self.state, Open):
            rows.append(b"UTF8 USER")
            if features.password:
                rows.append(b"USER")
            if features.offered:
                rows.append(b"SASL " + b" ".join(features.offered))
            if features.stls:
                rows.append(b"STLS")
        rows.append(b"IMPLEMENTATION mtq")
        self._say(replies.multiline(rows, b"capabilities follow"))

    def _stls(self, _: bytes) -> None:
        if not self.features.stls:
            self._mistake(b"TLS is not available")
            return
        self._lines.drop()
        self._ok(b"begin TLS")
        self.ask = StartTls()

    def _utf8(self, _: bytes) -> None:
        self._ok(b"messages pass as they are")

    def _user(self, argument: bytes) -> None:
        user = argument.strip()
        if not user:
            self._mistake(b"no user name given")
        elif not self.features.shows_password:
            self._mistake(b"USER is not available")
        elif not self.features.password:
            self._no_clear_text()
        else:
            self.state = Named(sasl.name(user))
            self._ok()

    def _pass(self, argument: bytes) -> None:
        assert isinstance(self.state, Named)
        self._login(sasl.Password(self.state.user, argument))

    def _apop(self, argument: bytes) -> None:
        stamp = self.features.timestamp
        user, _, digest = argument.strip().rpartition(b" ")
        if stamp is None:
            self._mistake(b"APOP is not available")
        elif not user or len(digest) != 32:
            self._mistake(b"expected a name and a digest")
        else:
            self._login(sasl.Apop(sasl.name(user.strip()), stamp, digest.lower()))

    def _auth(self, argument: bytes) -> None:
        words = argument.split()
        if not words:
            # An old draft's form that Outlook sends: which mechanisms are there?
            self._say(replies.multiline(list(self.features.offered), b"mechanisms follow"))
            return
        keyword = words[0].upper()
        mechanism = MECHANISMS.get(keyword)
        if mechanism is None or keyword not in self.features.mechanisms:
            self._mistake(b"unknown mechanism")
        elif keyword not in self.features.offered:
            self._no_clear_text()
        elif len(words) > 2:
            self._mistake(b"expected a mechanism and a response")
        else:
            initial = None if len(words) == 1 else words[1]
            self._step(mechanism(), b"" if initial == b"=" else initial)

    def _stat(self, _: bytes) -> None:
        listing = self._listing
        self._ok(b"%d %d" % (listing.count, listing.octets))

    def _list(self, argument: bytes) -> None:
        listing = self._listing
        if not argument.strip():
            self._ok(b"%d messages (%d octets)" % (listing.count, listing.octets))
            self._open.lines = listing.size_lines()
        elif number := self._message(argument):
            self._ok(b"%d %d" % (number, listing.size(number)))

    def _uidl(self, argument: bytes) -> None:
        listing = self._listing
        if not argument.strip():
            self._ok()
            self._open.lines = listing.id_lines()
        elif number := self._message(argument):
            self._ok(b"%d %b" % (number, listing.unique_id(number)))

    def _retr(self, argument: bytes) -> None:
        if number := self._message(argument):
            self.ask = Fetch(number)

    def _top(self, argument: bytes) -> None:
        words = argument.split()
        if len(words) != 2 or not words[1].isdigit():
            self._mistake(b"expected a message number and a number of lines")
        elif number := self._message(words[0]):
            self.ask = Fetch(number, int(words[1]))

    def _dele(self, argument: bytes) -> None:
        if number := self._message(argument):
            self._listing.mark(number)
            self._ok(b"message %d marked" % number)

    def _noop(self, _: bytes) -> None:
        self._ok()

    def _rset(self, _: bytes) -> None:
        listing = self._listing
        listing.reset()
        self._ok(b"%d messages (%d octets)" % (listing.count, listing.octets))

    def _quit(self, _: bytes) -> None:
        if isinstance(self.state, Open):
            self.ask = Commit(self.state.listing.marked)
            return
        self._ok(b"bye")
        self._bye("quit")

    # What the verbs share

    @property
    def _open(self) -> Open:
        assert isinstance(self.state, Open)
        return self.state

    @property
    def _listing(self) -> Listing:
        return self._open.listing

    def _list_on(self, state: Open) -> None:
        """Some more of a list: it may be megabytes, and what is not sent yet is bounded."""
        assert state.lines is not None
        lines = next(state.lines, None)
        if lines is None:
            state.lines = None
            self._say(replies.END)
        else:
            self._say(lines)

    def _message(self, argument: bytes) -> int:
        """The number of a message that is there; 0 when the client has been told that there is none."""
        text = argument.strip()
        if not text.isdigit():
            self._mistake(b"expected a message number")
            return 0
        number = int(text)
        if not self._listing.has(number):
            self._err(b"no such message")
            return 0
        return number

    def _login(self, credentials: sasl.Credentials) -> None:
        self.state = Greeting()
        self.ask = Login(credentials)

    def _no_clear_text(self) -> None:
        self._mistake(b"no clear-text passwords here without TLS", Code.AUTH)

    def _mistake(self, text: bytes, code: Code = Code.NONE) -> None:
        self._err(text, code)
        self._mistakes += 1
        if self._mistakes >= MISTAKES_IN_A_ROW:
            self._bye("too many mistakes")

    def _bye(self, reason: str) -> None:
        self.state = Leaving()
        self.ask = Bye(reason)
        self._lines.drop()

    def _ok(self, text: bytes = b"") -> None:
        self._say(replies.ok(text))

    def _err(self, text: bytes, code: Code = Code.NONE) -> None:
        self._say(replies.err(text, code))

    def _say(self, data: bytes) -> None:
        self._out.append(data)
        self.unsent += len(data)


MECHANISMS: Mapping[bytes, Callable[[], sasl.Mechanism]] = {**sasl.CLEAR_TEXT, scram.NAME: scram.Server}
"""What AUTH knows; which of them it takes is a matter of what is offered."""


@dataclass(frozen=True, slots=True)
class Verb:
    """A command: in which states it is lawful, who answers it, whether it stands alone."""

    handler: Callable[[Session, bytes], None]
    states: frozenset[type[State]]
    bare: bool = False


_EXCHANGES = frozenset[type[State]]({Exchange, Looking})
_BEFORE_LOGIN = frozenset[type[State]]({Greeting, Named})
_NAMED = frozenset[type[State]]({Named})
_AFTER_LOGIN = frozenset[type[State]]({Open})
_ANY = _BEFORE_LOGIN | _AFTER_LOGIN

VERBS: dict[bytes, Verb] = {
    b"CAPA": Verb(Session._capa, _ANY, bare=True),
    b"STLS": Verb(Session._stls, _BEFORE_LOGIN, bare=True),
    b"UTF8": Verb(Session._utf8, _BEFORE_LOGIN, bare=True),
    b"USER": Verb(Session._user, _BEFORE_LOGIN),
    b"PASS": Verb(Session._pass, _NAMED),
    b"APOP": Verb(Session._apop, _BEFORE_LOGIN),
    b"AUTH": Verb(Session._auth, _BEFORE_LOGIN),
    b"STAT": Verb(Session._stat, _AFTER_LOGIN, bare=True),
    b"LIST": Verb(Session._list, _AFTER_LOGIN),
    b"UIDL": Verb(Session._uidl, _AFTER_LOGIN),
    b"RETR": Verb(Session._retr, _AFTER_LOGIN),
    b"TOP": Verb(Session._top, _AFTER_LOGIN),
    b"DELE": Verb(Session._dele, _AFTER_LOGIN),
    b"NOOP": Verb(Session._noop, _AFTER_LOGIN, bare=True),
    b"RSET": Verb(Session._rset, _AFTER_LOGIN, bare=True),
    b"QUIT": Verb(Session._quit, _ANY, bare=True),
}
"""One table before and after login: what is lawful when."""
