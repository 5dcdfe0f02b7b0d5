"""The log: what is entered into the ledger, as lines for a person or as JSON for a machine.

Commands, messages and passwords never are. Names come from the network: whatever could move a cursor or forge a
line is escaped.
"""

import json
import sys
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TextIO

from mtq.ledger import (
    Event,
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

LEVELS = ("debug", "info", "warning", "error")

RECENT = 1000
"""Lines kept for whoever asks later."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the log, as it was when it was written: what it tells of goes on changing."""

    at: datetime
    level: str
    text: str


class Log:
    """Writes lines of a level and above, and keeps the last of them."""

    def __init__(self, level: str, as_json: bool, out: TextIO | None = None) -> None:
        self._out = out or sys.stderr
        self.recent: deque[Line] = deque(maxlen=RECENT)
        self._listeners: list[Callable[[Line], None]] = []
        self.turn_to(level, as_json)

    def turn_to(self, level: str, as_json: bool) -> None:
        """Write lines like this from now on."""
        self._lowest = LEVELS.index(level)
        self._json = as_json

    def listen(self, listener: Callable[[Line], None]) -> None:
        """Have every further line told to this function."""
        self._listeners.append(listener)

    def __call__(self, at: datetime, event: Event) -> None:
        """Write an event, if it is of interest."""
        level = level_of(event)
        if LEVELS.index(level) < self._lowest:
            return
        line = Line(at, level, sentence(event))
        self.recent.append(line)
        self._write(line, event)
        for listener in self._listeners:
            listener(line)

    def _write(self, line: Line, event: Event) -> None:
        moment = line.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        if self._json:
            written = json.dumps({"at": moment, "level": line.level, "event": event.name, **fields(event)})
        else:
            written = f"{moment} {line.level:<7} {line.text}"
        with suppress(OSError, ValueError):      # a full disk or a reader that has gone is not to stop mail
            self._out.write(written + "\n")
            self._out.flush()


def level_of(event: Event) -> str:
    """How much it matters."""
    match event:
        case Remark():
            return event.level
        case SessionOpened() | SessionLogin() | LockTaken() | LockReleased():
            return "debug"
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
            return f"{_who(event.session)}: login failed for {shown(event.user)}: {shown(event.reason)}"
        case SessionClosed():
            session = event.session
            return (
                f"{_who(session)}: {event.reason}; {session.retrieved} sent, {session.deleted} removed, "
                f"{session.bytes_out} octets, {event.seconds:.1f} s"
            )
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
                "user": session.user,
                "address": session.address,
                "tls": session.tls,
            }
            if isinstance(event, SessionLogin):
                data |= {"mechanism": event.mechanism, "messages": event.messages}
            elif isinstance(event, LoginFailed):
                data |= {"user": shown(event.user), "reason": event.reason}
            elif isinstance(event, SessionClosed):
                data |= {
                    "reason": event.reason,
                    "seconds": round(event.seconds, 3),
                    "bytes_in": session.bytes_in,
                    "bytes_out": session.bytes_out,
                    "retrieved": session.retrieved,
                    "deleted": session.deleted,
                }
            return data
        case SessionRefused():
            return {"service": event.service, "address": event.address, "reason": event.reason}
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
    escaped = "".join(
        c if c.isprintable() and c != "\\" else c.encode("unicode_escape", "surrogatepass").decode() for c in text
    )
    return escaped if len(escaped) <= 200 else escaped[:199] + "…"


def _who(session: SessionRecord) -> str:
    user = f"{session.user} " if session.user else ""
    tls = f", {session.tls}" if session.tls else ""
    return f"session {session.id}: {user}from {session.address} on {session.service}{tls}"
