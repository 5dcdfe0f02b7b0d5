"""Users of other servers, served through this one: their login, the octets that pass, and every end of it."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mtq.ledger import LoginFailed
from tests.house import House, Running, free_port
from tests.server.pop import Client

LETTER = b"Subject: hello\n\n.dots\n..and more\n"

PROXY = """
[services.pop3.proxy]
enabled = true
allow = ["localhost:{port}"]
ca_file = "{authority}"
{more}
"""


class Pair:
    """A server with a proxy, and the remote server behind it, which has fred's mailbox."""

    def __init__(self, folder: Path, more: str = "", settings: str = "", remote: str = "") -> None:
        for name in ("near", "far"):
            (folder / name).mkdir()
        self.far = House(folder / "far", settings=remote)
        self.far.user("fred", "secret")
        self.far.deliver("fred", LETTER, b"Subject: second\n\n")
        self.near = House(folder / "near", settings=settings)
        self.near.user("wilma", "pebbles")
        self.near.user("fred", "local")
        text = self.near.file.read_text()
        proxy = PROXY.format(port=self.far.pop3, authority=self.far.authority, more=more)
        self.near.file.write_text(text + proxy)
        self.near = self.near.again()
        self.user = f"fred#localhost:{self.far.pop3}"

    @contextmanager
    def serving(self) -> Iterator[tuple[Running, Running]]:
        """Both servers."""
        with self.far.serving() as far, self.near.serving() as near:
            yield near, far

    def client(self) -> Client:
        """A client of the near server that has logged in at the far one."""
        client = Client(self.near.pop3)
        assert client.login(self.user).startswith(b"+OK")
        return client


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    return Pair(tmp_path)


def test_a_message_comes_through_octet_for_octet(pair: Pair) -> None:
    with pair.serving(), pair.client() as through, Client(pair.far.pop3s, authority=pair.far.authority) as direct:
        through.send(b"RETR 1\r\nQUIT\r\n")
        octets = through.rest()
        direct.line()
        direct.send(b"USER fred\r\nPASS secret\r\nRETR 1\r\nQUIT\r\n")
        assert octets in direct.rest()
        assert b"...and more\r\n" in octets


def test_what_was_pipelined_goes_along(pair: Pair) -> None:
    with pair.serving(), Client(pair.near.pop3) as client:
        client.send(b"USER %b\r\nPASS secret\r\nSTAT\r\nDELE 1\r\nQUIT\r\n" % pair.user.encode())
        assert client.rest().count(b"+OK") == 6
    assert len(pair.far.stored("fred")) == 1


@pytest.mark.parametrize("auth", ["PLAIN", "LOGIN"])
def test_sasl_logs_in_there_too(pair: Pair, auth: str) -> None:
    with pair.serving(), Client(pair.near.pop3) as client:
        client.line()
        words = [b"\0" + pair.user.encode() + b"\0secret"] if auth == "PLAIN" else [pair.user.encode(), b"secret"]
        assert client.ask(b"AUTH " + auth.encode()).startswith(b"+ ")
        answers = [client.ask(base64.b64encode(word)) for word in words]
        assert answers[-1].startswith(b"+OK")


def test_apop_with_such_a_name_is_refused_with_the_reason(tmp_path: Path) -> None:
    pair = Pair(tmp_path, settings='mechanisms = ["apop", "plain"]')
    with pair.serving(), Client(pair.near.pop3) as client:
        client.line()
        assert b"use USER and PASS" in client.ask(b"APOP %b %b" % (pair.user.encode(), b"0" * 32))


def test_local_users_are_served_as_ever(pair: Pair) -> None:
    with pair.serving(), Client(pair.near.pop3) as client:
        assert client.login("wilma", "pebbles").startswith(b"+OK")


def test_the_clients_own_tls_and_the_servers_are_two_things(pair: Pair) -> None:
    with pair.serving(), Client(pair.near.pop3) as client:
        client.line()
        client.ask(b"STLS")
        client.start_tls(pair.near.authority)
        client.send(b"USER %b\r\nPASS secret\r\nLIST\r\nQUIT\r\n" % pair.user.encode())
        assert b"2 messages" in client.rest()


def test_the_client_hears_the_remote_servers_own_no_and_it_counts(pair: Pair) -> None:
    with pair.serving() as (near, _), Client(pair.near.pop3) as client:
        assert client.login(pair.user, "wrong") == b"-ERR [AUTH] wrong user name or password"
        assert [penalty.failures for penalty in near.penalties()] == [1]


def test_in_use_there_is_told_here_and_is_no_failure(pair: Pair) -> None:
    with pair.serving() as (near, _), pair.client(), Client(pair.near.pop3) as second:
        assert second.login(pair.user).startswith(b"-ERR [IN-USE]")
        assert near.penalties() == []


def test_a_server_that_is_not_allowed_is_refused_and_not_called(pair: Pair) -> None:
    with pair.serving() as (_, far), Client(pair.near.pop3) as client:
        assert client.login("fred#pop.example.com").startswith(b"-ERR [AUTH] ")
        assert far.opened() == 0


def test_the_server_itself_is_never_a_target(tmp_path: Path) -> None:
    pair = Pair(tmp_path)
    pair.near.file.write_text(pair.near.file.read_text().replace(f":{pair.far.pop3}", f":{pair.near.pop3}"))
    pair.near = pair.near.again()
    with pair.near.serving() as near, Client(pair.near.pop3) as client:
        assert client.login(f"fred#localhost:{pair.near.pop3}").startswith(b"-ERR [AUTH] ")
        assert near.opened() == 1


