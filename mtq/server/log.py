"""The log: what is entered into the ledger, as lines for a person or as JSON for a machine.

Commands, messages and passwords never are. Names come from the network: whatever could move a cursor or forge a
line is escaped, and in a line of a failed login the address stands before the name, so that who bans by the log
(contrib/fail2ban) is not led astray.
"""

import json
import os
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from mtq.ledger import (
    KINDS,
    Cause,
    Event,
    Ledger,
    LockReleased,
    LockTaken,
    LoginFailed,
    Remark,
    ServiceState,
    SessionClosed,
    SessionLogin,
    SessionOpened,
    SessionRecord,
    SessionRefused,
)
from mtq.server.restraint import Restraint

if TYPE_CHECKING:       # it loads asyncio, and commands read what a log line looks like here
    from mtq.server.stream import Stream

LEVELS = ("debug", "info", "warning", "error")

RECENT = 1000
"""Lines kept for whoever asks later."""

_PRIORITIES = {"debug": 7, "info": 6, "warning": 4, "error": 3}
"""Levels as the system's log has them (sd-daemon(3))."""

_FAILED = {
    Cause.CREDENTIALS: "login failed for",
    Cause.REPEATED: "login failed again for",
    Cause.UNAVAILABLE: "login not possible for",
}


_DETAILS = frozenset({SessionOpened, SessionLogin, LockTaken, LockReleased})


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the log, as it was when it was written: what it tells of goes on changing."""

    at: datetime
    level: str
    text: str


class Log:
    """Writes lines of a level and above, and keeps the last of them."""

    def __init__(self, level: str, as_json: bool, stream: "Stream") -> None:
        self.stream = stream
        self._journal = is_journal(stream)
        self.recent: deque[Line] = deque(maxlen=RECENT)
        self._listeners: list[Callable[[Line], None]] = []
        self._restraints = {"clients that did not log in": Restraint(), "failed logins": Restraint()}
        self._ledger: Ledger | None = None
        self._unlisten: Callable[[], None] | None = None
        self.turn_to(level, as_json)

    def hear(self, ledger: Ledger) -> None:
        """Write what is entered there from now on."""
        self._ledger = ledger
        self._listen()

    def turn_to(self, level: str, as_json: bool) -> None:
        """Write lines like this from now on."""
        self._levels = frozenset(LEVELS[LEVELS.index(level) :])
        self._json = as_json
        self._listen()

    def _listen(self) -> None:
        """Listen for what may be written alone: four of five events that a session brings are details."""
        if self._unlisten is not None:
            self._unlisten()
        if self._ledger is not None:
            details = "debug" in self._levels
            self._unlisten = self._ledger.listen(self, *(kind for kind in KINDS if details or kind not in _DETAILS))

    @property
    def trouble(self) -> str | None:
        """Why it cannot be written at the moment; None: it can."""
        stream = self.stream
        if stream.trouble is None:
            return None
        return f"the log cannot be written: {stream.trouble}; lines that were lost: {stream.lost}"

    def listen(self, listener: Callable[[Line], None]) -> None:
        """Have every further line told to this function."""
        self._listeners.append(listener)

    def __call__(self, at: datetime, event: Event) -> None:
        """Write an event, if it is of interest and there are not too many of its kind."""
        level = level_of(event)
        if level not in self._levels:
            return
        for name, restraint in self._restraints.items():
            if left_out := restraint.left_out(at):
                self._enter(at, Remark("warning", f"{left_out} more lines of {name} were left out"), "warning")
        kind = _kind(event)
        if kind is None or self._restraints[kind].admits(at):
            self._enter(at, event, level)

    def _enter(self, at: datetime, event: Event, level: str) -> None:
        line = Line(at, level, _printable(sentence(event)))
        self.recent.append(line)
        self._write(line, event)
        for listener in self._listeners:
            listener(line)

    def _write(self, line: Line, event: Event) -> None:
        moment = line.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        if self._json:
            written = json.dumps({"at": moment, "level": line.level, "event": event.name, **fields(event)})
        elif self._journal:
            written = line.text      # the journal knows the time
        else:
            written = f"{moment} {line.level:<7} {line.text}"
        if self._journal:
            written = f"<{_PRIORITIES[line.level]}>{written}"
        self.stream.write(written + "\n")


def is_journal(stream: "Stream") -> bool:
    """Whether what is written there comes to the system's journal (systemd.exec(5), JOURNAL_STREAM)."""
    journal = os.environ.get("JOURNAL_STREAM")
    if journal is None:
        return False
    with suppress(OSError):
        found = os.fstat(stream.fileno())
        return journal == f"{found.st_dev}:{found.st_ino}"
    return False


