"""SCRAM-SHA-256 over real sockets: to whom it is offered, who gets in, and what those learn who do not."""

import base64
import os
import shutil
import stat
from pathlib import Path

import pytest

from mtq.errors import Code
from mtq.ledger import LoginFailed, SessionLogin
from mtq.protocol.session import FAILED_LOGINS
from mtq.users import passwd_file, schemes
from tests.house import WAIT, House, Running
from tests.protocol.scram_client import ScramClient, attributes
from tests.server.pop import Client

REFUSED = b"-ERR [AUTH] wrong user name or password"


def house_of(folder: Path, *users: str, settings: str = "", failure_delay: int = 0) -> House:
    """A house in which everybody's password is `secret`; each user is given as `name:SCHEME`."""
    folder.mkdir(exist_ok=True)
    house = House(folder, settings=settings, failure_delay=failure_delay)
    for user in users:
        name, _, scheme = user.partition(":")
        house.user(name, "secret", scheme)
    return house


def first(client: Client, scram: ScramClient) -> bytes:
    """The server's first message."""
    answer = client.ask(b"AUTH SCRAM-SHA-256 " + base64.b64encode(scram.first()))
    assert answer.startswith(b"+ "), answer
    return base64.b64decode(answer[2:])


def attempt(client: Client, scram: ScramClient) -> bytes:
    """The answer to a proof."""
    return client.ask(base64.b64encode(scram.final(first(client, scram))))


def login(client: Client, user: str = "fred", password: bytes = b"secret") -> bytes:
    """A whole exchange; its last answer."""
    scram = ScramClient(user, password)
    answer = attempt(client, scram)
    if not answer.startswith(b"+ "):
        return answer
    scram.finish(base64.b64decode(answer[2:]))
    return client.ask(b"")


def offer(house: House) -> list[bytes]:
    """The mechanisms that CAPA names."""
    with Client(house.pop3) as client:
        client.line()
        client.ask(b"CAPA")
        [mechanisms] = [row[5:].split() for row in client.body().split(b"\r\n") if row.startswith(b"SASL ")] or [[]]
        return mechanisms


# Who gets in


@pytest.mark.parametrize("scheme", ["SCRAM-SHA-256", "PLAIN"])
def test_a_client_logs_in_in_the_clear_where_no_password_may_be_shown(tmp_path: Path, scheme: str) -> None:
    house = house_of(tmp_path, f"fred:{scheme}", settings='plaintext_auth = "never"')
    house.deliver("fred", b"one\n")
    with house.serving() as running, Client(house.pop3) as client:
        client.line()
        assert login(client).startswith(b"+OK 1 messages")
        assert client.ask(b"RETR 1").startswith(b"+OK")
        client.body()
        client.ask(b"QUIT")
        running.closed()
        assert [event.mechanism for event in running.events if isinstance(event, SessionLogin)] == ["scram"]


@pytest.mark.parametrize("scheme", ["SCRAM-SHA-256", "PLAIN"])
def test_a_client_logs_in_after_stls(tmp_path: Path, scheme: str) -> None:
    house = house_of(tmp_path, f"fred:{scheme}")
    with house.serving(), Client(house.pop3) as client:
        client.line()
        client.ask(b"STLS")
        client.start_tls(house.authority)
        assert login(client).startswith(b"+OK 0 messages")


def test_a_client_logs_in_on_a_tls_port(tmp_path: Path) -> None:
    house = house_of(tmp_path, "fred:SCRAM-SHA-256")
    with house.serving(), Client(house.pop3s, authority=house.authority) as client:
        client.line()
        assert login(client).startswith(b"+OK 0 messages")


def test_a_name_is_looked_up_as_everywhere(tmp_path: Path) -> None:
    house = house_of(tmp_path, "fred:SCRAM-SHA-256")
    with house.serving(), Client(house.pop3) as client:
        client.line()
        assert login(client, "FRED").startswith(b"+OK")


@pytest.mark.parametrize("scheme", ["SCRAM-SHA-256", "PLAIN"])
def test_the_same_password_opens_by_every_other_way(tmp_path: Path, scheme: str) -> None:
    house = house_of(tmp_path, f"fred:{scheme}")
    with house.serving():
        with Client(house.pop3) as client:
            assert client.login().startswith(b"+OK")
            client.ask(b"QUIT")
        with Client(house.pop3) as client:
            client.line()
            assert client.ask(b"AUTH PLAIN " + base64.b64encode(b"\0fred\0secret")).startswith(b"+OK")


def test_a_whole_login_may_be_cancelled_and_done_again(tmp_path: Path) -> None:
    house = house_of(tmp_path, "fred:SCRAM-SHA-256")
    with house.serving(), Client(house.pop3) as client:
        client.line()
        assert attempt(client, ScramClient("fred", b"secret")).startswith(b"+ ")
        assert client.ask(b"*") == b"-ERR authentication cancelled"
        assert login(client).startswith(b"+OK")