def test_a_server_that_is_not_there_is_said_to_be_so(tmp_path: Path) -> None:
    pair = Pair(tmp_path)
    with pair.near.serving() as near, Client(pair.near.pop3) as client:
        assert client.login(pair.user).startswith(b"-ERR [SYS/TEMP] cannot reach localhost")
        assert client.ask(b"CAPA").startswith(b"+OK")
        assert near.penalties() == []


def test_a_session_elsewhere_is_shown_with_its_target(pair: Pair) -> None:
    with pair.serving() as (near, _), pair.client():
        [record] = near.ledger.sessions.values()
        assert (record.user, record.state) == (pair.user, "proxied")
        assert record.target == f"localhost:{pair.far.pop3}"


def test_its_octets_are_counted_and_its_content_is_not_logged(pair: Pair) -> None:
    with pair.serving() as (near, _), pair.client() as client:
        client.send(b"RETR 1\r\nQUIT\r\n")
        client.rest()
        record = near.closed()[0].session
        assert record.bytes_out > len(LETTER)
        assert "hello" not in repr(near.events)


def test_when_the_remote_server_ends_the_slot_is_free(pair: Pair) -> None:
    with pair.serving() as (near, _), pair.client() as client:
        client.send(b"QUIT\r\n")
        assert client.rest().startswith(b"+OK")
        assert near.closed()[0].reason == "ended by the remote server"
        near.wait_until(lambda: not near.server.services["pop3"].connections)


def test_when_the_client_is_gone_the_remote_server_is_told(pair: Pair) -> None:
    with pair.serving() as (near, far), pair.client() as client:
        client.reset()
        assert near.closed()[0].reason == "client hung up"
        assert far.closed()[0].session.user == "fred"
    assert len(pair.far.stored("fred")) == 2


def test_a_relayed_session_in_which_nothing_passes_is_idle(tmp_path: Path) -> None:
    pair = Pair(tmp_path, settings="idle_timeout = 1")
    with pair.serving() as (near, far), pair.client() as client:
        assert client.rest() == b""
        assert near.closed()[0].reason == "idle"
        assert far.closed()[0].session.deleted == 0


def test_a_kick_ends_both_sides(pair: Pair) -> None:
    with pair.serving() as (near, far), pair.client() as client:
        near.do(near.server.kick(lambda record: record.user == pair.user))
        assert client.rest() == b""
        assert far.closed()


def test_a_server_that_stops_ends_them(pair: Pair) -> None:
    with pair.serving() as (near, _), pair.client() as client:
        near.stop()
        assert client.rest() == b""


def test_a_client_that_is_gone_while_the_server_is_called_leaves_nothing_behind(tmp_path: Path) -> None:
    import socket

    pair = Pair(tmp_path)
    with socket.create_server(("127.0.0.1", pair.far.pop3)) as silent, pair.near.serving() as near:
        with Client(pair.near.pop3) as client:
            client.send(b"USER %b\r\nPASS secret\r\n" % pair.user.encode())
            called, _ = silent.accept()
            with called:
                client.reset()
                assert near.closed()[0].reason == "connection lost"
                near.wait_until(lambda: not near.server.services["pop3"].connections)
                assert called.recv(100) == b""
        assert not [event for event in near.events if isinstance(event, LoginFailed)]


def test_a_reload_changes_who_may_be_called_and_leaves_sessions_alone(pair: Pair) -> None:
    with pair.serving() as (near, _), pair.client() as client:
        pair.near.file.write_text(pair.near.file.read_text().replace(f"localhost:{pair.far.pop3}", "other.example"))
        near.do(near.server.reload())
        assert client.ask(b"NOOP") == b"+OK"
        with Client(pair.near.pop3) as another:
            assert another.login(pair.user).startswith(b"-ERR [AUTH]")


def test_a_link_is_dialled_first_and_hung_up_after_the_last_session(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.touch()
    commands = f'up = ["/bin/sh", "-c", "echo up >> {log}"]\ndown = ["/bin/sh", "-c", "echo down >> {log}"]\n'
    dialup = f"[services.pop3.proxy.dialup]\nenabled = true\nhangup_after = 0\n{commands}"
    pair = Pair(tmp_path, more=dialup)
    text = pair.near.file.read_text().replace("[server]", '[server]\nlan = ["192.0.2.0/24"]')
    access = text.replace("[services.pop3]", '[services.pop3]\naccess = "any"')
    pair.near.file.write_text(access)
    pair.near = pair.near.again()
    with pair.serving() as (near, _):
        with pair.client() as client:
            assert log.read_text() == "up\n"
            client.ask(b"QUIT")
        near.wait_until(lambda: any("hung up" in remark for remark in near.remarks))
        assert log.read_text() == "up\ndown\n"


def test_a_link_that_does_not_come_up_is_told_to_the_client(tmp_path: Path) -> None:
    dialup = '[services.pop3.proxy.dialup]\nenabled = true\nup = ["/bin/false"]\n'
    pair = Pair(tmp_path, more=dialup)
    text = pair.near.file.read_text().replace("[server]", '[server]\nlan = ["192.0.2.0/24"]')
    pair.near.file.write_text(text.replace("[services.pop3]", '[services.pop3]\naccess = "any"'))
    pair.near = pair.near.again()
    with pair.serving(), Client(pair.near.pop3) as client:
        assert b"the dial-up link does not come up" in client.login(pair.user)


def test_a_free_port_is_refused_without_an_entry_that_names_it(pair: Pair) -> None:
    with pair.serving(), Client(pair.near.pop3) as client:
        assert client.login(f"fred#localhost:{free_port()}").startswith(b"-ERR [AUTH]")
