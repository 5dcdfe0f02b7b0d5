"""How many files and connections a server may have open at a time."""

import resource
from collections.abc import Iterable

from mtq.config.model import Service

MOST = 65536
"""More than any configuration needs. Systems allow less until a process asks, and some would allow a billion."""

A_CLIENT = 4
"""Its connection, its mailbox's lock, a message and, through the proxy, another connection."""

BESIDES = 100
"""Listeners, the control socket's clients, log and libraries."""


def allow_many() -> None:
    """Have this process be allowed as many as the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST if hard == resource.RLIM_INFINITY else min(MOST, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def shortage(services: Iterable[Service]) -> str | None:
    """What to tell the administrator if the services let in more clients than there can be."""
    clients = sum(service.max_connections for service in services if service.enabled)
    needed, allowed = clients * A_CLIENT + BESIDES, resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if allowed == resource.RLIM_INFINITY or needed <= allowed:
        return None
    return (
        f"{clients} connections may need {needed} open files, and this process may have {allowed}; "
        "raise the limit (`ulimit -Hn`, LimitNOFILE of systemd)"
    )
