"""What is done to the server, and what that may cost it at most. docs/security.md has this as a table."""

from dataclasses import dataclass

MOST = 999
"""Connections that the server's services let in, each."""

SPARE = 5
"""Descriptors that another client's session takes meanwhile, and what the server opens for itself."""

FULL_HOUSE = "on that service: goes on if it is in, else is told to come back; elsewhere: has its session"
QUEUE = "has its session; with a costly password that was not right within the hour it may be told to come back"


@dataclass(frozen=True)
class Attack:
    """One of them. A test that plays it asserts these bounds."""

    what: str
    clients: int      # in all, or at a time where they stay
    memory: int       # MiB by which the server may grow
    descriptors: int      # that it may have open more than before
    another: str = "has its session"      # what happens to a client that means no harm

    @property
    def row(self) -> str:
        """Its row in the table."""
        return f"| {self.what} | {self.clients} | {self.memory} MiB | {self.descriptors} | {self.another} |"


# Clients that connect and do little else

SLOW_LORIS = Attack("an octet now and then, never a whole line", 200, 10, 200 + SPARE)
SILENT = Attack("connections that say nothing, from 60 addresses", 1500, 20, MOST + SPARE, FULL_HOUSE)
FLOOD = Attack("connections from one address that may have 5", 1000, 10, 5 + SPARE)
FULL = Attack("connections to a service that lets in 25", 1025, 10, 25 + SPARE, FULL_HOUSE)
CHURN = Attack("connections that are reset at once, or within a command or a handshake", 1000, 10, 200 + SPARE)

# TLS

STALLED = Attack("TLS handshakes that stop half-way", 200, 20, 200 + SPARE)
STALLED_STLS = Attack("TLS handshakes that stop after STLS", 200, 20, 200 + SPARE)
PLAIN_ON_TLS = Attack("plain text on a TLS port", 200, 20, 200 + SPARE)
TLS_ON_PLAIN = Attack("TLS on a plain port", 200, 10, 200 + SPARE)
NAMES = Attack("a server name of its own in each handshake", 200, 10, 200 + SPARE)
RENEGOTIATION = Attack("renegotiation in TLS 1.2", 5, 10, SPARE)
NEW_KEYS = Attack("new keys asked for again and again in TLS 1.3", 5, 10, SPARE)

# Commands

ENDLESS_LINES = Attack("lines without an end, 100 MB in all", 20, 10, 20 * 3 + SPARE)
IN_VAIN = Attack("10,000 lines that come to nothing", 500, 10, 200 + SPARE)
ABANDONED = Attack("5,000 AUTH exchanges that are cancelled or left", 500, 10, 200 + SPARE)
PIPELINES = Attack("240 kB of commands before login, answers unread", 30, 20, 30 + SPARE)
UNREAD_ANSWERS = Attack("commands without end after login, answers unread", 5, 10, 5 * 3 + SPARE)
UNREAD_MESSAGES = Attack("messages of 20 MB asked for and not read, half of them inside TLS", 30, 30, 30 * 3 + SPARE)

# Passwords

GUESSES = Attack("guesses from 200 addresses at once", 200, 60, 200 + SPARE, QUEUE)
GUESSES_OF_ONE = Attack("200 guesses from one address at once", 200, 60, 200 + SPARE, QUEUE)

ATTACKS = (
    SLOW_LORIS, SILENT, FLOOD, FULL, CHURN,
    STALLED, STALLED_STLS, PLAIN_ON_TLS, TLS_ON_PLAIN, NAMES, RENEGOTIATION, NEW_KEYS,
    ENDLESS_LINES, IN_VAIN, ABANDONED, PIPELINES, UNREAD_ANSWERS, UNREAD_MESSAGES,
    GUESSES, GUESSES_OF_ONE,
)
"""All, in the order of the table."""
