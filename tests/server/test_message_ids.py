"""remove_invalid_message_id, over a socket: every answer agrees, and the service beside it sends all."""

from pathlib import Path

import pytest

from tests.house import House
from tests.mail.cleaning import HEADERS, cleaned
from tests.mail.wire import sent
from tests.server.pop import Client

SERVICES = """
[services.clean]
listen = ["127.0.0.1:{pop3}"]
tls = "starttls"
remove_invalid_message_id = true

[services.plain]
listen = ["127.0.0.1:{pop3s}"]
tls = "starttls"
"""

BAD = b"Subject: hi\nMessage-ID: none\n\nbody\n"
LARGE = b"Message-ID: none\nSubject: large\n\n" + (b"x" * 99 + b"\n") * 20_000


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A house with one service that cleans and one that does not, and fred."""
    house = House(tmp_path, services=SERVICES)
    house.user("fred", "secret")
    return house


def retrieved(client: Client, command: bytes) -> tuple[bytes, bytes]:
    """The first line of an answer and the message behind it."""
    return client.ask(command), client.body()


def test_every_answer_is_about_what_is_sent(house: House) -> None:
    messages = [*HEADERS.values(), LARGE]
    house.deliver("fred", *messages)
    expected = [sent(cleaned(message)) for message in messages]
    with house.serving() as running:
        for _ in range(2):
            with Client(house.pop3) as client:
                assert client.login() == b"+OK %d messages (%d octets)" % (len(messages), sum(map(len, expected)))
                assert client.ask(b"STAT") == b"+OK %d %d" % (len(messages), sum(map(len, expected)))
                for number, body in enumerate(expected, 1):
                    assert client.ask(b"LIST %d" % number) == b"+OK %d %d" % (number, len(body))
                    assert retrieved(client, b"RETR %d" % number) == (b"+OK %d octets" % len(body), body)
                    assert retrieved(client, b"TOP %d 99999" % number)[1] == body
                client.ask(b"QUIT")
        assert running.remarks == []
    assert house.stored("fred") == messages


def test_top_has_the_header_without_the_field_and_then_the_lines_of_the_body(house: House) -> None:
    house.deliver("fred", BAD)
    with house.serving(), Client(house.pop3) as client:
        client.login()
        assert retrieved(client, b"TOP 1 0")[1] == b"Subject: hi\r\n\r\n"
        assert retrieved(client, b"TOP 1 1")[1] == b"Subject: hi\r\n\r\nbody\r\n"


def test_the_service_beside_it_sends_all(house: House) -> None:
    house.deliver("fred", BAD)
    with house.serving():
        for port, expected in [(house.pop3, sent(cleaned(BAD))), (house.pop3s, sent(BAD))] * 2:
            with Client(port) as client:
                assert client.login() == b"+OK 1 messages (%d octets)" % len(expected)
                assert retrieved(client, b"RETR 1") == (b"+OK %d octets" % len(expected), expected)
                assert client.ask(b"QUIT") == b"+OK bye"


def test_a_wrong_size_in_a_name_is_put_right_when_the_message_has_been_sent(house: House) -> None:
    house.lay("fred", **{"1,W=999": BAD})
    clean, whole = len(sent(cleaned(BAD))), len(sent(BAD))
    with house.serving() as running:
        for announced in (999 - whole + clean, clean):
            with Client(house.pop3) as client:
                client.login()
                assert retrieved(client, b"RETR 1") == (b"+OK %d octets" % announced, sent(cleaned(BAD)))
                client.ask(b"QUIT")
        assert len(running.remarks) == 1
        assert running.remarks[0].endswith(f"its size was taken for {999 - whole + clean} octets, it has {clean}")
