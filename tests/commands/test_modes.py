"""The modes of every file and folder that mtq makes, whatever the umask of the one who starts it."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands.desk import process
from tests.house import House
from tests.server.pop import Client

FOLDER, PRIVATE, SOCKET = "40700", "100600", "140600"
PUBLIC = "100644"
"""What clients are to have, or what tells nothing."""

MODES = {
    "mtq.toml": PUBLIC,
    "mtq.toml.lock": PRIVATE,
    "users": PRIVATE,
    "users.lock": PRIVATE,
    "state": FOLDER,
    "state/secret": PRIVATE,
    "state/secret.lock": PRIVATE,
    "state/control.sock": SOCKET,
    "state/control.sock.lock": PRIVATE,
    "state/tls": FOLDER,
    "state/tls/ca.key": PRIVATE,
    "state/tls/ca.pem": PUBLIC,
    "state/tls/ca.pem.lock": PRIVATE,
    "state/tls/server.key": PRIVATE,
    "state/tls/server.pem": PUBLIC,
    "state/mail": FOLDER,
    "state/mail/fred": FOLDER,
    "state/mail/fred/tmp": FOLDER,
    "state/mail/fred/new": FOLDER,
    "state/mail/fred/cur": FOLDER,
    "state/mail/fred/new/MESSAGE": PRIVATE,
    "state/mail/fred/mtq-index": PRIVATE,
    "state/mail/fred/mtq.lock": PRIVATE,
}


def found(folder: Path) -> Iterator[tuple[str, str]]:
    """Everything below a folder, with its type and mode in octal digits."""
    for path in folder.rglob("*"):
        name = re.sub(r"(new|cur)/\d.*", r"\1/MESSAGE", str(path.relative_to(folder)))
        yield name, f"{path.lstat().st_mode:o}"


@pytest.mark.parametrize("umask", ["000", "022", "077"])
def test_what_mtq_makes_is_for_its_user_alone(tmp_path: Path, umask: str) -> None:
    through = ["sh", "-c", f'umask {umask}; exec "$@"', "sh"]
    house = House(tmp_path, control_socket="state/control.sock")
    text = house.file.read_text()
    house.file.unlink()
    shutil.rmtree(house.folder / "state")

    def mtq(*arguments: str, stdin: bytes = b"") -> None:
        outcome = process("--config", str(house.file), *arguments, stdin=stdin, through=through)
        assert outcome.code == 0, outcome

    mtq("init")
    house.file.write_text(text)      # its own ports are those of others, perhaps
    mtq("config", "set", "server.auth_failure_delay", "1")
    mtq("user", "add", "fred", "--password-stdin", stdin=b"secret\n")
    with house.process(through):
        mtq("mailbox", "deliver", "fred", stdin=b"Subject: bread\n\n")
        [message] = (house.mailbox("fred") / "new").iterdir()
        message.rename(message.with_name("1.host"))      # its size is not in the name any more, and is remembered
        with Client(house.pop3) as client:
            assert client.login().startswith(b"+OK 1 ")
            client.ask(b"RETR 1")
            client.body()
            assert client.ask(b"QUIT") == b"+OK bye"
        assert dict(found(tmp_path)) == MODES