def test_an_exchange_that_was_overheard_opens_nothing(tmp_path: Path) -> None:
    house = house_of(tmp_path, "fred:SCRAM-SHA-256")
    scram = ScramClient("fred", b"secret")
    with house.serving(), Client(house.pop3) as client:
        client.line()
        overheard = first(client, scram)
        client.ask(b"*")
        assert first(client, scram) != overheard
        assert client.ask(base64.b64encode(scram.final(overheard))).startswith(b"-ERR the nonce")


# Who does not


def test_whatever_is_wrong_is_one_answer_and_the_log_knows_what_it_was(tmp_path: Path) -> None:
    house = house_of(tmp_path, "fred:SCRAM-SHA-256", "wilma:ARGON2ID", settings='mechanisms = ["scram-sha-256"]')
    with house.serving() as running, Client(house.pop3) as client:
        client.line()
        assert login(client, "fred", b"wrong") == REFUSED
        assert login(client, "nobody") == REFUSED
        assert login(client, "wilma") == REFUSED
        failures = [(event.user, event.reason) for event in running.events if isinstance(event, LoginFailed)]
        assert failures == [
            ("fred", "wrong password"),
            ("nobody", "no such user"),
            ("wilma", "this stored password does not allow SCRAM-SHA-256"),
        ]


def test_the_fifth_wrong_proof_ends_the_connection(tmp_path: Path) -> None:
    house = house_of(tmp_path, "fred:SCRAM-SHA-256")
    with house.serving() as running, Client(house.pop3) as client:
        client.line()
        assert [login(client, password=b"wrong") for _ in range(FAILED_LOGINS)] == [REFUSED] * FAILED_LOGINS
        assert client.rest() == b""
        assert running.closed()[0].reason == "too many failed logins"


@pytest.mark.parametrize("user", ["fred", "nobody"])
def test_a_wrong_proof_is_answered_later_than_another_clients_whole_session(tmp_path: Path, user: str) -> None:
    house = house_of(tmp_path, "fred:SCRAM-SHA-256", failure_delay=3)
    with house.serving(), Client(house.pop3) as guessing:
        guessing.line()
        scram = ScramClient(user, b"wrong")
        guessing.send(base64.b64encode(scram.final(first(guessing, scram))) + b"\r\n")
        with Client(house.pop3) as client:
            client.line()
            assert login(client).startswith(b"+OK")
            assert client.ask(b"QUIT").startswith(b"+OK")
        guessing.sock.setblocking(False)
        with pytest.raises(BlockingIOError):
            guessing.sock.recv(1)
        guessing.sock.settimeout(WAIT)
        assert guessing.line() == REFUSED


def test_users_that_cannot_be_looked_up_are_no_fault_of_the_client(tmp_path: Path) -> None:
    house = house_of(tmp_path, settings='mechanisms = ["scram-sha-256"]')
    house.config.users.file.mkdir()
    with house.serving() as running, Client(house.pop3) as client:
        client.line()
        answer = client.ask(b"AUTH SCRAM-SHA-256 " + base64.b64encode(ScramClient("fred", b"secret").first()))
        assert answer == b"-ERR " + Code.SYS_TEMP.value + b"users cannot be looked up at the moment"
        assert any(isinstance(event, LoginFailed) and "users" in event.reason for event in running.events)


def test_a_client_that_vanishes_while_its_keys_are_looked_up_is_forgotten(tmp_path: Path) -> None:
    house = house_of(tmp_path, "fred:PLAIN")
    with house.serving() as running:
        for number in range(1, 6):
            client = Client(house.pop3)
            client.line()
            client.send(b"AUTH SCRAM-SHA-256 " + base64.b64encode(ScramClient("fred", b"secret").first()) + b"\r\n")
            client.reset()
            running.closed(number)
        with Client(house.pop3) as client:
            client.line()
            assert login(client).startswith(b"+OK")


def test_the_time_of_a_lookup_is_not_the_clients(tmp_path: Path) -> None:
    house = house_of(tmp_path, "fred:PLAIN", settings='login_timeout = 1\nmechanisms = ["scram-sha-256"]')
    users, kept, pipe = house.config.users.file, tmp_path / "kept", tmp_path / "pipe"
    os.mkfifo(pipe)
    with house.serving() as running, Client(house.pop3) as client:
        client.line()
        users.rename(kept)
        os.link(pipe, users)      # to read the users now takes until somebody writes some
        client.send(b"AUTH SCRAM-SHA-256 " + base64.b64encode(ScramClient("fred", b"secret").first()) + b"\r\n")
        with Client(house.pop3) as idle:
            assert idle.line().startswith(b"+OK")
            assert idle.rest() == b""
        assert running.closed()[0].reason == "login took too long"
        kept.replace(users)
        pipe.write_bytes(users.read_bytes())
        assert client.line().startswith(b"+ ")
        assert len(running.closed()) == 1


# What those learn who guess at names


def form(message: bytes) -> tuple[int, str]:
    """What of the server's first message tells of its user."""
    fields = attributes(message)
    return len(base64.b64decode(fields["s"])), fields["i"]


