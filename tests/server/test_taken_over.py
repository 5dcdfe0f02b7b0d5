"""A users file as it is taken over from Dovecot: everybody logs in as before, and no byte of it changes."""

import base64
import hashlib
from pathlib import Path

import pytest

from mtq.users import schemes
from tests.house import House
from tests.protocol.scram_client import ScramClient
from tests.server.pop import Client
from tests.users.dovecot import doveadm

DOVECOT_SCHEMES = sorted(schemes.SCHEMES)
BY_CRYPT = ["BLF-CRYPT", "SHA256-CRYPT", "SHA512-CRYPT"]

MAILBOXES = '[mailboxes]\npath = "{home}/Maildir"'
EVERYTHING = 'mechanisms = ["plain", "login", "scram-sha-256", "apop"]'


def password_of(user: str) -> str:
    """Not ASCII alone, and with what separates fields in a SCRAM message."""
    return f"Grüße, {user}"


@pytest.fixture(scope="module")
def entries() -> dict[str, str]:
    """What `doveadm pw` stores, by user: for each scheme, and what crypt makes without a scheme or as {CRYPT}."""
    made = {scheme.lower(): doveadm("-s", scheme, "-p", password_of(scheme.lower())) for scheme in DOVECOT_SCHEMES}
    for scheme in BY_CRYPT:
        bare, named = f"bare-{scheme.lower()}", f"named-{scheme.lower()}"
        made[bare] = doveadm("-s", scheme, "-p", password_of(bare)).partition("}")[2]
        made[named] = "{CRYPT}" + doveadm("-s", scheme, "-p", password_of(named)).partition("}")[2]
    made["small"] = made["argon2id"].replace("{ARGON2ID}", "{argon2id}")
    return made


@pytest.fixture
def house(tmp_path: Path, entries: dict[str, str]) -> House:
    """A house whose users file was Dovecot's, with mail in their homes."""
    house = House(tmp_path, server=MAILBOXES, settings=EVERYTHING)
    homes = tmp_path / "vmail"
    rows = ["# virtual users of example.com, see the wiki", "", "#old:{SHA}x:5000:5000::/nowhere::", "   "]
    for user, stored in entries.items():
        maildir = homes / user / "Maildir"
        for folder in ("tmp", "new", "cur"):
            (maildir / folder).mkdir(parents=True)
        (maildir / "new" / "1").write_bytes(b"Subject: yours\n\n")
        extra = f"userdb_quota_rule=*:storage=2G userdb_mail=maildir:{homes}/{user}/Maildir allow_nets=127.0.0.0/8"
        rows += [f"{user}:{stored}:5000:5000:{user} of Example, Inc.:{homes / user}:/usr/sbin/nologin:{extra}", ""]
    rows += ["locked::5000:5000::/nowhere::", "foreign:{CRAM-MD5}0123:5000:5000::/nowhere::", "lonely"]
    house.config.users.file.write_bytes("\n".join(rows).encode())      # and no newline at the end
    return house


def test_everybody_logs_in_by_every_way_and_the_file_stays_as_it_was(house: House, entries: dict[str, str]) -> None:
    before = house.config.users.file.read_bytes(), house.config.users.file.stat().st_mtime_ns
    with house.serving():
        for user in entries:
            password = password_of("argon2id" if user == "small" else user)
            with Client(house.pop3) as client:
                assert client.login(user, password).startswith(b"+OK 1 messages")
                client.ask(b"QUIT")
            with Client(house.pop3) as client:
                client.line()
                response = base64.b64encode(f"\0{user}\0{password}".encode())
                assert client.ask(b"AUTH PLAIN " + response).startswith(b"+OK 1 messages")
                client.ask(b"QUIT")
    assert (house.config.users.file.read_bytes(), house.config.users.file.stat().st_mtime_ns) == before


@pytest.mark.parametrize("user", ["plain", "scram-sha-256"])
def test_those_whose_entries_allow_it_log_in_by_scram(house: House, user: str) -> None:
    scram = ScramClient(user, password_of(user).encode())
    with house.serving(), Client(house.pop3) as client:
        client.line()
        answer = client.ask(b"AUTH SCRAM-SHA-256 " + base64.b64encode(scram.first()))
        answer = client.ask(base64.b64encode(scram.final(base64.b64decode(answer[2:]))))
        scram.finish(base64.b64decode(answer[2:]))
        assert client.ask(b"").startswith(b"+OK 1 messages")


def test_those_whose_entries_allow_it_log_in_by_apop(house: House) -> None:
    with house.serving(), Client(house.pop3) as client:
        stamp = client.line().split()[-1]
        digest = hashlib.md5(stamp + password_of("plain").encode()).hexdigest()
        assert client.ask(f"APOP plain {digest}".encode()).startswith(b"+OK 1 messages")


@pytest.mark.parametrize("user", ["locked", "foreign", "lonely", "old", "#old"])
@pytest.mark.parametrize("password", ["", "x", "0123", "{CRAM-MD5}0123"])
def test_nobody_else_logs_in(house: House, user: str, password: str) -> None:
    with house.serving(), Client(house.pop3) as client:
        assert client.login(user, password).startswith(b"-ERR")
