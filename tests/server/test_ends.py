"""How sessions end that do not say QUIT: idle, too slow to log in, refused at the door, the server going down."""

import asyncio
import select
import signal
import socket
import ssl
import subprocess
from pathlib import Path

import pytest

from mtq.ledger import SessionRefused
from tests.house import MTQ, WAIT, House, wait_for_line
from tests.server.pop import Client


def house_with(folder: Path, settings: str, server: str = "") -> House:
    house = House(folder, settings=settings, server=server)
    house.user("fred", "secret")
    return house


def test_an_idle_session_is_closed_without_a_word_and_removes_nothing(tmp_path: Path) -> None:
    house = house_with(tmp_path, "idle_timeout = 1")
    house.deliver("fred", b"one\n")
    with house.serving() as running, Client(house.pop3) as client:
        client.login()
        client.ask(b"DELE 1")
        assert client.rest() == b""
        assert running.closed()[0].reason == "idle"
        assert house.stored("fred") == [b"one\n"]


def test_trickled_octets_do_not_keep_a_session_alive(tmp_path: Path) -> None:
    house = house_with(tmp_path, "idle_timeout = 1")
    with house.serving() as running, Client(house.pop3) as client:
        client.login()
        client.sock.settimeout(0.2)
        for _ in range(40):
            try:
                client.send(b"N")
                if client.sock.recv(1) == b"":
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        assert running.closed()[0].reason == "idle"


def test_a_client_that_reads_slowly_is_not_idle(tmp_path: Path) -> None:
    house = house_with(tmp_path, "idle_timeout = 1")
    letter = b"x" * 99 + b"\n"
    house.deliver("fred", letter * 80_000)
    with house.serving() as running:
        client = Client(house.pop3)
        with client:
            client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            client.login()
            client.send(b"RETR 1\r\n")
            got, started = 0, running.ledger.clock()
            while (running.ledger.clock() - started).total_seconds() < 3:
                got += len(client.sock.recv(16384))
                assert running.server.services["pop3"].connections
                select_pause(client.sock)
            while got < 8_080_000:
                data = client.sock.recv(1 << 20)
                assert data
                got += len(data)


def select_pause(sock: socket.socket) -> None:
    """Let a tenth of a second pass as a slow client does; nothing is waited for but the time itself."""
    select.select([], [], [sock], 0.1)


def test_a_client_that_has_stopped_reading_is_idle(tmp_path: Path) -> None:
    house = house_with(tmp_path, "idle_timeout = 1")
    house.deliver("fred", (b"x" * 99 + b"\n") * 200_000)
    with house.serving() as running, Client(house.pop3) as client:
        client.login()
        client.send(b"RETR 1\r\n")
        assert running.closed()[0].reason == "idle"


def test_a_client_that_does_not_log_in_is_closed(tmp_path: Path) -> None:
    house = house_with(tmp_path, "login_timeout = 1")
    with house.serving() as running, Client(house.pop3) as client:
        assert client.rest().startswith(b"+OK")
        assert running.closed()[0].reason == "login took too long"


def test_a_handshake_that_stalls_is_cut(tmp_path: Path) -> None:
    house = house_with(tmp_path, "login_timeout = 1")
    with house.serving() as running, Client(house.pop3s) as client:
        client.send(b"\x16\x03\x01")
        assert client.rest() == b""
        assert running.closed()[0].session.user is None


def test_plain_text_on_a_tls_port_ends_the_connection(house: House) -> None:
    with house.serving() as running, Client(house.pop3s) as client:
        client.send(b"USER fred\r\n")
        client.rest()
        assert running.closed()[0].reason.startswith("TLS handshake failed")


def test_a_failed_login_is_answered_later_than_another_clients_whole_session(tmp_path: Path) -> None:
    house = House(tmp_path, failure_delay=3)
    house.user("fred", "secret")
    with house.serving(), Client(house.pop3) as guessing:
        guessing.line()
        guessing.send(b"USER fred\r\nPASS wrong\r\n")
        assert guessing.line() == b"+OK"
        with Client(house.pop3) as client:
            client.login()
            assert client.ask(b"QUIT").startswith(b"+OK")
        guessing.sock.setblocking(False)
        with pytest.raises(BlockingIOError):
            guessing.sock.recv(1)
        guessing.sock.settimeout(WAIT)
        assert guessing.line().startswith(b"-ERR [AUTH] ")


def test_past_the_limit_a_client_is_told_and_nobody_else_notices(tmp_path: Path) -> None:
    house = house_with(tmp_path, "max_connections = 2\nlock_mailboxes = false")
    with house.serving(), Client(house.pop3) as first, Client(house.pop3) as second:
        first.login()
        second.login()
        with Client(house.pop3) as third:
            assert third.rest().startswith(b"-ERR [SYS/TEMP] ")
        assert first.ask(b"NOOP") == second.ask(b"NOOP") == b"+OK"
        second.ask(b"QUIT")
        with Client(house.pop3) as fourth:
            assert fourth.line().startswith(b"+OK")


