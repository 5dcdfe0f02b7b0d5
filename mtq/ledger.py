"""The live account of the house: who is connected, what has happened, what it adds up to. No I/O.

Whatever happens is entered here once, as a plain value; the log and whoever else listens read it from here.
"""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import ClassVar

RECENT = 1000
"""Events kept for whoever asks later."""


@dataclass(slots=True)
class SessionRecord:
    """One connection, as an administrator sees it."""

    id: str
    service: str
    address: str
    since: datetime
    user: str | None = None
    state: str = "greeting"
    tls: str | None = None
    target: str | None = None
    bytes_in: int = 0
    bytes_out: int = 0
    retrieved: int = 0
    deleted: int = 0


@dataclass(frozen=True, slots=True)
class SessionOpened:
    """A client was let in."""

    name: ClassVar[str] = "session.opened"
    session: SessionRecord


@dataclass(frozen=True, slots=True)
class SessionLogin:
    """A client has logged in."""

    name: ClassVar[str] = "session.login"
    session: SessionRecord
    mechanism: str
    messages: int


@dataclass(frozen=True, slots=True)
class LoginFailed:
    """A login was refused. `reason` is for the log alone."""

    name: ClassVar[str] = "login.failed"
    session: SessionRecord
    user: str
    reason: str


@dataclass(frozen=True, slots=True)
class SessionClosed:
    """A session was decided: its slot and its lock are free."""

    name: ClassVar[str] = "session.closed"
    session: SessionRecord
    reason: str
    seconds: float


@dataclass(frozen=True, slots=True)
class SessionRefused:
    """A client was not let in."""

    name: ClassVar[str] = "session.refused"
    service: str
    address: str
    reason: str


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
    level: str
    text: str


Event = SessionOpened | SessionLogin | LoginFailed | SessionClosed | SessionRefused | ServiceState | Remark


def utc_now() -> datetime:
    """The time now, in UTC."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Ledger:
    """One account for the whole server."""

    clock: Callable[[], datetime] = utc_now
    sessions: dict[str, SessionRecord] = field(default_factory=dict)
    totals: Counter[str] = field(default_factory=Counter)
    recent: deque[tuple[datetime, Event]] = field(default_factory=lambda: deque(maxlen=RECENT))
    _listeners: list[Callable[[datetime, Event], None]] = field(default_factory=list)
    _last_id: int = 0

    def listen(self, listener: Callable[[datetime, Event], None]) -> Callable[[], None]:
        """Have every further event told to this function. Call what is returned to have it told no more."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def enter(self, event: Event) -> None:
        """Enter an event and tell it to all who listen."""
        at = self.clock()
        self.totals[event.name] += 1
        self.recent.append((at, event))
        for listener in tuple(self._listeners):
            listener(at, event)

    def open(self, service: str, address: str) -> SessionRecord:
        """Open the account of a connection that was let in."""
        self._last_id += 1
        record = SessionRecord(str(self._last_id), service, address, self.clock())
        self.sessions[record.id] = record
        self.enter(SessionOpened(record))
        return record

    def close(self, record: SessionRecord, reason: str) -> None:
        """Close it: the session is decided."""
        if self.sessions.pop(record.id, None) is None:
            return
        seconds = (self.clock() - record.since).total_seconds()
        self.totals["bytes_in"] += record.bytes_in
        self.totals["bytes_out"] += record.bytes_out
        self.totals["retrieved"] += record.retrieved
        self.totals["deleted"] += record.deleted
        self.enter(SessionClosed(record, reason, max(0.0, seconds)))
