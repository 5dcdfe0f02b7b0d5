"""What can go wrong, said to a person; and, where a POP3 client may see it, as the answer on the wire.

    MtqError            shown to the administrator as one line; carries the exit code of the command
    ├── WrongUsage      a value on the command line is malformed                      (exit 2)
    ├── ConfigInvalid   the configuration is missing or wrong                         (exit 3)
    ├── NoServer        no server is running                                          (exit 4)
    └── Refusal         a client is told no: a response code and a text that give nothing away
"""

import errno
from enum import Enum, IntEnum


class Exit(IntEnum):
    """The exit codes of every command but `mtq mailbox deliver`."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    CONFIG = 3
    NO_SERVER = 4


class MtqError(Exception):
    """Something failed. The message says what, to what, and what to do."""

    exit = Exit.FAILED


class WrongUsage(MtqError):
    """A value given on the command line is malformed."""

    exit = Exit.USAGE


class ConfigInvalid(MtqError):
    """The configuration is missing, unreadable or wrong."""

    exit = Exit.CONFIG


class NoServer(MtqError):
    """Nobody listens on the control socket."""

    exit = Exit.NO_SERVER


class Code(Enum):
    """Response codes (RFC 2449, section 8; RFC 3206)."""

    AUTH = b"[AUTH] "
    IN_USE = b"[IN-USE] "
    LOGIN_DELAY = b"[LOGIN-DELAY] "
    SYS_TEMP = b"[SYS/TEMP] "
    SYS_PERM = b"[SYS/PERM] "
    NONE = b""


class Refusal(MtqError):
    """The client is told no. `text` is for the client, `cause` for the log alone."""

    def __init__(self, code: Code, text: str, cause: str = "") -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.cause = cause or text

    @classmethod
    def unreadable(cls, what: str, where: str, error: OSError) -> "Refusal":
        """Something of the client's cannot be read: for now, or until somebody does something (RFC 3206).

        `what` is for the client, `where` for the log.
        """
        cause = f"{where}: {(error.strerror or str(error)).lower()}"
        if passes(error):
            return cls(Code.SYS_TEMP, f"{what} cannot be read at the moment, try again later", cause)
        return cls(Code.SYS_PERM, f"{what} cannot be read", cause)

    @property
    def counts(self) -> bool:
        """Whether it says no to a name or password, and so counts as a failed login of the client's address."""
        return self.code is Code.AUTH

    @property
    def line(self) -> bytes:
        """The answer on the wire, without its line end."""
        return b"-ERR " + self.code.value + self.text.encode()


SHORTAGES = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM})
"""Of descriptors or memory: they say nothing about the file that was to be opened."""

_PASSING = SHORTAGES | {
    errno.EAGAIN, errno.EBUSY, errno.EDQUOT, errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.EINTR, errno.EIO,
    errno.ENETDOWN, errno.ENETUNREACH, errno.ENOBUFS, errno.ENOLCK, errno.ENOSPC, errno.ESTALE, errno.ETIMEDOUT,
}


def passes(error: OSError) -> bool:
    """Whether the same may well go right a little later: a shortage, a disk or a network that has trouble."""
    return error.errno in _PASSING
