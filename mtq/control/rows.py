"""What the control socket tells, as rows that JSON can say. The keys are those of every command's `--json`.

Times are ISO 8601 in UTC, durations numbers of seconds, ids strings; what is absent is null.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice

from mtq import __version__
from mtq.access.policy import Row as RangeRow
from mtq.config.model import Service
from mtq.control.wire import VERSION
from mtq.ledger import Ledger, LockRecord, SessionRecord
from mtq.server.log import Line

Row = dict[str, object]


def moment(at: datetime) -> str:
    """A time as every client gets it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def seconds(duration: float | None) -> float | None:
    """A duration as every client gets it."""
    return None if duration is None else round(max(0.0, duration), 3)


def session(record: SessionRecord, idle: float | None) -> Row:
    """A session. `idle`: seconds since its last command."""
    return {
        "id": record.id,
        "service": record.service,
        "user": record.user,
        "address": record.address,
        "state": record.state,
        "tls": record.tls,
        "since": moment(record.since),
        "idle_seconds": seconds(idle),
        "bytes_in": record.bytes_in,
        "bytes_out": record.bytes_out,
        "target": record.target,
    }


def refused(service: str, address: str) -> Row:
    """A client that was not let in, with the keys of a session."""
    return {
        "id": None,
        "service": service,
        "user": None,
        "address": address,
        "state": "refused",
        "tls": None,
        "since": None,
        "idle_seconds": None,
        "bytes_in": 0,
        "bytes_out": 0,
        "target": None,
    }


def lock(record: LockRecord, idle: float | None, releases_in: float | None) -> Row:
    """A lock. `idle` is its session's; `releases_in`: seconds until it goes if the client stays silent."""
    return {
        "mailbox": record.mailbox,
        "user": record.user,
        "service": record.service,
        "session": record.session,
        "address": record.address,
        "since": moment(record.since),
        "idle_seconds": seconds(idle),
        "releases_in": seconds(releases_in),
    }


def service(name: str, settings: Service, state: str, error: str | None, connections: int) -> Row:
    """A service."""
    return {
        "name": name,
        "state": state,
        "enabled": settings.enabled,
        "listen": [str(listen) for listen in settings.listen],
        "tls": settings.tls.value,
        "access": settings.access.value,
        "connections": connections,
        "max_connections": settings.max_connections,
        "error": error,
    }


def range_row(row: RangeRow) -> Row:
    """A range; `service` is None for one of the LAN."""
    return {
        "range": row.range,
        "service": row.service,
        "exclude": row.exclude,
        "until": None if row.until is None else moment(row.until),
        "comment": row.comment,
        "in_force": row.in_force,
    }


def penalty(address: str, failures: int, delay: float, until: datetime) -> Row:
    """An address whose failed logins are answered ever later."""
    return {"address": address, "failures": failures, "delay": seconds(delay), "until": moment(until)}


def failure(server: str, user: str, since: datetime) -> Row:
    """A user of a server where APOP is not tried any more."""
    return {"server": server, "user": user, "since": moment(since)}


def line(written: Line) -> Row:
    """A line of the log."""
    return {"at": moment(written.at), "level": written.level, "text": written.text}


def tail(lines: Collection[Line], most: int) -> Row:
    """The last lines of the log, the oldest first."""
    return {"lines": [line(written) for written in islice(lines, max(0, len(lines) - most), None)]}


_COUNTED = {
    "sessions": "session.opened",
    "logins": "session.login",
    "failed_logins": "login.failed",
    "refused": "session.refused",
}
"""Totals and the events that they count."""


def totals(ledger: Ledger) -> Row:
    """What has happened since the server started, open sessions included."""
    total = sum(ledger.totals().values(), Counter[str]())
    return {
        **{name: total[event] for name, event in _COUNTED.items()},
        **{name: total[name] for name in ("retrieved", "deleted", "bytes_in", "bytes_out")},
    }


def metrics(ledger: Ledger, services: Iterable[Mapping[str, object]]) -> Row:
    """How things stand, for graphs. `services` are rows of `service`."""
    keys = ("name", "state", "connections", "max_connections")
    return {
        "sessions": len(ledger.sessions),
        "locks": len(ledger.locks),
        "services": [{key: row[key] for key in keys} for row in services],
        "totals": totals(ledger),
    }


def status(
    ledger: Ledger,
    services: Sequence[Mapping[str, object]],
    *,
    pid: int,
    since: datetime,
    hostname: str,
    config: str,
    warnings: Sequence[str] = (),
) -> Row:
    """The server. `services` are rows of `service`; `config` is the path of the configuration in use."""
    return {
        "version": __version__,
        "protocol": VERSION,
        "pid": pid,
        "since": moment(since),
        "hostname": hostname,
        "config": config,
        "services": list(services),
        "sessions": len(ledger.sessions),
        "locks": len(ledger.locks),
        "totals": totals(ledger),
        "warnings": list(warnings),
    }
