"""The operating system's lock on an open file: it belongs to the descriptor, and goes when that is closed.

Where there are locks of open file descriptions (Linux), it is one of these: whether one is held can be asked without
taking it. Elsewhere it is flock's.
"""

import errno
import fcntl
import struct

_LOCK = struct.Struct("@hhqqi")      # struct flock (fcntl(2)): type, whence, start, length (0: all), process (0)


OF_DESCRIPTIONS = hasattr(fcntl, "F_OFD_SETLK")
"""Whether there are locks of open file descriptions here."""

_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)


def take(fd: int) -> bool:
    """Take the lock, for a descriptor that may be written to. False: there are no locks on this file system.

    Raises BlockingIOError if somebody else has it, and OSError.
    """
    try:
        if OF_DESCRIPTIONS:
            fcntl.fcntl(fd, fcntl.F_OFD_SETLK, _LOCK.pack(fcntl.F_WRLCK, 0, 0, 0, 0))
        else:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EAGAIN):
            raise BlockingIOError(error.errno, "locked") from None
        if error.errno in _NO_LOCKS:
            return False
        raise
    return True


def is_taken(fd: int) -> bool:
    """Whether somebody has the lock. Raises OSError."""
    try:
        if OF_DESCRIPTIONS:
            answer = fcntl.fcntl(fd, fcntl.F_OFD_GETLK, _LOCK.pack(fcntl.F_WRLCK, 0, 0, 0, 0))
            kind: int = _LOCK.unpack(answer)[0]
            return kind != fcntl.F_UNLCK
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)      # for the moment, who wants to take it is refused
    except BlockingIOError:
        return True
    except OSError as error:
        if error.errno in _NO_LOCKS:
            return False
        raise
    fcntl.flock(fd, fcntl.LOCK_UN)
    return False
