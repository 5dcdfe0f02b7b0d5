"""Whether the disk would have to be waited for: what the kernel has in its caches is opened on the event loop.

A hop to a thread costs more than opening a small mailbox that was opened before. So where Linux can tell (5.12 and
later), it is asked first; elsewhere everything is cold, and a thread does it.
"""

import ctypes
import errno
import os

_OPENAT2 = 437
_HERE = -100                # AT_FDCWD
_RESOLVE_CACHED = 0x20


class Cold(Exception):
    """The disk would have to be waited for, or there is more to do than is bearable on the event loop."""


class _How(ctypes.Structure):
    """struct open_how (openat2(2))."""

    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


_PATH: int | None = getattr(os, "O_PATH", None)      # Linux alone has it
_HOW = None if _PATH is None else ctypes.pointer(_How(_PATH | os.O_CLOEXEC | os.O_NOFOLLOW, 0, _RESOLVE_CACHED))
_SIZE = ctypes.sizeof(_How)
_syscall = ctypes.PyDLL(None, use_errno=True).syscall      # it waits for nothing, and so need not let threads run
_syscall.argtypes = (ctypes.c_long, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_size_t)
_syscall.restype = ctypes.c_long


def status(path: bytes) -> os.stat_result | None:
    """What is at this path, be it a link; None: nothing. Raises Cold unless the kernel knows without its disk."""
    if _HOW is None:
        raise Cold
    fd = _syscall(_OPENAT2, _HERE, path, _HOW, _SIZE)
    if fd >= 0:
        try:
            return os.fstat(fd)
        finally:
            os.close(fd)
    if ctypes.get_errno() != errno.ENOENT:
        raise Cold      # also where the system does not know the call, or does not allow it
    return None


def read(fd: int, size: int) -> bytes:
    """The first octets of a file. Raises Cold unless they are all in the page cache, and OSError."""
    room = bytearray(size)
    try:
        got = os.preadv(fd, [room], 0, os.RWF_NOWAIT)
    except OSError as error:
        if error.errno == errno.EAGAIN:
            raise Cold from None
        if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL):
            raise
        got = os.preadv(fd, [room], 0)      # a file system in memory (tmpfs) does not know the flag and never waits
    if got < size:
        raise Cold
    return bytes(room)
