"""Arguments and names that other servers have choked on: each is answered, and the session goes on."""

import base64
from collections.abc import Callable
from hashlib import md5
from pathlib import Path

import pytest

from mtq.protocol.session import VERBS
from tests.house import House
from tests.server.pop import Client

WRONG = b"-ERR [AUTH] wrong user name or password"


# Arguments (CVE-1999-0494, CVE-2002-1539 and many older ones)

ARGUMENTS = [
    b"-1", b"0", b"4294967296", b"18446744073709551617", b"9" * 200, b"1 -1", b"1e9", b"0x1", b"%s%n%x", b"\xff" * 50,
    b"\0", b"A" * 1000, b"A" * (1 << 20),
]  # fmt: skip
VERBS_OF_OTHERS = [b"XTND", b"XCLIENT", b"PROXY", b"AUTHENTICATE", b"HELO"]


@pytest.mark.parametrize("logged_in", [False, True])
def test_no_argument_of_any_verb_upsets_the_server(house: House, logged_in: bool) -> None:
    house.deliver("fred", b"one\n")
    with house.serving():
        for verb in (*VERBS, *VERBS_OF_OTHERS):
            with Client(house.pop3) as client:
                if logged_in:
                    assert client.login().startswith(b"+OK 1 ")
                else:
                    client.line()
                for argument in ARGUMENTS:
                    answer = client.ask(verb + b" " + argument)
                    assert answer.startswith(b"-ERR") or (verb == b"USER" and answer == b"+OK"), (verb, argument)
                assert client.ask(b"QUIT") == b"+OK bye"
        assert house.stored("fred") == [b"one\n"]


# Names


HOSTILE = [
    b"../fred", b"fred/../wilma", b"..", b"/etc/passwd", b"fred+.wilma", b"{user}", b"{home}", b"%{user}", b"%s%n%x",
    b"a'--", b"fred\t", b" fred\r", b"[bold]fred[/]", b"[@click=app.quit]x[/]", b"\x1b[2J\x1b]0;x\x07",
    "\N{RIGHT-TO-LEFT OVERRIDE}derf".encode(), b"\xff\xfe", b"\xed\xa0\x80", b'{"user": "fred"}', b"x" * 5000,
]  # fmt: skip


def plain(user: bytes, password: bytes = b"secret") -> bytes:
    """An AUTH command that names this user."""
    return b"AUTH PLAIN " + base64.b64encode(b"\0" + user + b"\0" + password)


@pytest.mark.parametrize("name", HOSTILE, ids=lambda name: ascii(name[:20]))
def test_a_hostile_name_is_nobody_and_stays_one_printable_line(tmp_path: Path, name: bytes) -> None:
    """CVE-2007-5740, CVE-2019-10691, CVE-2026-40018 and their kin."""
    house = House(tmp_path)
    house.user("fred", "secret")
    (tmp_path / "etc").mkdir()
    with house.serving() as running, Client(house.pop3) as client:
        client.line()
        answer = client.ask(plain(name))
        assert answer in (WRONG, b"-ERR a name or password cannot hold a line end or NUL")
        assert client.ask(plain(b"fred")).startswith(b"+OK 0")
        client.ask(b"QUIT")
        assert all(line.text.isprintable() and len(line.text) < 700 for line in running.log.recent)
        assert {path.name for path in house.mailbox("fred").parent.iterdir()} <= {"fred"}


# Logins beside each other, and one after the other


BAD_BASE64 = [b"!!!!", b"AGZy\tZWQ=", b"A", b"=", b"AGZyZWQAc2VjcmV0=A", b"A" * 12_000, b"A" * 20_000, b"\0", b"\xff"]


@pytest.mark.parametrize("bad", BAD_BASE64, ids=lambda bad: ascii(bad[:12]))
def test_bad_base64_of_one_client_leaves_the_exchange_of_another_alone(house: House, bad: bytes) -> None:
    """CVE-2025-59028: it ended everybody's."""
    with house.serving(), Client(house.pop3) as client, Client(house.pop3) as hostile:
        client.line()
        hostile.line()
        for step in (b"AUTH LOGIN", base64.b64encode(b"fred")):
            assert client.ask(step).startswith(b"+ ")
            hostile.ask(b"AUTH PLAIN")
            assert hostile.ask(bad).startswith(b"-ERR")
            assert hostile.ask(b"AUTH PLAIN " + bad).startswith(b"-ERR")
        assert client.ask(base64.b64encode(b"secret")).startswith(b"+OK 0")


Say = Callable[[Client, bytes, bytes], bytes]
"""Logs in with this password, knowing the greeting; what is answered."""


def by_user(client: Client, _: bytes, password: bytes) -> bytes:
    client.ask(b"USER fred")
    return client.ask(b"PASS " + password)


def by_apop(client: Client, greeting: bytes, password: bytes) -> bytes:
    stamp = greeting[greeting.index(b"<") :]
    return client.ask(b"APOP fred " + md5(stamp + password).hexdigest().encode())


def by_plain(client: Client, _: bytes, password: bytes) -> bytes:
    return client.ask(plain(b"fred", password))


def by_login(client: Client, _: bytes, password: bytes) -> bytes:
    client.ask(b"AUTH LOGIN " + base64.b64encode(b"fred"))
    return client.ask(base64.b64encode(password))


def by_cancelling(client: Client, _: bytes, __: bytes) -> bytes:
    client.ask(b"AUTH SCRAM-SHA-256 " + base64.b64encode(b"n,,n=fred,r=abc"))
    return client.ask(b"*")


WAYS = [by_user, by_apop, by_plain, by_login]


@pytest.mark.parametrize("first", [*WAYS, by_cancelling])
@pytest.mark.parametrize("then", WAYS)
def test_after_a_failure_every_other_way_in_is_as_before(tmp_path: Path, first: Say, then: Say) -> None:
    """CVE-2026-27651: a server crashed on the second way."""
    house = House(tmp_path, settings='mechanisms = ["plain", "login", "scram-sha-256", "apop"]')
    house.user("fred", "secret")
    with house.serving(), Client(house.pop3) as client:
        greeting = client.line()
        assert first(client, greeting, b"wrong").startswith(b"-ERR")
        assert then(client, greeting, b"secret").startswith(b"+OK 0")


def test_a_digest_that_was_overheard_opens_nothing(tmp_path: Path) -> None:
    """CVE-2026-27855: what is good once was good again. Each connection has a timestamp of its own."""
    house = House(tmp_path, settings='mechanisms = ["apop"]')
    house.user("fred", "secret")
    with house.serving(), Client(house.pop3) as client, Client(house.pop3) as eve:
        overheard = client.line()
        assert eve.line() != overheard
        assert by_apop(client, overheard, b"secret").startswith(b"+OK 0")
        client.ask(b"QUIT")
        assert by_apop(eve, overheard, b"secret") == WRONG
