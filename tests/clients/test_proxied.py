"""Programs that speak plain POP3 read and empty a mailbox of Dovecot's inside TLS, through the real `mtq serve`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from tests.clients import programs
from tests.clients.programs import Way
from tests.house import House
from tests.proxy.dovecot import GOOD, MESSAGES, Dovecot, dovecot
from tests.server.pop import Client

PROXY = """
[services.pop3.proxy]
enabled = true
allow = ["{host}"]
ca_file = "{authority}"

[services.pop3.proxy.targets."{host}"]
port = {port}
tls = "implicit"
"""

USER = f"fred#{GOOD}"


class Fetch(Protocol):
    """A program that is told how to log in, and as whom."""

    def __call__(self, house: House, way: Way, folder: Path, auth: str, *, user: str) -> list[bytes]:
        """Fetch and delete all messages."""


@pytest.fixture
def remote() -> Iterator[Dovecot]:
    """One for each test: its mailbox is emptied."""
    with dovecot() as server:
        yield server


@pytest.fixture
def house(tmp_path: Path, remote: Dovecot) -> House:
    """A house without users: only the proxy lets anybody in."""
    house = House(tmp_path)
    proxy = PROXY.format(host=GOOD, authority=remote.authority, port=remote.pop3s)
    house.file.write_text(house.file.read_text() + proxy)
    house.config.users.file.touch()
    return house


@pytest.mark.parametrize(
    ("fetch", "auth"),
    [
        (programs.curl, "PLAIN"),
        (programs.curl, "LOGIN"),
        (programs.fetchmail, "protocol pop3 auth password"),
        (programs.mpop, "user"),
        (programs.mpop, "plain"),
        (programs.getmail, "use_apop = false"),
    ],
)
def test_a_plain_client_fetches_all_and_empties_the_mailbox(
    house: House, remote: Dovecot, tmp_path: Path, fetch: Fetch, auth: str
) -> None:
    folder = tmp_path / "client"
    folder.mkdir()
    with house.process():
        got = fetch(house, Way.PLAIN, folder, auth, user=USER)
    assert sorted(message.replace(b"\r\n", b"\n") for message in got) == sorted(
        message.replace(b"\r\n", b"\n") for message in MESSAGES
    )
    assert list((remote.folder / "mail" / "fred" / "Maildir" / "cur").iterdir()) == []


def test_what_passes_is_octet_for_octet_what_dovecot_says(house: House, remote: Dovecot) -> None:
    asked = b"STAT\r\nLIST\r\nUIDL\r\nRETR 1\r\nRETR 2\r\nTOP 2 3\r\nRETR 3\r\nNONSENSE\r\n"
    with house.process(), Client(house.pop3) as through:
        assert through.login(USER) == b"+OK Logged in."
        passed = _said(through, asked)
    with Client(remote.pop3s, GOOD, authority=remote.authority) as direct:
        direct.login()
        assert passed == _said(direct, asked)
    assert len(passed) > len(MESSAGES[1])


def _said(client: Client, asked: bytes) -> bytes:
    """All answers, and what is said at the end. Within TLS Dovecot may hang up on a QUIT before all is sent."""
    client.send(asked)
    said = client.until(b"Unknown command: NONSENSE\r\n")
    client.send(b"QUIT\r\n")
    return said + client.rest()
