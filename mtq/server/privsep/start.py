"""Where one process becomes two: root's monitor, and the worker, which is `server.user` for good."""

import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

from mtq.config.model import Config
from mtq.config.paths import here
from mtq.errors import Exit, MtqError
from mtq.mail.root import MailRoot
from mtq.server.privsep.account import Account, become, can_work_in, unreadable_program, worker_of
from mtq.server.privsep.grants import Grants
from mtq.server.privsep.monitor import HEARD, Monitor
from mtq.server.privsep.opening import exposed
from mtq.server.privsep.privileges import Direct, Privileges
from mtq.server.privsep.worker import FromParent

Work = Callable[[Privileges], int]
Prepare = Callable[[], Work]
"""What loads the program and gives its work. It runs before the user changes, for whom the program may be unreadable,
and in the worker alone, so that the root process stays small."""


def run(config: Config, file: Path, prepare: Prepare) -> int:
    """Do the server's work, as server.user if root starts it; its exit code.

    `config` was read from `file`. To be called while the process has one thread and no event loop: the work makes
    them, in the worker if there is one. What it raises is raised here. Raises MtqError, OSError.
    """
    account = worker_of(config)
    if account is None:
        return prepare()(Direct(file, here()))
    return _run_as(account, config, file, prepare)


def cautions(config: Config, file: Path) -> Iterator[str]:
    """What weakens the separation, or will break it, for the log; to be asked as root. Raises MtqError."""
    account = worker_of(config)
    if account is None:
        return
    if exposed(file, account):
        yield f"{file}: others than root can change it and so say what root does; let it and its folder be root's own"
    for folder in (config.server.state_dir, MailRoot(config.mailboxes.path).folder):
        if folder is not None and not can_work_in(folder, account):
            yield f"{account.name}, as whom the server works, cannot work in {folder}: it has to be its own (chown)"
    for part in unreadable_program(account):
        yield f"{account.name} cannot read the program ({part}); install it where every user can"


def _run_as(account: Account, config: Config, file: Path, prepare: Prepare) -> int:
    default = here()
    ours, theirs = socket.socketpair()
    _flush()        # else both processes would write what waits there
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)       # ignored, as some start us, it would bury the worker unseen
    signal.pthread_sigmask(signal.SIG_BLOCK, HEARD)     # what comes meanwhile waits until somebody heeds it
    worker = os.fork()
    if worker == 0:
        ours.close()
        _work(account, FromParent(theirs, file, default), prepare)
    theirs.close()
    with ours:
        return Monitor(worker, ours, Grants(config, file, default, account)).watch()


def _work(account: Account, privileges: FromParent, prepare: Prepare) -> NoReturn:
    """The worker's life. It must not return: what the caller has to clear away is the parent's."""
    code = int(Exit.FAILED)
    try:
        _leave_the_terminal()
        work = prepare()
        become(account)
        privileges.end_with_parent()
        code = work(privileges)
    except (MtqError, OSError) as error:
        privileges.give_up(error)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        try:
            _flush()
        finally:
            os._exit(code)


def _leave_the_terminal() -> None:
    """Signals come from the monitor alone: Ctrl-C, which every process of a terminal gets, would come twice."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {*HEARD} - {signal.SIGHUP})      # it waits until it is heeded


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:      # closed by whoever started us
            stream.flush()
