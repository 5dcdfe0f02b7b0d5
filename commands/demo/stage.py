"""The throw-away house: a folder with a configuration, users, mail and a certificate."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mtq import tls
from mtq.config.model import Config
from mtq.config.read import load
from mtq.mail.deliver import deliver
from mtq.mail.root import MailRoot
from mtq.users import passwd_file, schemes

from . import stuck
from .letters import letters

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

[services.pop3s]
listen = ["127.0.0.1:1995"]
tls = "implicit"
"""

THINGS_TO_TRY = """
This is a demonstration: everything is in {folder} and goes away with the server.
Users: {users}

Things to try, in another terminal:
  curl -u fred:flintstone pop3://127.0.0.1:1110/             list fred's messages
  curl -u fred:flintstone pop3://127.0.0.1:1110/1            read the first one
  curl --cacert {authority} -u wilma:pebbles pop3s://localhost:1995/2
                                                             the same inside TLS
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
    """Build the house; take it down afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="mtq-demo-"))
    try:
        yield _build(folder)
    finally:
        shutil.rmtree(folder)


def _build(folder: Path) -> Stage:
    file = folder / "mtq.toml"
    file.write_text(CONFIGURATION.format(port=PORT))
    config = load(file)
    root = MailRoot(config.mailboxes.path)
    Path(root.folder or folder).mkdir(parents=True)
    for user, password in PASSWORDS.items():
        passwd_file.add(config.users.file, user, schemes.make(password.encode(), "PLAIN"))
        for letter in letters(user):
            deliver(root.mailbox(user, ""), iter([letter]))
    made = tls.make_if_due(config.tls.certificate, config.tls.key, "localhost")
    assert made is not None
    users = ", ".join(f"{user} (password {password})" for user, password in PASSWORDS.items())
    return Stage(
        file,
        config,
        THINGS_TO_TRY.format(
            folder=folder, users=users, authority=made.authority, config=file, mtq=_this_mtq(), stuck=STUCK
        ),
    )


def _this_mtq() -> str:
    """How to call this very mtq from another terminal, where its environment may not be active."""
    script = Path(sys.argv[0]).absolute()
    return "mtq" if shutil.which("mtq") == str(script) else str(script)
