"""The world around one session, in memory: it holds users and messages, and does at once what the session asks."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from mtq.errors import Code, Refusal
from mtq.protocol.asks import Answer, Ask, Bye, Commit, Committed, Features, Fetch, Keys, Login, Piece, StartTls
from mtq.protocol.listing import Listing
from mtq.protocol.sasl import Apop, Credentials, Password, Scram, ScramKeys
from mtq.protocol.session import Session
from tests.protocol.naive import wire_text
from tests.protocol.scram_client import keys

USERS = {"alice": b"open sesame"}

STAMP = b"<1896.697170952@dbc.mtview.ca.us>"
DIGEST = b"57be98a82bc64b84a78658ec6570f272"
"""Of STAMP and the password of alice."""

SALT = b"sixteen octets.."
ITERATIONS = 4
NONCE = b"3rfcNHYJY1ZVvWVs7j"
"""The world's part of every SCRAM nonce."""

MESSAGES = (
    b"Subject: one\n\nfirst line\nsecond line\n",
    b"Subject: two\r\n\r\n.dotted\r\n",
    b"Subject: three\n\nno line end",
)


class World:
    """One client's session and all that stands behind it.

    A message is handed over `piece` octets at a time. Sizes are those of a naive wire form, not the engine's.
    """

    def __init__(
        self,
        users: Mapping[str, bytes] = USERS,
        messages: Sequence[bytes] = MESSAGES,
        features: Features | None = None,
        piece: int = 7,
    ) -> None:
        self.users = users
        self.messages = messages
        self.piece = piece
        self.refusal: Refusal | None = None           # what a login gets, whoever asks
        self.broken: dict[int, int] = {}              # message number: readable octets
        self.stuck: set[int] = set()                  # messages that cannot be removed
        self.logins: list[Credentials] = []
        self.commits: list[tuple[int, ...]] = []
        self.session = Session(features or Features())
        self._fetch: Fetch | None = None
        self._at = 0
        self.greeting = self.settle()

    @property
    def over(self) -> str | None:
        """Why the session has ended, or None."""
        return self.session.ask.reason if isinstance(self.session.ask, Bye) else None

    def say(self, data: bytes) -> bytes:
        """What the client gets to read when it sends this."""
        self.session.receive(data)
        return self.settle()

    def say_pieces(self, pieces: Sequence[bytes]) -> bytes:
        """The same in several packets."""
        return b"".join([self.say(piece) for piece in pieces])

    def settle(self) -> bytes:
        """Do what is asked until nothing is."""
        session = self.session
        said = [session.take()]
        while True:
            ask = session.ask
            if isinstance(ask, Bye):
                return b"".join(said)
            if ask is not None:
                session.answer(self._done(ask))
            elif session.full:
                session.receive(b"")
            else:
                return b"".join(said)
            said.append(session.take())

    def _done(self, ask: Ask) -> Answer:
        match ask:
            case Login(credentials):
                return self._login(credentials)
            case Keys(user):
                return self._keys(user)
            case Fetch():
                return self._read(ask)
            case Commit(numbers):
                self.commits.append(numbers)
                return Committed(len(self.stuck.intersection(numbers)))
            case StartTls():
                return replace(self.session.features, stls=False, clear_text=True)
            case Bye():
                raise AssertionError("there is no answer to Bye")

    def _login(self, credentials: Credentials) -> Listing | Refusal:
        self.logins.append(credentials)
        if self.refusal is not None:
            return self.refusal
        secret = self.users.get(credentials.user)
        if secret is None or not _knows(credentials, secret):
            return Refusal(Code.AUTH, "wrong name or password")
        sizes = [len(wire_text(message)) for message in self.messages]
        return Listing(sizes, [b"id-%d" % number for number in range(1, len(sizes) + 1)])

    def _keys(self, user: str) -> ScramKeys | Refusal:
        if self.refusal is not None:
            return self.refusal
        secret = self.users.get(user)
        stored = (bytes(32), bytes(32)) if secret is None else keys(secret, SALT, ITERATIONS)
        return ScramKeys(ITERATIONS, SALT, *stored, NONCE)

    def _read(self, fetch: Fetch) -> Piece | Refusal:
        if fetch is not self._fetch:
            self._fetch, self._at = fetch, 0
        message = self.messages[fetch.number - 1]
        end = self._at + self.piece
        if end > self.broken.get(fetch.number, end):
            return Refusal(Code.SYS_PERM, "this message cannot be read")
        piece = message[self._at : end]
        self._at = end
        return Piece(piece, last=end >= len(message))


def _knows(credentials: Credentials, secret: bytes) -> bool:
    match credentials:
        case Password():
            return credentials.secret == secret
        case Apop(timestamp=timestamp, digest=digest):
            return hashlib.md5(timestamp + secret).hexdigest().encode() == digest
        case Scram(proved=proved):
            return proved


def opened(messages: Sequence[bytes] = MESSAGES) -> World:
    """A world whose client has logged in."""
    world = World(messages=messages)
    world.say(b"USER alice\r\nPASS open sesame\r\n")
    return world
