"""What the server tells, as messages: it is listened to and asked for lists, and looked for when it is gone.

One connection, and everything that comes over it is told in its order: a list has in it what events before it told.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

from textual.message import Message

from mtq.control.wire import Code, Failure, Notification, Result
from mtq.errors import MtqError

from .link import Link, linked
from .messages import Attached, Complained, Detached, Happened, Sampled
from .topics import Row, Topic

SILENCE = 10.0
"""Seconds without a word after which a server that should tell something every second counts as gone."""

BATCH = 0.05
"""Seconds for which events are collected before they are told together."""

FIRST_PAUSE, LONGEST_PAUSE = 0.25, 2.0
"""Seconds between two looks for a server that is gone: the first pause, which is doubled up to the longest."""

AFTER_A_NO = 30.0
"""Seconds after which something is asked again that the server could not answer."""

LOOK = 0.1
"""Seconds from one look at what is due to the next, at least."""

SHARE = 20
"""A list that takes long is asked for less often: it may take one part in so many of the time."""

ALWAYS = frozenset({Topic.STATUS, Topic.SERVICES, Topic.LOCKS, Topic.PENALTIES})
"""What is asked for whatever is shown."""


class Feed:
    """See the module's first lines. `tell` gets every message."""

    def __init__(self, socket: Path, tell: Callable[[Message], object]) -> None:
        self._socket = socket
        self._tell = tell
        self._wanted = ALWAYS
        self._attachment: _Attachment | None = None

    async def run(self) -> None:
        """Tell of the server until cancelled."""
        pause = FIRST_PAUSE
        while True:
            try:
                async with linked(self._socket) as link:
                    pause = FIRST_PAUSE
                    await self._follow(link)
            except MtqError as error:
                self._tell(Detached(str(error)))
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def want(self, topics: frozenset[Topic]) -> None:
        """Ask for these lists from now on, besides those that always are; at once for those that are new."""
        before, self._wanted = self._wanted, ALWAYS | {topic for topic in topics if topic.is_sampled}
        if self._attachment is not None:
            self._attachment.wanted = self._wanted
            self._attachment.ask(self._wanted - before)

    def look(self) -> None:
        """Ask at once for all lists that are wanted."""
        if self._attachment is not None:
            self._attachment.ask(self._wanted)

    async def _follow(self, link: Link) -> None:
        self._tell(Attached(link.status))
        self._attachment = attachment = _Attachment(link, self._tell, self._wanted)
        try:
            await attachment.listen()
        finally:
            attachment.end()
            self._attachment = None


class _Attachment:
    """One connection: what was asked over it and when, and the events that are still to be told."""

    def __init__(self, link: Link, tell: Callable[[Message], object], wanted: frozenset[Topic]) -> None:
        self.wanted = wanted
        self._link = link
        self._tell = tell
        self._now = asyncio.get_running_loop().time
        self._asked: dict[object, tuple[Topic, float]] = {}     # by the request's id
        self._due: dict[Topic, float] = {}
        self._events: list[Row] = []
        self._telling: asyncio.TimerHandle | None = None
        self._asking: asyncio.TimerHandle | None = None

    def ask(self, topics: frozenset[Topic]) -> None:
        """Ask for lists, unless the answer is on its way."""
        under_way = {topic for topic, _ in self._asked.values()}
        for topic in topics - under_way:
            self._asked[self._link.send(topic.method)] = topic, self._now()

    async def listen(self) -> None:
        """Tell what comes. Raises MtqError when the server has gone."""
        # Subscribed first: what happens before a list is answered is in it, what happens after it is told.
        self._link.send("events.subscribe")
        self.ask(self.wanted | {Topic.LOG})
        self._ask_what_is_due()
        while True:
            match await self._link.receive(SILENCE):
                case Notification() as event:
                    self._collect(event.params)
                case Result() as result:
                    self._answered(result.id, result.data)
                case Failure(id=id) as failure:
                    if id is None:
                        raise failure.error
                    self._refused(failure)

    def end(self) -> None:
        """The server has gone: tell what it said last, and ask no more."""
        self._flush()
        if self._asking is not None:
            self._asking.cancel()

    def _ask_what_is_due(self) -> None:
        """Ask for those lists whose time has come, and again when it comes for others."""
        now = self._now()
        self.ask(frozenset(topic for topic in self.wanted if self._due.get(topic, now) <= now))
        next_time = min((self._due.get(topic, now + LOOK) for topic in self.wanted), default=now + LOOK)
        pause = max(LOOK, next_time - now)
        self._asking = asyncio.get_running_loop().call_later(pause, self._ask_what_is_due)

    def _flush(self) -> None:
        if self._telling is not None:
            self._telling.cancel()
            self._telling = None
        if self._events:
            self._tell(Happened(self._events))
            self._events = []

    def _collect(self, event: Row) -> None:
        self._events.append(event)
        if self._telling is None:
            self._telling = asyncio.get_running_loop().call_later(BATCH, self._flush)

    def _answered(self, id: object, data: Row | None) -> None:
        topic = self._topic_of(id)
        if topic is not None:
            self._flush()
            self._tell(Sampled(topic, data))

    def _refused(self, failure: Failure) -> None:
        if failure.code == Code.NO_SUCH_METHOD:
            self._answered(failure.id, None)
        else:
            topic = self._topic_of(failure.id)
            if topic is not None:
                self._due[topic] = self._now() + AFTER_A_NO
            self._tell(Complained(failure.message))

    def _topic_of(self, id: object) -> Topic | None:
        """What was asked by a request, which is answered now; None: it was the subscription."""
        if id not in self._asked:
            return None
        topic, at = self._asked.pop(id)
        now = self._now()
        self._due[topic] = now + max(topic.pace, SHARE * (now - at))
        return topic
