"""fetchmail at work, one poll after the other."""

import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.clients import programs
from tests.clients.programs import Way
from tests.house import House


class PollFailed(Exception):
    """A poll has failed; the message says how."""


class Polling:
    """Polls in a thread of its own. What goes wrong in one ends it, and fails whoever looks after it."""

    def __init__(self, house: House, way: Way, folder: Path, user: str = "fred") -> None:
        self._house, self._way, self._folder, self._user = house, way, folder, user
        self._polled = threading.Condition()
        self._over = False
        self._fault: Exception | None = None
        self.polls = 0
        self.longest = 0.0      # seconds, of a poll
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def await_polls(self) -> None:
        """Wait for a poll that began after this and is through."""
        with self._polled:
            wanted = self.polls + 2
            self._polled.wait_for(lambda: self.polls >= wanted or self._fault is not None, 2 * programs.LONGEST)
        self._check()

    def end(self) -> None:
        """Stop when the poll under way is through."""
        self._over = True
        self._thread.join()
        self._check()

    def fetched(self) -> list[Path]:
        """What has come, a file a message."""
        return list((self._folder / "inbox").iterdir())

    def _check(self) -> None:
        if self._fault is not None:
            raise PollFailed(f"poll {self.polls} of {self._user} has failed: {self._fault}")

    def _run(self) -> None:
        while not self._over and self._fault is None:
            began = time.monotonic()
            try:
                programs.fetchmail(self._house, self._way, self._folder, user=self._user)
            except (AssertionError, subprocess.TimeoutExpired) as fault:
                self._fault = fault
            with self._polled:
                self.polls += 1
                self.longest = max(self.longest, time.monotonic() - began)
                self._polled.notify_all()


@contextmanager
def polling(house: House, way: Way, folder: Path, user: str = "fred") -> Iterator[Polling]:
    """fetchmail at work."""
    folder.mkdir()
    polls = Polling(house, way, folder, user)
    try:
        yield polls
    finally:
        polls.end()
