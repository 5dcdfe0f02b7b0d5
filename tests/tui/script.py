"""What an actor says of a server that has something of everything, always the same: for pictures of each view."""

from collections.abc import Mapping

from mtq.control.wire import VERSION
from tests.tui.actor import Row


def session(id: int, user: str | None, address: str, idle: float, **others: object) -> Row:
    """A row of `session.list`."""
    return {
        "id": str(id), "service": "pop3", "user": user, "address": address, "state": "transaction",
        "tls": "TLSv1.3", "since": f"2026-03-01T12:00:{id:02}.000Z", "idle_seconds": idle, "bytes_in": 64 * id,
        "bytes_out": 18230 * id, "target": None, **others,
    }      # fmt: skip


def lock(session: int, user: str, address: str, idle: float, left: float) -> Row:
    """A row of `lock.list`."""
    return {
        "mailbox": f"/var/lib/mtq/mail/{user}", "user": user, "service": "pop3", "session": str(session),
        "address": address, "since": f"2026-03-01T12:00:{session:02}.000Z", "idle_seconds": idle, "releases_in": left,
    }      # fmt: skip


def service(name: str, connections: int, most: int = 25, **others: object) -> Row:
    """A row of `service.list`."""
    return {
        "name": name, "state": "running", "enabled": True, "listen": ["110"], "tls": "starttls",
        "access": "firewall+lan", "connections": connections, "max_connections": most, "error": None, **others,
    }      # fmt: skip


SERVICES = [
    service("pop3", 3),
    service("pop3s", 0, listen=["995"], tls="implicit"),
    service("till", 2, 2, listen=["192.0.2.1:1110", "[2001:db8::1]:1110"], tls="off", access="firewall"),
    service("old", 0, enabled=False, state="stopped"),
    service("lan", 0, state="failed", error="192.168.1.1:110: address not available"),
]

TOTALS = {
    "sessions": 40, "logins": 35, "failed_logins": 4, "refused": 2, "retrieved": 120, "deleted": 7,
    "bytes_in": 9000, "bytes_out": 4_000_000,
}      # fmt: skip

STATUS: Row = {
    "version": "0.1.0", "protocol": VERSION, "pid": 4711, "since": "2026-03-01T12:00:00.000Z",
    "hostname": "mail.example.com", "config": "/etc/mtq/mtq.toml", "services": SERVICES, "sessions": 5, "locks": 2,
    "totals": TOTALS, "warnings": ["serving as root; set server.user"],
}      # fmt: skip

ANSWERS: Mapping[str, Row] = {
    "server.status": STATUS,
    "service.list": {"services": SERVICES},
    "session.list": {
        "sessions": [
            session(1, "wilma", "192.0.2.66", 612.0, tls=None),
            session(2, "fred", "198.51.100.7", 0.4),
            session(3, None, "2001:db8::7:1", 3.0, state="authorization"),
            session(4, "barney", "192.0.2.9", 1.0, service="till", tls=None, target="pop.isp.com:995"),
            session(5, "mister.slate@quarry.example.com", "203.0.113.250", 20.0, service="till"),
        ]
    },
    "lock.list": {
        "locks": [lock(1, "wilma", "192.0.2.66", 612.0, 288.0), lock(2, "fred", "198.51.100.7", 0.4, 59.6)]
    },
    "firewall.list": {
        "ranges": [
            {"range": "192.0.2.0/24", "service": "pop3", "exclude": False, "until": None, "comment": "office",
             "in_force": True},
            {"range": "!192.0.2.66", "service": "pop3", "exclude": True, "until": "2026-12-01T00:00:00.000Z",
             "comment": "stuck", "in_force": True},
            {"range": "mail.example.net", "service": "till", "exclude": False, "until": None, "comment": None,
             "in_force": False},
            {"range": "127.0.0.0/8", "service": None, "exclude": False, "until": None, "comment": None,
             "in_force": True},
        ]
    },
    "penalty.list": {
        "penalties": [
            {"address": "203.0.113.99", "failures": 4, "delay": 8.0, "until": "2026-03-01T12:15:00.000Z"}
        ]
    },
    "proxy.failures": {
        "failures": [{"server": "pop.isp.com:995", "user": "fred", "since": "2026-03-01T12:03:00.000Z"}]
    },
    "proxy.status": {
        "proxies": [{"service": "pop3", "enabled": True, "sessions": 1, "link": "down"}]
    },
    "log.tail": {
        "lines": [
            {"at": "2026-03-01T12:00:00.000Z", "level": "info", "text": "mtq 0.1.0 starting"},
            {"at": "2026-03-01T12:00:00.100Z", "level": "error",
             "text": "service lan: failed, 192.168.1.1:110: address not available"},
            {"at": "2026-03-01T12:00:01.000Z", "level": "info", "text": "ready"},
            {"at": "2026-03-01T12:00:09.000Z", "level": "warning",
             "text": "session 9: from 203.0.113.99 on pop3, TLSv1.3: login failed for root: there is no such user"},
            {"at": "2026-03-01T12:00:10.000Z", "level": "info",
             "text": "session 9: from 203.0.113.99 on pop3, TLSv1.3: quit; 0 sent, 0 removed, 120 octets, 1.2 s"},
        ]
    },
}      # fmt: skip


def second(number: int) -> Row:
    """A `metrics` event: what was counted up to then goes up and down like a day."""
    height = abs(30 - number % 60)
    services = [
        {key: row[key] for key in ("name", "state", "connections", "max_connections")} for row in SERVICES
    ]
    services[0] = {**services[0], "connections": height % 25}
    sums = {"logins": number * (number % 7), "bytes_out": 900 * number * number, "bytes_in": 40 * number}
    return {
        "event": "metrics", "at": f"2026-03-01T12:{number // 60:02}:{number % 60:02}.000Z", "sessions": 5, "locks": 2,
        "services": services, "totals": {**TOTALS, **sums, "refused": 2 + number // 9, "failed_logins": number // 5},
    }      # fmt: skip