def test_past_the_limit_a_tls_port_says_nothing(tmp_path: Path) -> None:
    house = house_with(tmp_path, "max_connections = 1")
    with house.serving(), Client(house.pop3s, authority=house.authority), Client(house.pop3s) as second:
        assert second.rest() == b""


def test_one_address_may_have_a_limit_of_its_own(tmp_path: Path) -> None:
    house = house_with(tmp_path, "max_connections_per_address = 1")
    with house.serving(), Client(house.pop3) as first, Client(house.pop3) as second:
        assert first.line().startswith(b"+OK")
        assert second.rest().startswith(b"-ERR [SYS/TEMP] ")


def test_who_is_not_let_in_is_told_so_and_logged(tmp_path: Path) -> None:
    house = house_with(tmp_path, 'access = "firewall"\nfirewall = ["192.0.2.0/24"]')
    with house.serving() as running:
        with Client(house.pop3) as client:
            assert client.rest() == b"-ERR access denied\r\n"
        with Client(house.pop3s) as client:
            assert client.rest() == b""
        running.wait_until(lambda: sum(isinstance(event, SessionRefused) for event in running.events) == 2)


def test_a_firewall_file_adds_ranges(tmp_path: Path) -> None:
    (tmp_path / "blocked.txt").write_text("!127.0.0.1  # the test itself\n")
    house = house_with(tmp_path, 'firewall_file = "blocked.txt"')
    with house.serving(), Client(house.pop3) as client:
        assert client.rest() == b"-ERR access denied\r\n"


def test_sigterm_ends_sessions_with_a_word_and_the_process_with_0(house: House) -> None:
    house.deliver("fred", b"one\n")
    with house.process() as server, Client(house.pop3) as client:
        client.login()
        client.ask(b"DELE 1")
        server.send_signal(signal.SIGTERM)
        assert client.rest().startswith(b"-ERR [SYS/TEMP] ")
        assert server.wait() == 0
        assert house.stored("fred") == [b"one\n"]


def test_a_server_that_is_killed_removes_nothing_and_leaves_no_lock(house: House) -> None:
    house.deliver("fred", b"one\n")
    with house.process() as server, Client(house.pop3) as client:
        client.login()
        client.ask(b"DELE 1")
        server.kill()
        server.wait()
    with house.process(), Client(house.pop3) as client:
        assert client.login().startswith(b"+OK 1 ")


def test_a_message_on_its_way_is_finished_before_the_server_goes_down(house: House) -> None:
    house.deliver("fred", (b"x" * 99 + b"\n") * 200_000)
    with house.serving(asyncio.new_event_loop) as running, Client(house.pop3) as client:
        client.login()
        client.send(b"RETR 1\r\n")
        client.line()
        running.ask_to_stop()
        assert len(client.body()) == 200_000 * 101
        assert client.rest().startswith(b"-ERR [SYS/TEMP] ")


def test_a_service_that_cannot_listen_does_not_keep_the_others_from_it(house: House) -> None:
    with socket.create_server(("127.0.0.1", house.pop3)), house.process() as server:
        assert server.poll() is None
        with Client(house.pop3s, authority=house.authority) as client:
            assert client.line().startswith(b"+OK")


def test_a_server_none_of_whose_services_can_listen_says_why_and_ends(house: House) -> None:
    with socket.create_server(("127.0.0.1", house.pop3)), socket.create_server(("127.0.0.1", house.pop3s)):
        done = subprocess.run([MTQ, "--config", str(house.file), "serve"], capture_output=True, text=True)
        assert done.returncode == 1
        assert f"port 127.0.0.1:{house.pop3}: something else listens there" in done.stderr.splitlines()[-1]


def test_the_log_has_a_line_for_each_session_and_never_a_password(house: House) -> None:
    with house.process() as server:
        with Client(house.pop3) as client:
            client.login()
            client.ask(b"QUIT")
        line = wait_for_line(server, "quit")
        assert "from 127.0.0.1 on pop3, as fred" in line
        assert "secret" not in line


def test_the_server_says_goodbye_in_tls(house: House) -> None:
    # Strict clients take an end without it for a truncated session (Stalwart #567).
    house.certify()
    trust = ssl.create_default_context(cafile=str(house.authority))
    with (
        house.serving(),
        socket.create_connection(("127.0.0.1", house.pop3s), timeout=WAIT) as sock,
        trust.wrap_socket(sock, server_hostname="localhost", suppress_ragged_eofs=False) as client,
    ):
        client.sendall(b"QUIT\r\n")
        received = b""
        while data := client.recv(4096):
            received += data
    assert received.endswith(b"+OK bye\r\n")
