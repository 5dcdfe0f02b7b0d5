"""Descriptors: no more clients are let in than can be served, and who is in is served on."""

import resource
from pathlib import Path
from subprocess import Popen

from mtq.server.room import EACH, KEPT
from tests.house import House, wait_for_line
from tests.server.pop import Client

LETTER = b"Subject: bread\n\nPlease bring bread.\n"


def allow(server: "Popen[str]", descriptors: int) -> None:
    """From now on the server may have so many open."""
    _, hard = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (descriptors, hard))


def in_use(server: "Popen[str]") -> int:
    """The limit with which the server can open nothing more."""
    used = {int(entry.name) for entry in Path(f"/proc/{server.pid}/fd").iterdir()}
    return min(set(range(len(used) + 1)) - used)


def test_no_more_clients_come_in_than_there_are_descriptors_for(house: House) -> None:
    with house.process() as server:
        allow(server, KEPT + 3 * EACH)
        inside = [Client(house.pop3) for _ in range(3)]
        assert [client.line()[:3] for client in inside] == [b"+OK"] * 3
        with Client(house.pop3) as another:
            assert another.line().startswith(b"-ERR [SYS/TEMP] too many connections")
        assert "there are descriptors for 3 connections" in wait_for_line(server, "refused")
        inside.pop().sock.close()
        wait_for_line(server, "client hung up")
        with Client(house.pop3) as another:
            assert another.line().startswith(b"+OK")
        for client in inside:
            client.sock.close()


def test_all_that_are_in_have_their_lock_and_their_message_at_the_limit(tmp_path: Path) -> None:
    house = House(tmp_path, settings="max_connections = 999")
    users = [f"user{number}" for number in range(30)]
    for user in users:
        house.user(user, "secret")
        house.deliver(user, LETTER * 1000)
    with house.process() as server:
        allow(server, KEPT + len(users) * EACH)
        clients = [Client(house.pop3) for _ in users]
        for client, user in zip(clients, users, strict=True):
            assert client.login(user).startswith(b"+OK")
        for client in clients:
            client.send(b"RETR 1\r\n")
        for client in clients:
            assert client.line().startswith(b"+OK")
            assert client.body() == (LETTER * 1000).replace(b"\n", b"\r\n")
            client.sock.close()


def test_out_of_descriptors_it_serves_those_it_has_and_recovers(house: House) -> None:
    with house.process() as server, Client(house.pop3) as inside:
        inside.login()
        _, hard = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)
        allow(server, in_use(server))
        with Client(house.pop3) as outside:
            assert "too many open files" in wait_for_line(server, "cannot accept")
            assert inside.ask(b"NOOP") == b"+OK"
            allow(server, hard)
            assert outside.line().startswith(b"+OK")


def test_out_of_descriptors_who_is_in_is_told_to_come_again_and_the_log_says_why(house: House) -> None:
    house.deliver("fred", LETTER)
    house.user("wilma", "secret")
    house.deliver("wilma", LETTER)
    with house.process() as server, Client(house.pop3) as fred, Client(house.pop3) as wilma:
        fred.login()
        wilma.line()
        wilma.ask(b"USER wilma")
        _, hard = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)
        allow(server, in_use(server))
        assert wilma.ask(b"PASS secret").startswith(b"-ERR [SYS/TEMP] the mailbox cannot be read at the moment")
        assert "wilma: " in (line := wait_for_line(server, "login not possible")), line
        assert line.endswith(": too many open files\n")
        assert fred.ask(b"RETR 1").startswith(b"-ERR [SYS/TEMP] this message cannot be read at the moment")
        assert "message 1: too many open files" in wait_for_line(server, "error")
        allow(server, hard)
        wilma.ask(b"USER wilma")
        assert wilma.ask(b"PASS secret").startswith(b"+OK 1 ")
        assert fred.ask(b"RETR 1").startswith(b"+OK")
        assert fred.body() == LETTER.replace(b"\n", b"\r\n")
