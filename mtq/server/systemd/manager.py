"""What systemd has given this process when it started it."""

import os
from dataclasses import dataclass

from mtq.server.systemd import handed, notify
from mtq.server.systemd.handed import Handed
from mtq.server.systemd.notify import Notifier


@dataclass(frozen=True)
class Manager:
    """Somebody to tell how the server is, and sockets; without systemd neither."""

    notifier: Notifier
    handed: Handed


def manager() -> Manager:
    """What the environment says, once; the variables go. To be asked before a fork. Raises MtqError."""
    pid = os.getpid()
    return Manager(notify.from_environment(os.environ, pid), handed.received(os.environ, pid))
