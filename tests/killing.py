"""A process killed at each of its system calls in turn, before the kernel does what it asked for.

The process is a fork of this one, so it is at work at once, and it is traced: the kernel stops it at every system
call (ptrace(2)). A raised exception would be no such test: a killed process cleans nothing up.
"""

import ctypes
import os
import signal
import warnings
from collections.abc import Callable, Iterator
from itertools import count
from typing import TypeVar

T = TypeVar("T")

_TRACEME, _SYSCALL, _SETOPTIONS = 0, 24, 0x4200
_MARK_SYSCALLS, _KILL_WITH_TRACER = 1, 1 << 20
_AT_SYSCALL = signal.SIGTRAP | 0x80

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long


def killed_at_each_call(prepare: Callable[[], T], work: Callable[[T], object]) -> Iterator[T]:
    """What each killed process leaves of what was prepared for it, and at last what an undisturbed one does."""
    for number in count(1):
        prepared = prepare()
        over = _killed(lambda prepared=prepared: work(prepared), number)      # type: ignore[misc]  # a default binds it
        yield prepared
        if over:
            return


def _killed(work: Callable[[], object], number: int) -> bool:
    """Kill a process that does this at its so-manyth system call; True if it never made so many."""
    with warnings.catch_warnings():
        # Python warns of threads that hold locks at the fork; this process needs none of theirs.
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid == 0:
        _trace(_TRACEME, 0)
        os.kill(os.getpid(), signal.SIGSTOP)
        try:
            work()
            os._exit(0)
        finally:
            os._exit(1)
    os.waitpid(pid, 0)
    _trace(_SETOPTIONS, pid, _MARK_SYSCALLS | _KILL_WITH_TRACER)
    stops = 0
    while True:
        _trace(_SYSCALL, pid)
        _, status = os.waitpid(pid, 0)
        if not os.WIFSTOPPED(status):
            assert os.waitstatus_to_exitcode(status) == 0, "the undisturbed process failed"
            return True
        stops += os.WSTOPSIG(status) == _AT_SYSCALL
        if stops == 2 * number - 1:      # it stops before each and behind each
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return False


def _trace(request: int, pid: int, data: int = 0) -> None:
    if _libc.ptrace(request, pid, None, data) != 0:
        raise OSError(ctypes.get_errno(), "ptrace")
