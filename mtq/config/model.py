"""What may stand in the configuration: one frozen dataclass a table, and beside each key its kind and default.

`read` fills them; whatever is in a model is valid. The same fields feed the reference in the docs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import TypeVar

from mtq.access import ranges, servers
from mtq.access.entry import Entry as Entry
from mtq.access.mode import Mode
from mtq.access.ranges import Range
from mtq.config.kinds import (
    Choice,
    Kind,
    Listen,
    ListenKind,
    MaybeListen,
    Several,
    Switch,
    Template,
    Text,
    Unfit,
    Whole,
)

T = TypeVar("T")


def value(kind: Kind[T], default: T, about: str) -> T:
    """A key of a table: its kind, its default and a line for the reference."""
    return field(default=default, metadata={"kind": kind, "about": about})


def table(model: type[T], about: str) -> T:
    """A table within a table."""
    return field(default_factory=model, metadata={"table": model, "about": about})


class TlsMode(Enum):
    """How a service speaks TLS."""

    OFF = "off"
    STARTTLS = "starttls"
    IMPLICIT = "implicit"


class TlsVersion(Enum):
    """The lowest version of TLS."""

    V1_0 = "1.0"
    V1_1 = "1.1"
    V1_2 = "1.2"
    V1_3 = "1.3"


class PlaintextAuth(Enum):
    """From where a password may come in the clear without TLS."""

    NEVER = "never"
    LOCAL = "local"
    LAN = "lan"
    ALWAYS = "always"


class Folders(Enum):
    """Which folders of a mailbox a session shows."""

    INBOX = "inbox"
    ALL = "all"


class Mechanism(Enum):
    """Ways to log in, by their names in the configuration."""

    PLAIN = "plain"
    LOGIN = "login"
    SCRAM_SHA_256 = "scram-sha-256"
    APOP = "apop"


class LogFormat(Enum):
    """How log lines look."""

    TEXT = "text"
    JSON = "json"


class LogLevel(Enum):
    """What is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class RemoteTls(Enum):
    """How the proxy speaks TLS to a remote server."""

    AUTO = "auto"
    IMPLICIT = "implicit"
    STARTTLS = "starttls"
    OFF = "off"


class RemoteAuth(Enum):
    """How the proxy logs in at a remote server."""

    AUTO = "auto"
    APOP = "apop"
    PLAIN = "plain"
    USER = "user"


@dataclass(frozen=True)
class EntryKind:
    """A range, alone or as a table with `until` and `comment`."""

    allowed = f'{ranges.ALLOWED}; or {{ range = "…", until = DATE-TIME, comment = "…" }}'

    def read(self, found: object) -> Entry:
        if isinstance(found, str):
            return Entry(self._range(found, found))
        if not isinstance(found, dict) or not found.keys() <= {"range", "until", "comment"}:
            raise Unfit(found)
        until, comment = found.get("until"), found.get("comment", "")
        if not isinstance(comment, str) or not (until is None or isinstance(until, datetime)):
            raise Unfit(found)
        if until is not None and until.tzinfo is None:
            raise Unfit(found)      # a time without its zone means something else on each machine
        return Entry(self._range(found.get("range"), found), until, comment)

    def _range(self, written: object, found: object) -> Range:
        if not isinstance(written, str):
            raise Unfit(found)
        try:
            return ranges.parse(written)
        except ranges.BadRange:
            raise Unfit(found) from None


class Mechanisms:
    """"auto" or a list of mechanisms; "auto" is None."""

    none = "auto"
    allowed = '"auto", or a list of ' + ", ".join(f'"{word.value}"' for word in Mechanism)

    def read(self, found: object) -> tuple[Mechanism, ...] | None:
        if found == self.none:
            return None
        return Several(Choice(Mechanism), least=1).read(found)


class Delimiter:
    """What stands between user and server in the name of a proxied login."""

    allowed = "one printable ASCII character; no letter, digit or . - : @ [ ]"

    def read(self, found: object) -> str:
        if not isinstance(found, str) or len(found) != 1 or not "!" <= found <= "~":
            raise Unfit(found)
        if found.isalnum() or found in ".-:@[]":
            raise Unfit(found)
        return found


