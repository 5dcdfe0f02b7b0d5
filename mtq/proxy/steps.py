"""What happens on the way to a remote server, told step by step to whoever watches: `mtq proxy test` does."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field

from mtq.errors import Refusal


@dataclass(frozen=True, slots=True)
class Step:
    """One step: whether it went well, how long it took, what came of it in words and as plain data."""

    name: str
    ok: bool
    seconds: float
    text: str
    facts: Mapping[str, object] = field(default_factory=dict)


class Note:
    """What there is to say of a step while it is done."""

    def __init__(self) -> None:
        self.text = ""
        self.facts: dict[str, object] = {}

    def say(self, text: str, **facts: object) -> None:
        """Say it."""
        self.text = text
        self.facts.update(facts)


class Watch:
    """Tells the steps to a listener; with none it costs next to nothing."""

    def __init__(self, tell: Callable[[Step], None] | None = None) -> None:
        self._tell = tell

    @property
    def listening(self) -> bool:
        """Whether anybody wants to know."""
        return self._tell is not None

    def tell(self, step: Step) -> None:
        """Tell of a step that took no time."""
        if self._tell is not None:
            self._tell(step)

    def step(self, name: str) -> AbstractContextManager[Note]:
        """Tell of what is done in here: how it ended, and a refusal's cause if one ended it."""
        return nullcontext(Note()) if self._tell is None else self._told(name)

    @contextmanager
    def _told(self, name: str) -> Iterator[Note]:
        note = Note()
        began = time.monotonic()
        try:
            yield note
        except Refusal as refusal:
            text = f"{note.text}: {refusal.cause}" if note.text else refusal.cause
            self.tell(Step(name, False, time.monotonic() - began, text, note.facts))
            raise
        self.tell(Step(name, True, time.monotonic() - began, note.text, note.facts))


UNWATCHED = Watch()
