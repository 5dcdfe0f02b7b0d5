"""Configurations as an administrator writes them, and every key that may stand in one."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mtq.config.kinds import Kind
from mtq.config.model import Config
from mtq.config.paths import Places
from mtq.config.read import parse

PLACES = Places(Path("/etc/mtq/mtq.toml"), Path("/var/lib/mtq"), Path("/run/mtq/control.sock"), privileged=True)

EXAMPLE = """
[server]
hostname = "mail.example.com"       # default: this machine's name
state_dir = "/var/lib/mtq"
control_socket = "/run/mtq/control.sock"
lan = ["127.0.0.0/8", "::1"]        # the local network: see 5
user = "mtq"                        # started as root: serve as this user; owner of all mail
shutdown_grace = 10                 # seconds, 0 to 600
auth_failure_delay = 2              # seconds, 0 to 30: see 7
metrics_listen = ""                 # ADDRESS:PORT for Prometheus; empty: none
log_format = "text"                 # or "json"
log_level = "info"

[mailboxes]
path = "/var/lib/mtq/mail/{user}"   # {user} {local} {domain} {home}

[users]
file = "users"                      # Dovecot passwd-file: name:{SCHEME}hash:uid:gid::home::extra

[tls]
certificate = "tls/server.pem"      # default: STATE/tls/server.pem, made and renewed by mtq
key = "tls/server.key"
min_version = "1.2"                 # "1.0" to "1.3"

[services.pop3]
enabled = true                      # start with the server
listen = ["pop3"]                   # port (number or string), port name, ADDRESS:PORT, [V6]:PORT; one or a list
tls = "starttls"                    # "off", "starttls", "implicit"
plaintext_auth = "local"            # clear-text passwords without TLS: "never", "local" (loopback), "lan", "always"
certificate = "tls/pop3.pem"        # this service's own; likewise key, min_version; optional
key = "tls/pop3.key"
min_version = "1.3"
mechanisms = "auto"                 # or a list of "plain", "login", "scram-sha-256", "apop": see 7
max_connections = 25                # 1 to 999
max_connections_per_address = 0     # 0: no limit of its own
idle_timeout = 60                   # seconds, 1 to 86400
login_timeout = 60                  # seconds a client may take to log in, 1 to 3600: see 4
access = "firewall+lan"             # "any", "firewall", "firewall+lan"
firewall = ["192.0.2.0/24", { range = "!192.0.2.7", until = 2026-12-01T00:00:00Z, comment = "scans us" }]
firewall_file = "blocklist.txt"     # more ranges, one a line, # comments; optional
folders = "inbox"                   # or "all"
remove_invalid_message_id = false
lock_mailboxes = true

[services.pop3.proxy]
enabled = false
delimiter = "#"                     # one printable ASCII character; no letter, digit or . - : @ [ ]
only_allowed = true
allow = ["pop.isp.com", "*.isp.com", "pop.isp.com:995"]
tls = "auto"                        # "auto", "implicit", "starttls", "off"
verify = true                       # the remote server's certificate and name
ca_file = "tls/lan-ca.pem"          # trusted besides the system's; optional, also per target
allow_private_targets = false       # loopback, private, link-local addresses as targets
connect_timeout = 30

[services.pop3.proxy.dialup]
enabled = false
up = ["/usr/bin/pon", "isp"]
down = ["/usr/bin/poff", "isp"]
timeout = 60                        # seconds for the link to come up
hangup_after = 120                  # idle seconds before `down` runs

[services.pop3.proxy.targets."pop.isp.com"]   # per-target exceptions, every key optional
port = 995
tls = "implicit"
verify = true
ca_file = "tls/isp-ca.pem"
auth = "auto"                       # "auto", "apop", "plain", "user"
"""
"""Every key there is, with the values of the contract."""

UNUSUAL = """
[server]
hostname = "pop.example.net"
state_dir = "state"
control_socket = "run/control.sock"
lan = ["10.0.0.0/8", { range = "printer.example.net", comment = "has a # and a \\" in it" }]
user = "vmail"
shutdown_grace = 600
auth_failure_delay = 0
metrics_listen = "127.0.0.1:9100"
log_format = "json"
log_level = "debug"

[mailboxes]
path = "mail/{domain}/{local}"

[users]
file = "/etc/dovecot/users"

[tls]
certificate = "/etc/ssl/mail.pem"
key = "/etc/ssl/mail.key"
min_version = "1.0"

[services.pop3]
enabled = false
listen = ["127.0.0.1:1110", "[::1]:1110"]
tls = "off"
plaintext_auth = "never"
certificate = "own.pem"
key = "own.key"
min_version = "1.3"
mechanisms = ["scram-sha-256", "apop"]
max_connections = 999
max_connections_per_address = 3
idle_timeout = 600
login_timeout = 5
access = "any"
firewall = ["!192.0.2.7", { range = "10.1.*", until = 2027-01-31T08:30:00+02:00, comment = "guests" }]
firewall_file = "blocklist.txt"
folders = "all"
remove_invalid_message_id = true
lock_mailboxes = false

[services.pop3.proxy]
enabled = true
delimiter = "%"
only_allowed = false
allow = ["*.isp.com"]
tls = "starttls"
verify = false
ca_file = "lan-ca.pem"
allow_private_targets = true
connect_timeout = 600

[services.pop3.proxy.dialup]
enabled = true
up = ["pon"]
down = ["poff"]
timeout = 3600
hangup_after = 0

[services.pop3.proxy.targets."pop.isp.com"]
port = 1
tls = "off"
verify = false
ca_file = "isp-ca.pem"
auth = "user"
"""
"""Every key there is, none with its default."""


@dataclass(frozen=True)
class Key:
    """A key of the model: where it may stand, what it may hold and what holds without it."""

    path: tuple[str, ...]
    kind: Kind[object]
    default: object

    @property
    def dotted(self) -> str:
        """The key as a message names it."""
        return ".".join(f'"{part}"' if "." in part else part for part in self.path)

    def text(self, value: str) -> str:
        """A configuration with just this key. The value is TOML."""
        *table, name = [f'"{part}"' if "." in part else part for part in self.path]
        return f"[{'.'.join(table)}]\n{name} = {value}\n"

    def of(self, config: Config) -> object:
        """What a configuration has for the key."""
        found: Any = config
        for part in self.path:
            found = found[part] if isinstance(found, dict) else getattr(found, part)
        result: object = found
        return result


def keys(model: Any = Config, table: tuple[str, ...] = ()) -> Iterator[Key]:
    """Every key of the model, those of a service and of a target under one name each."""
    for field in dataclasses.fields(model):
        path = (*table, field.name)
        if "table" in field.metadata:
            yield from keys(field.metadata["table"], path)
        elif "tables" in field.metadata:
            name = "pop.isp.com" if field.name == "targets" else "pop3"
            yield from keys(field.metadata["tables"], (*path, name))
        else:
            yield Key(path, field.metadata["kind"], field.default)


def config(text: str, folder: Path = Path("/etc/mtq")) -> Config:
    """What a text means as the configuration of a folder."""
    return parse(text, folder / "mtq.toml", PLACES)
