"""Every way to log in that a real client knows, told to take that one, on a server that offers no other.

- mpop 1.4.18: USER, APOP, and by GNU SASL PLAIN, LOGIN and SCRAM-SHA-256. What else `mpop --version` names
  (SCRAM-SHA-1, CRAM-MD5, DIGEST-MD5, NTLM, EXTERNAL, GSSAPI, OAUTHBEARER, XOAUTH2) mtq does not have.
- curl: PLAIN, LOGIN and APOP. SCRAM needs a build with GNU SASL, which `curl --version` then has among its features.
  Debian 12's 7.88.1 has not: told AUTH=SCRAM-SHA-256 it reads CAPA, sends no AUTH and ends with 67, "Login denied".
- fetchmail 6.4.37: USER and APOP. Of SASL it knows CRAM-MD5, GSSAPI, Kerberos, NTLM, MSN and OTP, which mtq does not
  have; `auth plain` and `auth scram-sha-256` are syntax errors to it (exit 5).
- getmail 6.18: USER and APOP; its SASL (Kerberos, XOAUTH2) is for IMAP alone.
"""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from mtq.ledger import SessionLogin
from tests.clients import programs
from tests.clients.programs import Way
from tests.house import House

Login = Callable[[House, Way, Path, str], list[bytes]]

LETTER = b"From: wilma@example.com\nSubject: bread\n\nPlease bring bread.\n"

CURL_HAS_SCRAM = b"gsasl" in subprocess.run(["curl", "--version"], capture_output=True, check=True).stdout

KNOWN: list[tuple[Login, str, str]] = [
    (programs.curl, "PLAIN", "plain"),
    (programs.curl, "LOGIN", "login"),
    (programs.curl, "+APOP", "apop"),
    *([(programs.curl, "SCRAM-SHA-256", "scram-sha-256")] if CURL_HAS_SCRAM else []),
    (programs.fetchmail, "protocol pop3 auth password", "plain"),
    (programs.fetchmail, "protocol pop3 auth any", "login"),
    (programs.fetchmail, "protocol apop", "apop"),
    (programs.getmail, "use_apop = false", "plain"),
    (programs.getmail, "use_apop = true", "apop"),
    (programs.mpop, "user", "plain"),
    (programs.mpop, "plain", "plain"),
    (programs.mpop, "login", "login"),
    (programs.mpop, "apop", "apop"),
    (programs.mpop, "scram-sha-256", "scram-sha-256"),
]
"""A program, its own word for a way to log in, and the one mechanism that the server then offers."""

CASES = [
    pytest.param(login, auth, offered, way, id=f"{login.__name__}-{auth.rpartition(' ')[2]}-{way.value}")
    for login, auth, offered in KNOWN
    for way in Way
    if not (login is programs.getmail and way is Way.STLS)      # it knows no STLS
]

LOGGED = {"plain": "password", "login": "password", "apop": "apop", "scram-sha-256": "scram"}


def house_of(folder: Path, settings: str, scheme: str = "PLAIN") -> House:
    house = House(folder, settings=settings)
    house.user("fred", "secret", scheme)
    house.deliver("fred", LETTER)
    (folder / "client").mkdir()
    return house


def ways_in(house: House, login: Login, way: Way, auth: str) -> list[str]:
    """How the client got in, which has then fetched the letter and removed it."""
    with house.serving() as running:
        assert len(login(house, way, house.folder / "client", auth)) == 1
    assert house.stored("fred") == []
    return [event.mechanism for event in running.events if isinstance(event, SessionLogin)]


@pytest.mark.parametrize(("login", "auth", "offered", "way"), CASES)
def test_a_client_logs_in_by_the_way_it_is_told(
    tmp_path: Path, login: Login, auth: str, offered: str, way: Way
) -> None:
    house = house_of(tmp_path, f'mechanisms = ["{offered}"]')
    assert set(ways_in(house, login, way, auth)) == {LOGGED[offered]}


@pytest.mark.parametrize("way", Way)
def test_mpop_logs_in_by_scram_where_no_password_is_stored(tmp_path: Path, way: Way) -> None:
    house = house_of(tmp_path, "", "SCRAM-SHA-256")
    assert ways_in(house, programs.mpop, way, "scram-sha-256") == ["scram"]


def test_mpop_left_to_choose_shows_no_password_in_the_clear(tmp_path: Path) -> None:
    house = house_of(tmp_path, "", "SCRAM-SHA-256")
    assert ways_in(house, programs.mpop, Way.PLAIN, "on") == ["scram"]


CHOOSING = [
    pytest.param(login, auth, way, id=f"{login.__name__}-{way.value}")
    for login, auth in (
        (programs.curl, ""), (programs.fetchmail, "protocol pop3"), (programs.getmail, ""), (programs.mpop, "on")
    )
    for way in Way
    if (login, way) not in {(programs.getmail, Way.STLS), (programs.mpop, Way.PLAIN)}
]
"""Programs left to choose. Of its own will mpop shows no password in the clear."""


@pytest.mark.parametrize("scheme", ["PLAIN", "SCRAM-SHA-256", "ARGON2ID"])
@pytest.mark.parametrize(("login", "auth", "way"), CHOOSING)
def test_no_client_is_offered_more_than_it_can_use(
    tmp_path: Path, login: Login, auth: str, way: Way, scheme: str
) -> None:
    house = house_of(tmp_path, 'mechanisms = "auto"', scheme)
    assert ways_in(house, login, way, auth)


def test_a_wrong_password_is_told_to_mpop_by_scram(tmp_path: Path) -> None:
    house = house_of(tmp_path, "", "SCRAM-SHA-256")
    house.user("wilma", "another", "SCRAM-SHA-256")
    rc = tmp_path / "mpoprc"
    rc.write_text(
        f"account a\nhost localhost\nport {house.pop3}\nuser wilma\npassword secret\nauth scram-sha-256\n"
        f"tls off\ntls_starttls off\ndelivery maildir {tmp_path}\n"
    )
    rc.chmod(0o600)
    with house.serving():
        done = subprocess.run(["mpop", "--file", str(rc), "--auth-only", "a"], capture_output=True, timeout=60)
    assert done.returncode != 0
    assert b"authentication failed (method SCRAM-SHA-256)" in done.stderr
