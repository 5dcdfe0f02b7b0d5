"""The live account of the house: who is connected, what has happened, what it adds up to. No I/O.

Whatever happens is entered here once, as a plain value; the log and whoever else listens read it from here.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import ClassVar, get_args


@dataclass(slots=True)
class SessionRecord:
    """One connection, as an administrator sees it."""

    id: str
    service: str
    address: str
    since: datetime
    began: float = 0.0      # on the ledger's ticks
    user: str | None = None
    state: str = "greeting"
    tls: str | None = None
    target: str | None = None
    messages: int | None = None      # in the mailbox at login
    bytes_in: int = 0
    bytes_out: int = 0
    retrieved: int = 0
    deleted: int = 0


@dataclass(frozen=True, slots=True)
class LockRecord:
    """A mailbox that a session has to itself. `mailbox` is its path."""

    mailbox: str
    user: str
    service: str
    session: str
    address: str
    since: datetime


@dataclass(frozen=True, slots=True)
class SessionOpened:
    """A client was let in."""

    name: ClassVar[str] = "session.opened"
    session: SessionRecord

    @property
    def service(self) -> str:
        """Of which service."""
        return self.session.service


@dataclass(frozen=True, slots=True)
class SessionLogin:
    """A client has logged in."""

    name: ClassVar[str] = "session.login"
    session: SessionRecord
    mechanism: str
    messages: int | None        # None: another server has them

    @property
    def service(self) -> str:
        """Of which service."""
        return self.session.service


class Cause(Enum):
    """Why a login was refused."""

    CREDENTIALS = "credentials"
    """They are wrong, and were not tried before from there: perhaps a guess."""

    REPEATED = "repeated"
    """They are wrong and were tried before from there: a device that was not told of a new password."""

    UNAVAILABLE = "unavailable"
    """Not the client's doing: the mailbox is in use or cannot be read, the server is busy."""


@dataclass(frozen=True, slots=True)
class LoginFailed:
    """A login was refused. `reason` is for the log alone."""

    name: ClassVar[str] = "login.failed"
    session: SessionRecord
    user: str
    reason: str
    cause: Cause = Cause.CREDENTIALS

    @property
    def service(self) -> str:
        """Of which service."""
        return self.session.service


@dataclass(frozen=True, slots=True)
class SessionClosed:
    """A session was decided: its slot and its lock are free."""

    name: ClassVar[str] = "session.closed"
    session: SessionRecord
    reason: str
    seconds: float

    @property
    def service(self) -> str:
        """Of which service."""
        return self.session.service


@dataclass(frozen=True, slots=True)
class SessionRefused:
    """A client was not let in; `crowded`: for want of room, and not because of where it comes from."""

    name: ClassVar[str] = "session.refused"
    service: str
    address: str
    reason: str
    crowded: bool = False


@dataclass(frozen=True, slots=True)
class LockTaken:
    """A session has locked its mailbox."""

    name: ClassVar[str] = "lock.taken"
    lock: LockRecord

    @property
    def service(self) -> str:
        """Of which service."""
        return self.lock.service


@dataclass(frozen=True, slots=True)
class LockReleased:
    """A mailbox is free again."""

    name: ClassVar[str] = "lock.released"
    lock: LockRecord

    @property
    def service(self) -> str:
        """Of which service."""
        return self.lock.service


@dataclass(frozen=True, slots=True)
class ServiceState:
    """A service runs, has stopped or has failed."""

    name: ClassVar[str] = "service.state"
    service: str
    state: str
    detail: str


@dataclass(frozen=True, slots=True)
class Remark:
    """Something the administrator should know: `level` is that of the log."""

    name: ClassVar[str] = "log"
    service: ClassVar[str] = ""
    level: str
    text: str


Event = (
    SessionOpened
    | SessionLogin
    | LoginFailed
    | SessionClosed
    | SessionRefused
    | LockTaken
    | LockReleased
    | ServiceState
    | Remark
)

KINDS: tuple[type[Event], ...] = get_args(Event)
"""All kinds of events."""

Listener = Callable[[datetime, Event], None]
"""Is told what has happened, and when."""

CROWDED = "session.refused.crowded"
"""Counted besides, of the clients that were not let in."""


def failed(cause: Cause) -> str:
    """What a refused login counts as besides, by its cause."""
    return f"{LoginFailed.name}.{cause.value}"


def utc_now() -> datetime:
    """The time now, in UTC."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Ledger:
    """One account for the whole server."""

    clock: Callable[[], datetime] = utc_now
    ticks: Callable[[], float] = time.monotonic
    """Seconds on a clock that nobody sets: how long something took."""

    sessions: dict[str, SessionRecord] = field(default_factory=dict)
    locks: dict[str, LockRecord] = field(default_factory=dict)      # by session
    _counted: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))      # by service
    _listeners: dict[type[Event], tuple[Listener, ...]] = field(default_factory=lambda: dict.fromkeys(KINDS, ()))
    _last_id: int = 0

    def listen(self, listener: Listener, *kinds: type[Event]) -> Callable[[], None]:
        """Have every further event, or those of these kinds, told to this function.

        Call what is returned to have it told no more.
        """
        for kind in kinds or KINDS:
            self._listeners[kind] += (listener,)
        return lambda: self._unlisten(listener)

    def enter(self, event: Event) -> None:
        """Enter an event and tell it to all who listen."""
        self._enter(event, event.service, self.clock())

    def _enter(self, event: Event, service: str, at: datetime) -> None:
        counted = self._counted[service]
        counted[event.name] += 1
        if isinstance(event, LoginFailed):
            counted[failed(event.cause)] += 1
        elif isinstance(event, SessionRefused) and event.crowded:
            counted[CROWDED] += 1
        for listener in self._listeners[type(event)]:
            listener(at, event)

    def _unlisten(self, listener: Listener) -> None:
        for kind, listeners in self._listeners.items():
            self._listeners[kind] = tuple(each for each in listeners if each != listener)

    def totals(self) -> dict[str, Counter[str]]:
        """By service: how often each event was, and what the sessions, open ones included, add up to."""
        totals = {service: Counter(counted) for service, counted in self._counted.items()}
        for record in self.sessions.values():
            _add(totals[record.service], record)
        return totals

    def open(self, service: str, address: str) -> SessionRecord:
        """Open the account of a connection that was let in."""
        self._last_id += 1
        now = self.clock()
        record = SessionRecord(str(self._last_id), service, address, now, began=self.ticks())
        self.sessions[record.id] = record
        self._enter(SessionOpened(record), service, now)
        return record

    def lock(self, record: SessionRecord, mailbox: str) -> None:
        """A session has locked its mailbox; it is free again when the session is closed."""
        user = record.user or ""
        now = self.clock()
        lock = LockRecord(mailbox, user, record.service, record.id, record.address, now)
        self.locks[record.id] = lock
        self._enter(LockTaken(lock), record.service, now)

    def close(self, record: SessionRecord, reason: str) -> None:
        """Close it: the session is decided."""
        if self.sessions.pop(record.id, None) is None:
            return
        now = self.clock()
        lock = self.locks.pop(record.id, None)
        if lock is not None:
            self._enter(LockReleased(lock), record.service, now)
        _add(self._counted[record.service], record)
        self._enter(SessionClosed(record, reason, self.ticks() - record.began), record.service, now)


def _add(totals: Counter[str], record: SessionRecord) -> None:
    totals["bytes_in"] += record.bytes_in
    totals["bytes_out"] += record.bytes_out
    totals["retrieved"] += record.retrieved
    totals["deleted"] += record.deleted
