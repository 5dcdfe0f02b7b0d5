"""What the rooms of the dashboard tell each other."""

from collections.abc import Sequence

from textual.message import Message

from .deeds import Deed
from .topics import Row, Topic


class Attached(Message):
    """The server is there."""

    def __init__(self, status: Row) -> None:
        self.status = status
        super().__init__()


class Detached(Message):
    """The server is not there, or of no use. It is looked for again and again."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__()


class Happened(Message):
    """Events, in their order."""

    def __init__(self, events: Sequence[Row]) -> None:
        self.events = events
        super().__init__()


class Sampled(Message):
    """What the server answered when it was asked for a list; None: it has no such method."""

    def __init__(self, topic: Topic, data: Row | None) -> None:
        self.topic = topic
        self.data = data
        super().__init__()


class Complained(Message):
    """The server could not answer what it was asked."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__()


class Do(Message):
    """Somebody wants this to be done."""

    def __init__(self, deed: Deed) -> None:
        self.deed = deed
        super().__init__()


class Go(Message):
    """Somebody wants to see another view, with the cursor on the row with this key."""

    def __init__(self, view: str, key: object = None) -> None:
        self.view = view
        self.key = key
        super().__init__()
