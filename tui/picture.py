"""What is known of the server now: lists as they were sampled, kept true by the events that follow. No I/O."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence

from .history import History
from .topics import Row, Topic

LINES = 5000
"""Lines of the log that are kept."""

WAITING = "Looking for the server"


class Picture:
    """See the module's first lines. What changes it says which topics have changed."""

    def __init__(self) -> None:
        self.trouble: str | None = WAITING
        """Why the server cannot be reached; None: it is there."""
        self.status: Row = {}
        self.services: dict[str, Row] = {}
        self.sessions: dict[str, Row] = {}
        self.locks: dict[str, Row] = {}             # by session
        self.ranges: Sequence[Row] = ()
        self.penalties: Sequence[Row] = ()
        self.failures: Sequence[Row] = ()
        self.proxies: dict[str, Row] | None = None
        """By service; None: the server knows of no proxy."""
        self.lines: deque[Row] = deque(maxlen=LINES)
        self.line_count = 0
        """Lines that were ever taken, so that one who looks again knows how many are new."""
        self.begun_at = 0
        """How many of them had been taken when the server's log was read anew: what is kept came after."""
        self.history = History()

    @property
    def attached(self) -> bool:
        """Whether the server is there."""
        return self.trouble is None

    def attach(self, status: Row) -> frozenset[Topic]:
        """The server is there."""
        if (status.get("pid"), status.get("since")) != (self.status.get("pid"), self.status.get("since")):
            self.sessions, self.locks = {}, {}
            self.history.begin_anew()
        self.trouble = None
        self._take_status(status)
        return frozenset(Topic)

    def detach(self, reason: str) -> frozenset[Topic]:
        """The server has gone; what was known of it stays, for who wants to know how it was."""
        self.trouble = reason
        return frozenset(Topic)

    def take(self, topic: Topic, data: Row | None) -> frozenset[Topic]:
        """Take what the server answered; None: it has no such method."""
        found = rows(data, topic.key) if topic.key else []
        match topic:
            case Topic.STATUS if data is not None:
                self._take_status(data)
                return frozenset({Topic.STATUS, Topic.SERVICES})
            case Topic.SERVICES:
                self.services = by(found, "name")
            case Topic.SESSIONS:
                self.sessions = by(found, "id")
            case Topic.LOCKS:
                self.locks = by(found, "session")
            case Topic.RANGES:
                self.ranges = found
            case Topic.PENALTIES:
                self.penalties = found
            case Topic.FAILURES:
                self.failures = found
            case Topic.PROXIES:
                self.proxies = None if data is None else by(found, "service")
            case Topic.LOG:
                self.lines.clear()
                self.begun_at = self.line_count
                self._take_lines(found)
            case _:
                pass
        return frozenset({topic})

    def apply(self, events: Iterable[Row]) -> frozenset[Topic]:
        """Take what has happened."""
        changed: set[Topic] = set()
        for event in events:
            changed |= self._apply(event)
        return frozenset(changed)

    def _apply(self, event: Row) -> set[Topic]:
        match event.get("event"):
            case "session.opened" | "session.login":
                self.sessions[str(event.get("id"))] = event
                return {Topic.SESSIONS}
            case "session.closed":
                self.sessions.pop(str(event.get("id")), None)
                return {Topic.SESSIONS}
            case "lock.taken":
                self.locks[str(event.get("session"))] = event
                return {Topic.LOCKS}
            case "lock.released":
                self.locks.pop(str(event.get("session")), None)
                return {Topic.LOCKS}
            case "service.state":
                return self._take_state(event)
            case "log":
                self._take_lines([event])
                return {Topic.LOG}
            case "metrics":
                return self._take_metrics(event)
            case _:
                return set()

    def _take_status(self, status: Row) -> None:
        self.status = status
        self.services = by(rows(status, "services"), "name")

    def _take_lines(self, found: Sequence[Row]) -> None:
        self.lines.extend(found)
        self.line_count += len(found)

    def _take_state(self, event: Row) -> set[Topic]:
        name, state = str(event.get("service")), event.get("state")
        if name not in self.services:
            return set()
        error = event.get("detail") if state == "failed" else None
        self.services[name] = {**self.services[name], "state": state, "error": error}
        return {Topic.SERVICES}

    def _take_metrics(self, event: Row) -> set[Topic]:
        found = by(rows(event, "services"), "name")
        known = {name: {**row, **found[name]} for name, row in self.services.items() if name in found}
        self.services = {**self.services, **known}
        totals = event.get("totals")
        self.history.enter(
            {name: number(totals, name) for name in totals} if isinstance(totals, dict) else {},
            {name: int(number(row, "connections")) for name, row in found.items()},
        )
        return {Topic.METRICS, Topic.SERVICES}


def rows(data: Row | None, name: str) -> list[Row]:
    """The rows of a list that the server has told."""
    found = None if data is None else data.get(name)
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def by(found: Iterable[Row], key: str) -> dict[str, Row]:
    """The rows by one of their keys."""
    return {str(row.get(key)): row for row in found}


def number(row: Mapping[str, object], key: str) -> float:
    """A number in a row; 0 for what is none."""
    value = row.get(key)
    return float(value) if isinstance(value, int | float) else 0.0