_port = Whole(1, 65535)
_path = Text("a path")
_no_path: Path | None = None
UNSET = Path()
"""A path that was not given: `read` puts the place's own default there."""
_certificate = "certificate chain, PEM"
_key = "its private key, PEM"


class PathKind:
    """A path; `read` makes it relative to the configuration's folder."""

    allowed = "a path"

    def read(self, found: object) -> Path:
        return Path(_path.read(found))


@dataclass(frozen=True)
class PatternKind:
    """An entry of an allow-list, as it was written."""

    allowed = servers.ALLOWED

    def read(self, found: object) -> str:
        if not isinstance(found, str):
            raise Unfit(found)
        try:
            servers.pattern(found)
        except servers.BadServer:
            raise Unfit(found) from None
        return found


@dataclass(frozen=True)
class HostKind:
    """A host, as it was written."""

    allowed = "a host name or address"

    def read(self, found: object) -> str:
        if not isinstance(found, str):
            raise Unfit(found)
        try:
            server = servers.parse(found)
        except servers.BadServer:
            raise Unfit(found) from None
        if server.port is not None:
            raise Unfit(found)
        return found


@dataclass(frozen=True)
class Dialup:
    """[services.NAME.proxy.dialup]"""

    enabled: bool = value(Switch(), False, "bring a link up before a proxied login")
    up: tuple[str, ...] = value(
        Several(Text()), (), "command that brings the link up; exit code 0 means that it is up"
    )
    down: tuple[str, ...] = value(Several(Text()), (), "command that hangs up")
    timeout: int = value(Whole(1, 3600, "seconds"), 60, "how long the link may take to come up")
    hangup_after: int = value(Whole(0, 86400, "seconds"), 120, "how long nobody may use the link before `down` runs")


@dataclass(frozen=True)
class Target:
    """[services.NAME.proxy.targets."HOST"]: what differs for one remote server."""

    port: int | None = value(_port, None, "port where it listens")
    tls: RemoteTls | None = value(Choice(RemoteTls), None, "in place of the one in the proxy's table")
    verify: bool | None = value(Switch(), None, "in place of the one in the proxy's table")
    ca_file: Path | None = value(PathKind(), _no_path, "in place of the one in the proxy's table")
    auth: RemoteAuth = value(
        Choice(RemoteAuth), RemoteAuth.AUTO,
        "how to log in there; auto: APOP if its greeting allows, else the best that it offers",
    )


@dataclass(frozen=True)
class Proxy:
    """[services.NAME.proxy]"""

    enabled: bool = value(Switch(), False, "let users log in at other servers through this one")
    delimiter: str = value(Delimiter(), "#", "sign between user and server in a user name: fred#pop.isp.com")
    only_allowed: bool = value(Switch(), True, "let users log in at servers in `allow` only")
    allow: tuple[str, ...] = value(Several(PatternKind()), (), "servers at which users may log in")
    tls: RemoteTls = value(
        Choice(RemoteTls), RemoteTls.AUTO,
        "TLS to the remote server; auto: port 995, else STLS on port 110",
    )
    verify: bool = value(Switch(), True, "check the remote server's certificate and name")
    ca_file: Path | None = value(
        PathKind(), _no_path, "certificates of authorities that are trusted besides the system's, PEM"
    )
    allow_private_targets: bool = value(
        Switch(), False, "allow servers at loopback, private and link-local addresses, too"
    )
    connect_timeout: int = value(Whole(1, 600, "seconds"), 30, "how long connecting to a remote server may take")
    dialup: Dialup = table(Dialup, "a link that is brought up before a proxied login")
    targets: Mapping[str, Target] = field(
        default_factory=dict,
        metadata={"tables": Target, "names": HostKind(), "about": "what is different for one remote server"},
    )


