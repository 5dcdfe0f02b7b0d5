"""What an administrator should look at, worst first, each with where to look. No I/O."""

from collections.abc import Iterator
from dataclasses import dataclass

from .columns import Tone
from .picture import Picture, number
from .topics import Row
from .wording import counted, duration, shown, whose

SILENT = 10.0
"""Seconds without a command after which a session that keeps others from its mailbox is worth a look."""

MOST = 50
"""Concerns of a kind that are listed."""


@dataclass(frozen=True)
class Concern:
    """Something to look at: in which view, and at which row of it."""

    text: str
    tone: Tone
    view: str
    key: object = None


def concerns(picture: Picture) -> list[Concern]:
    """All there are."""
    return [*_services(picture), *_locks(picture), *_penalties(picture), *_warnings(picture)]


def _services(picture: Picture) -> Iterator[Concern]:
    for name, row in picture.services.items():
        if row.get("state") == "failed":
            text = f"service {shown(name)} has failed: {shown(row.get('error'))}"
            yield Concern(text, Tone.BAD, "services", name)
        elif number(row, "connections") >= number(row, "max_connections") > 0:
            text = f"service {shown(name)} is full: it turns further clients away"
            yield Concern(text, Tone.WARN, "services", name)


def _locks(picture: Picture) -> Iterator[Concern]:
    silent = [lock for lock in picture.locks.values() if number(lock, "idle_seconds") >= SILENT]
    for lock in sorted(silent, key=lambda lock: -number(lock, "idle_seconds"))[:MOST]:
        yield Concern(_said(lock), Tone.WARN, "locks", lock.get("session"))


def _said(lock: Row) -> str:
    return (
        f"{whose(lock)}'s mailbox is locked from {shown(lock.get('address'))}, silent for "
        f"{duration(lock.get('idle_seconds'))}, goes in {duration(lock.get('releases_in'))}"
    )


def _penalties(picture: Picture) -> Iterator[Concern]:
    for row in picture.penalties[:MOST]:
        times = counted(int(number(row, "failures")), "time")
        text = f"{shown(row.get('address'))} has failed to log in {times}"
        yield Concern(text, Tone.PLAIN, "firewall", ("penalty", row.get("address")))


def _warnings(picture: Picture) -> Iterator[Concern]:
    warnings = picture.status.get("warnings")
    for warning in warnings if isinstance(warnings, list) else []:
        yield Concern(shown(warning), Tone.WARN, "services")
