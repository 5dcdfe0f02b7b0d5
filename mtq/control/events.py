"""What subscribers are told: events of the ledger, lines of the log, and how things stand once a second.

An event is encoded once, however many listen to it, and not at all if nobody does.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from mtq.control import rows, wire
from mtq.control.methods import EventName
from mtq.ledger import (
    Event,
    Ledger,
    LockReleased,
    LockTaken,
    Remark,
    ServiceState,
    SessionClosed,
    SessionLogin,
    SessionOpened,
    SessionRecord,
    SessionRefused,
)
from mtq.server.log import Line, Log

EVERY = 1.0
"""Seconds from one `metrics` event to the next."""

ALL = frozenset(EventName)

_FROM_LEDGER = {name.value: name for name in EventName if name not in (EventName.LOG, EventName.METRICS)}


class Subscriber(Protocol):
    """Somebody who wants to know."""

    def tell(self, line: bytes) -> None:
        """Send a notification on. Raises nothing."""


class Events:
    """Who has subscribed to what."""

    def __init__(
        self,
        ledger: Ledger,
        log: Log,
        idle: Callable[[SessionRecord], float | None],
        services: Callable[[], Sequence[Mapping[str, object]]],
    ) -> None:
        """`idle`: seconds since a session's last command, if it is still there; `services`: rows of all services."""
        self._ledger = ledger
        self._idle = idle
        self._services = services
        self._subscribers: dict[Subscriber, frozenset[EventName]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._unlisten: Callable[[], None] | None = None      # nobody has subscribed
        log.listen(self._logged)

    def subscribe(self, who: Subscriber, names: frozenset[EventName] = ALL) -> None:
        """Tell somebody of these events from now on, and of no others."""
        self._subscribers[who] = names
        if self._unlisten is None:
            self._unlisten = self._ledger.listen(self._entered)
        self._set_timer()

    def forget(self, who: Subscriber) -> None:
        """Tell it nothing any more."""
        self._subscribers.pop(who, None)
        if self._unlisten is not None and not self._subscribers:
            self._unlisten()
            self._unlisten = None
        self._set_timer()

    @property
    def is_ticking(self) -> bool:
        """Whether somebody is subscribed to `metrics`."""
        return self._timer is not None

    def _entered(self, at: datetime, event: Event) -> None:
        name = _FROM_LEDGER.get(event.name)
        if name is not None:
            self._tell(name, at, lambda: self._data(event))

    def _logged(self, line: Line) -> None:
        if self._subscribers:
            self._tell(EventName.LOG, line.at, lambda: {"level": line.level, "text": line.text})

    def _tell(self, name: EventName, at: datetime, data: Callable[[], Mapping[str, object]]) -> None:
        listening = [who for who, names in self._subscribers.items() if name in names]
        if not listening:
            return
        try:
            line = wire.notification("event", {"event": name.value, "at": rows.moment(at), **data()})
        except Exception as error:      # the last resort: no session ends because it cannot be told of
            remark = Remark("error", f"internal error in the event {name.value}: {error!r}")
            asyncio.get_running_loop().call_soon(self._ledger.enter, remark)
            return
        for who in listening:
            who.tell(line)

    def _data(self, event: Event) -> Mapping[str, object]:
        match event:
            case SessionOpened():
                return self._session(event.session)
            case SessionLogin():
                return {
                    **self._session(event.session),
                    "mechanism": event.mechanism,
                    "messages": event.messages,
                }
            case SessionClosed():
                return {
                    **self._session(event.session),
                    "reason": event.reason,
                    "seconds": rows.seconds(event.seconds),
                }
            case SessionRefused():
                return {**rows.refused(event.service, event.address), "reason": event.reason}
            case LockTaken() | LockReleased():
                return rows.lock(event.lock, None, None)
            case ServiceState():
                return {"service": event.service, "state": event.state, "detail": event.detail}
            case _:
                return {}

    def _session(self, record: SessionRecord) -> Mapping[str, object]:
        return rows.session(record, self._idle(record))

    # Once a second

    def _set_timer(self) -> None:
        """The timer runs while somebody waits for it."""
        wanted = any(EventName.METRICS in names for names in self._subscribers.values())
        if wanted and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(EVERY, self._tick)
        elif not wanted and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _tick(self) -> None:
        self._timer = None
        self._set_timer()
        self._tell(EventName.METRICS, self._ledger.clock(), lambda: rows.metrics(self._ledger, self._services()))