@dataclass(frozen=True)
class Service:
    """[services.NAME]: listeners, limits and rules."""

    enabled: bool = value(Switch(), True, "start with the server")
    listen: tuple[Listen, ...] = value(
        Several(ListenKind(), lone=True, least=1), (Listen(110),), "where the service listens"
    )
    tls: TlsMode = value(Choice(TlsMode), TlsMode.STARTTLS, "TLS: none, after STLS, or from the first byte")
    plaintext_auth: PlaintextAuth = value(
        Choice(PlaintextAuth), PlaintextAuth.LOCAL, "from where passwords may come in the clear without TLS"
    )
    certificate: Path | None = value(PathKind(), _no_path, f"this service's own {_certificate}")
    key: Path | None = value(PathKind(), _no_path, _key)
    min_version: TlsVersion | None = value(Choice(TlsVersion), None, "this service's own lowest version of TLS")
    mechanisms: tuple[Mechanism, ...] | None = value(
        Mechanisms(), None, "ways to log in that clients are offered; auto: what passwords as stored allow"
    )
    max_connections: int = value(Whole(1, 999), 25, "most clients at a time")
    max_connections_per_address: int = value(
        Whole(0, 999), 0, "most clients at a time from one address; 0: no such limit"
    )
    idle_timeout: int = value(
        Whole(1, 86400, "seconds"), 60, "how long a client may send no command before it is cut off"
    )
    login_timeout: int = value(Whole(1, 3600, "seconds"), 60, "how long a client may take to log in")
    access: Mode = value(
        Choice(Mode), Mode.FIREWALL_AND_LAN,
        "who is let in: everyone, who is in `firewall`, or who is in `firewall` or `server.lan`",
    )
    firewall: tuple[Entry, ...] = value(Several(EntryKind()), (), "ranges of addresses that are let in, or excluded")
    firewall_file: Path | None = value(PathKind(), _no_path, "file with more ranges, one a line, # before a comment")
    folders: Folders = value(
        Choice(Folders), Folders.INBOX, "messages that a session shows: of the inbox, or of all folders in one list"
    )
    remove_invalid_message_id: bool = value(
        Switch(), False, "send messages without Message-ID fields that RFC 5322 does not allow"
    )
    lock_mailboxes: bool = value(Switch(), True, "let one session at a time into a mailbox")
    proxy: Proxy = table(Proxy, "logins at other servers")


@dataclass(frozen=True)
class Server:
    """[server]"""

    hostname: str = value(Text("a host name"), "", "name that the server goes by; default: this machine's")
    state_dir: Path = value(PathKind(), UNSET, "folder of mail, indexes and the certificates that mtq makes")
    control_socket: Path = value(PathKind(), UNSET, "socket by which commands reach the running server")
    lan: tuple[Entry, ...] = value(
        Several(EntryKind()),
        (Entry(ranges.parse("127.0.0.0/8")), Entry(ranges.parse("::1"))),
        "ranges of the local network",
    )
    user: str | None = value(
        Text("a user of this system"), None,
        "user as whom a server works that root has started; all mail is this user's",
    )
    shutdown_grace: int = value(Whole(0, 600, "seconds"), 10, "how long sessions may go on when the server stops")
    auth_failure_delay: int = value(
        Whole(0, 30, "seconds"), 2, "how long a failed login waits for its answer; longer for who goes on failing"
    )
    metrics_listen: Listen | None = value(
        MaybeListen(), None, "where Prometheus gets metrics, by HTTP; empty: nowhere"
    )
    log_format: LogFormat = value(Choice(LogFormat), LogFormat.TEXT, "form of log lines")
    log_level: LogLevel = value(Choice(LogLevel), LogLevel.INFO, "least important lines that are logged")


@dataclass(frozen=True)
class Mailboxes:
    """[mailboxes]"""

    path: str = value(
        Template(("user", "local", "domain", "home")), "",
        "a user's Maildir; default: mail/{user} in the state folder",
    )


@dataclass(frozen=True)
class Users:
    """[users]"""

    file: Path = value(PathKind(), Path("users"), "users and their passwords, a passwd-file as Dovecot reads it")


@dataclass(frozen=True)
class Tls:
    """[tls]"""

    certificate: Path = value(PathKind(), UNSET, f"{_certificate}; default: made and renewed by mtq")
    key: Path = value(PathKind(), UNSET, _key)
    min_version: TlsVersion = value(Choice(TlsVersion), TlsVersion.V1_2, "lowest version of TLS that clients may use")


@dataclass(frozen=True)
class Config:
    """A whole configuration."""

    server: Server = table(Server, "the server as a whole")
    mailboxes: Mailboxes = table(Mailboxes, "where mail is")
    users: Users = table(Users, "who may log in")
    tls: Tls = table(Tls, "the certificate that is served")
    services: Mapping[str, Service] = field(
        default_factory=dict, metadata={"tables": Service, "about": "the POP3 services"}
    )

