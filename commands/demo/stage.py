"""The throw-away house: a folder with a configuration, users, mail and a certificate."""

import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mtq.config.model import Config

from . import second, stuck
from .furnished import furnish
from .second import Second

PASSWORDS = {"fred": "flintstone", "wilma": "pebbles", "barney": "rubble"}

STUCK = "barney"
"""Whose mailbox is held by a client that does not go on."""

PORT = 1110

CONFIGURATION = """\
[server]
hostname = "localhost"
state_dir = "state"
control_socket = "control.sock"
lan = ["127.0.0.0/8", "::1"]

[services.pop3]
listen = ["127.0.0.1:{port}"]
tls = "starttls"
idle_timeout = 900      # a client that is stuck keeps its mailbox for a quarter of an hour

# Whoever logs in as pearl#localhost reads her mail at the second server, which is on another port.
[services.pop3.proxy]
enabled = true
allow = ["localhost"]
ca_file = "{second_authority}"

[services.pop3.proxy.targets."localhost"]
port = {second_port}

[services.pop3s]
listen = ["127.0.0.1:1995"]
tls = "implicit"
"""

THINGS_TO_TRY = """
This is a demonstration: everything is in {folder} and goes away with the server.
Users: {users}
At a second server, on port {port}: {guests}

Things to try, in another terminal:
  curl -u fred:flintstone pop3://127.0.0.1:1110/             list fred's messages
  curl -u fred:flintstone pop3://127.0.0.1:1110/1            read the first one
  curl --cacert {authority} -u wilma:pebbles pop3s://localhost:1995/2
                                                             the same inside TLS
  curl -u 'pearl#localhost:granny' pop3://127.0.0.1:1110/1   read pearl's mail at the second server, by the proxy
  echo granny | {mtq} --config {config} proxy test localhost --user pearl --password-stdin
                                                             what the proxy does there, step by step
  {mtq} --config {config} mailbox list
  {mtq} --config {config} config show
  {mtq} --config {config} tui dashboard
                                                             {stuck} cannot read the mail: somebody has locked the
                                                             mailbox. Find out who, end it, and shut that address out
Press Ctrl-C to end.
"""


@dataclass(frozen=True)
class Stage:
    """What was built."""

    file: Path
    config: Config
    things_to_try: str

    def begin(self) -> str:
        """The server is ready: whatever belongs to the play comes on. Says what there is to try."""
        stuck.call(PORT, STUCK, PASSWORDS[STUCK])
        return self.things_to_try


@contextmanager
def staged() -> Iterator[Stage]:
    """Build the house, with a second one beside it where a server runs; take them down afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="mtq-demo-"))
    try:
        with second.second(folder / "second") as other:
            yield _build(folder, other)
    finally:
        shutil.rmtree(folder)


def _build(folder: Path, other: Second) -> Stage:
    configuration = CONFIGURATION.format(port=PORT, second_authority=other.authority, second_port=other.port)
    house = furnish(folder, configuration, PASSWORDS)
    welcome = THINGS_TO_TRY.format(
        folder=folder,
        users=_users(PASSWORDS),
        port=other.port,
        guests=_users(second.PASSWORDS),
        authority=house.authority,
        config=house.file,
        mtq=_this_mtq(),
        stuck=STUCK,
    )
    return Stage(house.file, house.config, welcome)


def _users(passwords: Mapping[str, str]) -> str:
    return ", ".join(f"{user} (password {password})" for user, password in passwords.items())


def _this_mtq() -> str:
    """How to call this very mtq from another terminal, where its environment may not be active."""
    script = Path(sys.argv[0]).absolute()
    return "mtq" if shutil.which("mtq") == str(script) else str(script)
