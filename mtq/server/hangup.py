"""SIGHUP that comes before the server can heed it: it waits, and ends nothing.

The kernel keeps it meanwhile. Threads and programs that are started inherit what is blocked, so it is let through
before there are any.
"""

import signal

_HANGUP = {signal.SIGHUP}


def hold() -> None:
    """From now on it waits. To be called first of all: by default it ends the process."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _HANGUP)


def let_through() -> None:
    """It is heeded now."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _HANGUP)
