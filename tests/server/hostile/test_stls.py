"""What is sent in the clear behind STLS, to pass for what a victim says inside TLS (CVE-2011-0411 and its kin)."""

import base64
from pathlib import Path

import pytest

from tests.house import House
from tests.server.pop import Client

BEHIND = [
    [b"STLS\r\nUSER fred\r\n"],
    [b"STLS\r\nUSER fred\r\nPASS secret\r\n"],
    [b"STLS\r\nUS"],
    [b"STLS\r", b"\nUSER fred\r\n"],
    [b"USER fred\r\nSTLS\r\nUSER fred\r\n"],
    [b"STLS\r\n" + b"USER fred\r\n" * 1000],
    [b"STLS\r\n" + base64.b64encode(b"\0fred\0secret") + b"\r\n"],
    [b"AUTH LOGIN\r\n*\r\nSTLS\r\nUSER fred\r\n"],
    [b"STLS\nUSER fred\n"],
]


@pytest.mark.parametrize("pieces", BEHIND)
def test_what_follows_stls_in_the_clear_never_counts(house: House, pieces: list[bytes]) -> None:
    """Neither the commands, nor half of one, nor what was said before."""
    with house.serving(), Client(house.pop3) as client:
        client.line()
        for piece in pieces:
            client.send(piece)
        while not (line := client.line()).startswith(b"+OK begin"):
            assert line, "the server has hung up"
        client.start_tls(house.authority)
        assert client.ask(b"PASS secret") == b"-ERR not in this state"
        assert client.ask(b"STAT") == b"-ERR not in this state"
        assert client.ask(b"USER fred") == b"+OK"
        assert client.ask(b"PASS secret").startswith(b"+OK 0")


def test_failures_before_stls_are_not_forgotten_by_it(house: House) -> None:
    with house.serving(), Client(house.pop3) as client:
        client.line()
        for number in range(4):
            client.ask(b"USER fred")
            assert client.ask(b"PASS wrong %d" % number).startswith(b"-ERR [AUTH]")
        client.ask(b"STLS")
        client.start_tls(house.authority)
        client.send(b"USER fred\r\nPASS wrong 5\r\nNOOP\r\n")
        assert client.rest().count(b"-ERR") == 1


def test_stls_is_not_begun_where_it_is_off(tmp_path: Path) -> None:
    house = House(tmp_path, services='[services.pop3]\nlisten = ["127.0.0.1:{pop3}"]\ntls = "off"\n')
    with house.serving(), Client(house.pop3) as client:
        client.line()
        assert client.ask(b"STLS") == b"-ERR TLS is not available"
        assert client.ask(b"CAPA").startswith(b"+OK")