def salts(house: House, *users: str) -> dict[str, str]:
    """The salts of users, as a server shows them that is started for it."""
    found = {}
    with house.serving():
        for user in users:
            with Client(house.pop3) as client:
                client.line()
                found[user] = attributes(first(client, ScramClient(user, b"secret")))["s"]
    return found


@pytest.mark.parametrize("scheme", ["SCRAM-SHA-256", "PLAIN"])
def test_a_user_that_is_not_there_looks_like_one_that_is(tmp_path: Path, scheme: str) -> None:
    house = house_of(tmp_path, f"fred:{scheme}")
    with house.serving(), Client(house.pop3) as client:
        client.line()
        forms = set()
        for user in ("fred", "nobody", "../fred"):
            forms.add(form(first(client, ScramClient(user, b"secret"))))
            client.ask(b"*")
        assert len(forms) == 1


@pytest.mark.parametrize("scheme", ["SCRAM-SHA-256", "PLAIN"])
def test_every_user_has_the_same_salt_after_a_restart(tmp_path: Path, scheme: str) -> None:
    house = house_of(tmp_path, f"fred:{scheme}")
    before = salts(house, "fred", "nobody", "somebody")
    assert len(set(before.values())) == 3
    assert salts(house, "fred", "nobody", "somebody") == before


def test_servers_with_one_secret_show_one_salt(tmp_path: Path) -> None:
    one, two = house_of(tmp_path / "one", "fred:PLAIN"), house_of(tmp_path / "two", "fred:PLAIN")
    before = salts(one, "fred", "nobody")
    assert salts(two, "nobody")["nobody"] != before["nobody"]
    shutil.copy(one.config.server.state_dir / "secret", two.config.server.state_dir / "secret")
    assert salts(two, "fred", "nobody") == before


def test_the_secret_is_the_servers_own(house: House) -> None:
    with house.serving():
        assert stat.S_IMODE((house.config.server.state_dir / "secret").stat().st_mode) == 0o600


def test_a_server_that_cannot_keep_its_secret_says_so_and_serves(house: House) -> None:
    (house.config.server.state_dir / "secret").mkdir(parents=True)
    with house.serving() as running, Client(house.pop3) as client:
        client.line()
        assert login(client).startswith(b"+OK")
        [remark] = [remark for remark in running.remarks if "secret" in remark]
        assert "is a directory; while no secret is kept, each start shows" in remark


# To whom it is offered


@pytest.mark.parametrize(
    ("users", "settings", "offered"),
    [
        (["fred:SCRAM-SHA-256"], "", b"PLAIN LOGIN SCRAM-SHA-256"),
        (["fred:PLAIN"], "", b"PLAIN LOGIN SCRAM-SHA-256"),
        (["fred:PLAIN", "wilma:SCRAM-SHA-256"], "", b"PLAIN LOGIN SCRAM-SHA-256"),
        (["fred:PLAIN", "wilma:ARGON2ID"], "", b"PLAIN LOGIN"),
        ([], "", b"PLAIN LOGIN"),
        (["fred:SCRAM-SHA-256"], "proxy.enabled = true", b"PLAIN LOGIN"),
        (["fred:SCRAM-SHA-256"], 'plaintext_auth = "never"', b"SCRAM-SHA-256"),
        (["fred:ARGON2ID"], 'plaintext_auth = "never"', b""),
        (["fred:SCRAM-SHA-256"], 'mechanisms = ["plain"]', b"PLAIN"),
        (["fred:ARGON2ID"], 'mechanisms = ["scram-sha-256", "plain"]', b"PLAIN SCRAM-SHA-256"),
        (["fred:ARGON2ID"], 'mechanisms = ["scram-sha-256"]\nproxy.enabled = true', b"SCRAM-SHA-256"),
        (["fred:PLAIN"], 'mechanisms = ["apop"]', b""),
    ],
)
def test_it_is_offered_while_everybody_can_use_it_or_the_list_says_so(
    tmp_path: Path, users: list[str], settings: str, offered: bytes
) -> None:
    house = house_of(tmp_path, *users, settings=settings)
    with house.serving():
        assert offer(house) == offered.split()


def test_where_it_is_not_offered_it_is_not_taken(tmp_path: Path) -> None:
    house = house_of(tmp_path, "fred:ARGON2ID")
    with house.serving(), Client(house.pop3) as client:
        client.line()
        answer = client.ask(b"AUTH SCRAM-SHA-256 " + base64.b64encode(ScramClient("fred", b"secret").first()))
        assert answer == b"-ERR unknown mechanism"


def test_a_password_that_is_stored_otherwise_ends_the_offer_while_the_server_runs(tmp_path: Path) -> None:
    house = house_of(tmp_path, "fred:SCRAM-SHA-256")
    with house.serving() as running:
        assert offer(house)[-1] == b"SCRAM-SHA-256"
        passwd_file.add(house.config.users.file, "wilma", schemes.make(b"secret"))
        look_again(running, house)
        assert offer(house) == [b"PLAIN", b"LOGIN"]


def look_again(running: Running, house: House) -> None:
    """Have the server look at its users, as every login does."""
    with Client(house.pop3) as client:
        assert client.login("nobody").startswith(b"-ERR")
    running.closed(2)