def _kind(event: Event) -> str | None:
    """Of which lines there are only so many in a second."""
    match event:
        case LoginFailed():
            return "failed logins"
        case SessionRefused():
            return "clients that did not log in"
        case SessionOpened() | SessionClosed() if event.session.user is None:
            return "clients that did not log in"
        case _:
            return None


def level_of(event: Event) -> str:
    """How much it matters."""
    if type(event) in _DETAILS:      # first, and no more is done: they come with every session
        return "debug"
    match event:
        case Remark():
            return event.level
        case LoginFailed():
            return "warning"
        case ServiceState():
            return "error" if event.state == "failed" else "info"
        case _:
            return "info"


def sentence(event: Event) -> str:
    """An event in words."""
    match event:
        case SessionOpened():
            return f"{_who(event.session)}: connected"
        case SessionLogin():
            where = f", {event.messages} messages" if event.session.target is None else f" at {event.session.target}"
            return f"{_who(event.session)}: logged in by {event.mechanism}{where}"
        case LoginFailed():
            return f"{_who(event.session)}: {_FAILED[event.cause]} {shown(event.user)}: {shown(event.reason)}"
        case SessionClosed():
            session, messages = event.session, ""
            if session.messages is not None:
                messages = f"{session.retrieved} messages sent, {session.deleted} of {session.messages} removed, "
            octets = f"{session.bytes_out} octets out, {session.bytes_in} in"
            return f"{_who(session)}: {event.reason}; {messages}{octets}, {event.seconds:.1f} s"
        case SessionRefused():
            return f"{event.service}: {event.address} refused: {event.reason}"
        case LockTaken():
            return f"session {event.lock.session}: {shown(event.lock.mailbox)} locked"
        case LockReleased():
            return f"session {event.lock.session}: {shown(event.lock.mailbox)} free again"
        case ServiceState():
            return f"service {event.service}: {event.state}, {event.detail}"
        case Remark():
            return event.text


def fields(event: Event) -> dict[str, object]:
    """An event's data for JSON."""
    match event:
        case SessionOpened() | SessionLogin() | LoginFailed() | SessionClosed():
            session = event.session
            data: dict[str, object] = {
                "session": session.id,
                "service": session.service,
                "address": session.address,
                "tls": session.tls,
            }
            if isinstance(event, LoginFailed):      # what a client has chosen comes last
                return data | {"cause": event.cause.value, "user": shown(event.user), "reason": event.reason}
            data["user"] = session.user
            if isinstance(event, SessionLogin):
                data |= {"mechanism": event.mechanism, "messages": event.messages}
            elif isinstance(event, SessionClosed):
                data |= {
                    "reason": event.reason,
                    "seconds": round(event.seconds, 3),
                    "bytes_in": session.bytes_in,
                    "bytes_out": session.bytes_out,
                    "messages": session.messages,
                    "retrieved": session.retrieved,
                    "deleted": session.deleted,
                }
            return data
        case SessionRefused():
            return {
                "service": event.service,
                "address": event.address,
                "reason": event.reason,
                "crowded": event.crowded,
            }
        case LockTaken() | LockReleased():
            lock = event.lock
            return {
                "mailbox": shown(lock.mailbox),
                "user": lock.user,
                "service": lock.service,
                "session": lock.session,
                "address": lock.address,
            }
        case ServiceState():
            return {"service": event.service, "state": event.state, "detail": event.detail}
        case Remark():
            return {"text": event.text}


def shown(text: str) -> str:
    """Text from outside as one harmless word or line: printable as it is, the rest escaped."""
    escaped = _printable(text.replace("\\", "\\\\"))
    return escaped if len(escaped) <= 200 else escaped[:199] + "…"


def _who(session: SessionRecord) -> str:
    tls = f", {session.tls}" if session.tls else ""
    user = f", as {shown(session.user)}" if session.user else ""
    return f"session {session.id}: from {session.address} on {session.service}{tls}{user}"


def _printable(text: str) -> str:
    """A line that is one: what could end it or move a cursor is escaped."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)
