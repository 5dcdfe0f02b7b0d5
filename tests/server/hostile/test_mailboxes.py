"""Hostile messages, and clients that want what another session has."""

import re
from pathlib import Path

from tests.house import House
from tests.server.pop import Client

LONG = b"<" + b"x" * 10_000 + b"@example.com>"
LETTERS = [
    b"X-UIDL: " + b"u" * 10_000 + b"\nMessage-ID: " + LONG + b"\n\nbody\n",
    b"X-UIDL: \xff\xfe\nMessage-ID: <\xed\xa0\x80@\xff>\nSubject: \x1b[2J\0\n\nbody\n",
    b"Message-ID:" * 1000 + b"\n" + b" \n" * 1000 + b"\nbody\n",
    b"X-UIDL: 1\nX-UIDL: 1\n" * 100,
]
NAMES = dict(zip(["1" + "x" * 240, "2\udcff\t \x1b[2J", "3%s%n{user}", "4,S=-1,W=0x"], LETTERS, strict=True))


def listed(client: Client, command: bytes) -> list[bytes]:
    """The second column of a list."""
    assert client.ask(command).startswith(b"+OK")
    return [row.split(b" ", 1)[1] for row in client.body().splitlines()]


def test_no_header_and_no_file_name_makes_a_unique_id_that_pop3_does_not_allow(tmp_path: Path) -> None:
    """CVE-2019-7524: the header was copied."""
    house = House(tmp_path, settings="remove_invalid_message_id = true")
    house.user("fred", "secret")
    house.deliver("fred", *LETTERS)
    house.lay("fred", **NAMES)
    with house.serving(), Client(house.pop3) as client:
        assert client.login().startswith(b"+OK 8 ")
        ids = listed(client, b"UIDL")
        assert all(re.fullmatch(rb"[\x21-\x7e]{1,70}", unique_id) for unique_id in ids)
        assert len(set(ids)) == 8
        for number, size in enumerate(listed(client, b"LIST"), 1):
            client.ask(b"RETR %d" % number)
            assert len(client.body()) == int(size)
            client.ask(b"TOP %d 0" % number)
            client.body()


def test_a_lock_is_its_sessions_and_nobody_elses(house: House) -> None:
    """hMailServer unlocked a mailbox at the QUIT of whoever had not logged in."""
    house.deliver("fred", b"one\n")
    with house.serving(), Client(house.pop3) as holder:
        assert holder.login().startswith(b"+OK")
        for words in ([], [b"QUIT"], [b"USER fred", b"QUIT"], [b"USER fred", b"PASS secret", b"QUIT"], [b"RSET"]):
            with Client(house.pop3) as stranger:
                stranger.line()
                for word in words:
                    stranger.ask(word)
            with Client(house.pop3) as another:
                assert another.login().startswith(b"-ERR [IN-USE]")
        assert holder.ask(b"QUIT") == b"+OK bye"
        with Client(house.pop3) as another:
            assert another.login().startswith(b"+OK")
