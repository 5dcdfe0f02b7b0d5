"""The two clocks of a session: idle time, and the time a client may take to log in.

Both count only time spent waiting for the client, never time in which the server owes the answer. Nothing here
reads a clock: every call says what time it is, in seconds on a clock that only goes forward.
"""

from mtq.server.progress import Progress

LOOKS = 4
"""How often within one idle time the connection is looked at, to see whether a slow reader still reads."""


class Clocks:
    """One connection's clocks."""

    __slots__ = ("_acked", "_idle", "_idle_from", "_login", "_owing", "_waited", "_waiting_from", "logged_in")

    def __init__(self, idle: float, login: float, now: float) -> None:
        self.logged_in = False
        self._idle = idle
        self._login = login
        self._idle_from = now
        self._waiting_from = now
        self._waited = 0.0
        self._owing = False
        self._acked = 0

    def heard(self, now: float) -> None:
        """A complete command has come."""
        self._idle_from = now

    def passed(self, at: float) -> None:
        """Octets of a relayed session have passed, at this time."""
        self._idle_from = max(self._idle_from, at)

    def owe(self, now: float) -> None:
        """The server has something to do before it can answer."""
        if not self._owing:
            self._waited += now - self._waiting_from
            self._owing = True

    def wait(self, now: float) -> None:
        """The answer is given; it is the client's turn."""
        self._owing = False
        self._idle_from = self._waiting_from = now

    def read(self, now: float, progress: Progress | None) -> None:
        """How far the client has read: who reads on, however slowly, is not idle."""
        if progress is None or progress.acked == self._acked:
            return
        self._acked = progress.acked
        last = now if progress.outstanding else now - progress.last_ack
        self._idle_from = max(self._idle_from, last)

    def over(self, now: float) -> str | None:
        """Why the session has to end now, if it has."""
        if self._owing:
            return None
        if not self.logged_in and self._login_left(now) <= 0:
            return "login took too long"
        if self._idle_from + self._idle <= now:
            return "idle"
        return None

    def idle(self, now: float) -> float:
        """Seconds for which the client has been waited for; 0 while it is the server's turn."""
        return 0.0 if self._owing else max(0.0, now - self._idle_from)

    def left(self, now: float) -> float:
        """Seconds until the session ends if the client goes on to do nothing."""
        return max(0.0, self._idle - self.idle(now))

    def next_look(self, now: float) -> float:
        """Seconds until `over` has to be asked again."""
        step = self._idle / LOOKS
        if self._owing:
            return step
        left = self._idle_from + self._idle - now
        if not self.logged_in:
            left = min(left, self._login_left(now))
        return max(0.001, min(step, left))

    def _login_left(self, now: float) -> float:
        return self._login - self._waited - (now - self._waiting_from)
