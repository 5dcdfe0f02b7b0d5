"""The relay: octets pass both ways as they are, within bounds, and when one side ends both do."""

import socket
import ssl
import threading
from contextlib import suppress
from pathlib import Path

import pytest
import trustme

from mtq.proxy import relay as module
from mtq.proxy.proxy import Proxy
from mtq.proxy.settings import Auth, Tls
from tests.house import WAIT, LoopFactory
from tests.proxy.calling import LOOPS, proxy
from tests.proxy.dovecot import GOOD, MESSAGES, Dovecot
from tests.proxy.front import Front
from tests.proxy.remote import READY, Peer, Remote, Talk
from tests.server.pop import Client

MEGABYTE = 1 << 20


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Who vouches for certificates here."""
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    """Its certificate."""
    file = tmp_path / "own-ca.pem"
    authority.cert_pem.write_to_path(file)
    return file


@pytest.fixture
def context(authority: trustme.CA) -> ssl.SSLContext:
    """A server's context."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    return context


def logged_in(then: Talk, context: ssl.SSLContext | None = None, beyond: bytes = b"") -> Talk:
    """A server that lets in whoever comes, says something more with that, and goes on like this."""

    def talk(peer: Peer) -> None:
        if context is not None:
            peer.start_tls(context)
        peer.say(READY)
        peer.answer(b"+OK")
        peer.hear()
        peer.say(b"+OK in\r\n" + beyond)
        then(peer)

    return talk


def echo(peer: Peer) -> None:
    """Say what is heard, until nothing is."""
    while line := peer.hear():
        peer.say(b"+OK " + line + b"\r\n")


def front(remote: Remote, loop: LoopFactory, ca_file: Path | None = None, tls: ssl.SSLContext | None = None) -> Front:
    """A server before this remote one; with a `ca_file` it speaks TLS to it, with `tls` to its clients."""
    way = Tls.IMPLICIT if ca_file else Tls.OFF

    def make() -> Proxy:
        return proxy(remote.port, tls=way, auth=Auth.USER, ca_file=ca_file)

    return Front(make, f"127.0.0.1:{remote.port}", loop, tls)


TLS = pytest.mark.parametrize(
    ("client_tls", "remote_tls"),
    [(False, False), (True, False), (False, True), (True, True)],
    ids=["plain", "client_tls", "remote_tls", "tls"],
)


# What passes


@LOOPS
@TLS
def test_messages_come_octet_for_octet_from_dovecot(
    dovecot: Dovecot, context: ssl.SSLContext, ca_file: Path, client_tls: bool, remote_tls: bool, loop: LoopFactory
) -> None:
    port, way = (dovecot.pop3s, Tls.IMPLICIT) if remote_tls else (dovecot.pop3, Tls.OFF)

    def make() -> Proxy:
        return proxy(port, host=GOOD, tls=way, ca_file=dovecot.authority)

    with Front(make, f"{GOOD}:{port}", loop, context if client_tls else None) as server:
        with Client(server.port, authority=ca_file if client_tls else None) as client:
            assert client.line() == b"+OK Logged in."
            for number, message in enumerate(MESSAGES, 1):
                assert client.ask(b"RETR %d" % number).startswith(b"+OK")
                assert client.body() == message
            assert client.ask(b"QUIT").startswith(b"+OK")
            assert client.line() == b""
        assert server.end() == "ended by the remote server"


@LOOPS
@TLS
def test_what_either_side_has_sent_already_goes_along(
    context: ssl.SSLContext, ca_file: Path, client_tls: bool, remote_tls: bool, loop: LoopFactory
) -> None:
    def talk(peer: Peer) -> None:
        if remote_tls:
            peer.start_tls(context)
        peer.say(READY)
        peer.answer(b"+OK")
        peer.hear()
        ready.wait(WAIT)
        peer.say(b"+OK in\r\n+OK unasked\r\n+OK ")
        echo(peer)

    ready = threading.Event()
    with Remote(talk) as remote, front(
        remote, loop, ca_file if remote_tls else None, context if client_tls else None
    ) as server:
        with Client(server.port, authority=ca_file if client_tls else None) as client:
            client.send(b"STAT\r\nLIST\r\nNO")
            server.wait_until(lambda: bool(server.sessions and server.sessions[0].ahead))
            ready.set()
            assert [client.line() for _ in range(4)] == [b"+OK in", b"+OK unasked", b"+OK +OK STAT", b"+OK LIST"]
            client.send(b"OP\r\n")
            assert client.line() == b"+OK NOOP"
        server.end()


@LOOPS
def test_octets_are_counted_as_the_client_sees_them(loop: LoopFactory) -> None:
    with Remote(logged_in(echo, beyond=b"+OK more\r\n")) as remote, front(remote, loop) as server:
        with Client(server.port) as client:
            assert [client.line(), client.line()] == [b"+OK in", b"+OK more"]
            client.ask(b"NOOP")
        server.end()
        # The answer to the login is the server's own to count.
        assert server.sessions[0].bytes_in == len(b"NOOP\r\n")
        assert server.sessions[0].bytes_out == len(b"+OK more\r\n+OK NOOP\r\n")


@LOOPS
def test_the_last_octet_of_either_side_is_known(loop: LoopFactory) -> None:
    heard = threading.Event()

    def answer_the_second(peer: Peer) -> None:
        peer.hear()
        heard.set()
        peer.hear()
        peer.say(b"+OK\r\n")
        peer.wait_for_the_end()

    with Remote(logged_in(answer_the_second)) as remote, front(remote, loop) as server:
        with Client(server.port) as client:
            client.line()
            relay = server.session.relay
            assert relay is not None
            relay.last = 0.0
            client.send(b"ONE\r\n")
            assert heard.wait(WAIT)
            assert relay.last > 0.0
            relay.last = 0.0
            assert client.ask(b"TWO") == b"+OK"
            assert relay.last > 0.0
        server.end()


# Within bounds


@LOOPS
@TLS
def test_a_client_that_reads_slowly_costs_a_bounded_buffer_and_gets_everything(
    context: ssl.SSLContext, ca_file: Path, client_tls: bool, remote_tls: bool, loop: LoopFactory
) -> None:
    size, stuck = 50 * MEGABYTE, threading.Event()

    def pour(peer: Peer) -> None:
        peer.hear()
        pour_out(peer.sock, size, stuck)
        peer.wait_for_the_end()

    with Remote(logged_in(pour, context if remote_tls else None)) as remote, front(
        remote, loop, ca_file if remote_tls else None, context if client_tls else None
    ) as server:
        with Client(server.port, authority=ca_file if client_tls else None) as client:
            client.line()
            client.send(b"RETR 1\r\n")
            assert stuck.wait(WAIT)
            assert server.sessions[0].bytes_out < 16 * MEGABYTE      # most of it in the kernel's buffers
            assert drain(client.sock, size) == size
        server.end()


@LOOPS
def test_a_server_that_reads_slowly_costs_a_bounded_buffer_and_gets_everything(loop: LoopFactory) -> None:
    size, stuck, taken = 50 * MEGABYTE, threading.Event(), []

    def read_late(peer: Peer) -> None:
        assert stuck.wait(WAIT)
        taken.append(drain(peer.sock, size))

    with Remote(logged_in(read_late)) as remote, front(remote, loop) as server:
        with Client(server.port) as client:
            client.line()
            pour_out(client.sock, size, stuck)
            assert server.end() == "ended by the remote server"
        assert server.sessions[0].bytes_in == size
    assert taken == [size]


@LOOPS
@TLS
def test_what_a_slow_client_has_still_to_get_stays_as_it_is_while_others_are_read(
    context: ssl.SSLContext, ca_file: Path, client_tls: bool, remote_tls: bool, loop: LoopFactory
) -> None:
    size, asked = 16 * MEGABYTE, b"NOOP\r\n" * 200_000
    stuck, heard = threading.Event(), threading.Event()

    def pour(peer: Peer) -> None:
        peer.hear()
        left = pour_out(peer.sock, size, stuck, until_stuck=True)
        drain(peer.sock, len(asked))
        heard.set()
        pour_out(peer.sock, left, threading.Event())
        peer.wait_for_the_end()

    with Remote(logged_in(pour, context if remote_tls else None)) as remote, front(
        remote, loop, ca_file if remote_tls else None, context if client_tls else None
    ) as server:
        with Client(server.port, authority=ca_file if client_tls else None) as client:
            client.line()
            client.send(b"RETR 1\r\n")
            assert stuck.wait(WAIT)
            client.send(asked)
            assert heard.wait(WAIT)
            while size:
                data = client.sock.recv(1 << 18)
                assert not data.strip(b"\0")
                size -= len(data)
        server.end()


def pour_out(sock: socket.socket, size: int, stuck: threading.Event, until_stuck: bool = False) -> int:
    """Send so much, and tell when nobody takes any more; what is left."""
    block = bytes(65536)
    sock.settimeout(0.3)
    left = size
    while left and not (until_stuck and stuck.is_set()):
        try:
            left -= sock.send(block[:left])
        except TimeoutError:
            stuck.set()
            sock.settimeout(WAIT)
    sock.settimeout(WAIT)
    return left


def drain(sock: socket.socket, size: int) -> int:
    """Read until so much has come or the other side has hung up."""
    got = 0
    while got < size and (data := sock.recv(1 << 18)):
        got += len(data)
    return got


# The end


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Little time for what remains to be sent."""
    monkeypatch.setattr(module, "LAST_WORDS", 0.2)


@LOOPS
@TLS
def test_a_server_that_dies_within_a_message_ends_the_session_after_what_has_come(
    context: ssl.SSLContext, ca_file: Path, client_tls: bool, remote_tls: bool, loop: LoopFactory
) -> None:
    half = b"+OK\r\n" + b"x" * 300_000

    def die(peer: Peer) -> None:
        peer.hear()
        peer.say(half)

    with Remote(logged_in(die, context if remote_tls else None)) as remote, front(
        remote, loop, ca_file if remote_tls else None, context if client_tls else None
    ) as server:
        with Client(server.port, authority=ca_file if client_tls else None) as client:
            client.line()
            client.send(b"RETR 1\r\n")
            assert client.rest() == half
        assert server.end() == "ended by the remote server"


@LOOPS
@TLS
def test_a_client_that_hangs_up_ends_the_session_there_too(
    context: ssl.SSLContext, ca_file: Path, client_tls: bool, remote_tls: bool, loop: LoopFactory
) -> None:
    with Remote(logged_in(echo, context if remote_tls else None)) as remote, front(
        remote, loop, ca_file if remote_tls else None, context if client_tls else None
    ) as server:
        with Client(server.port, authority=ca_file if client_tls else None) as client:
            client.line()
            server.wait_for_the_relay()
            client.send(b"LAST\r\n")
        assert server.end() in ("client hung up", "ended by the remote server")      # whichever end is seen first
    assert remote.heard[0][-1] == b"LAST"


@LOOPS
def test_a_client_that_vanishes_ends_the_session_there_too(loop: LoopFactory) -> None:
    with Remote(logged_in(echo)) as remote, front(remote, loop) as server:
        client = Client(server.port)
        client.line()
        server.wait_for_the_relay()
        client.reset()
        assert server.end() == "client hung up"


@LOOPS
def test_a_client_that_has_closed_its_half_still_gets_the_answer(loop: LoopFactory) -> None:
    def quit_late(peer: Peer) -> None:
        assert peer.hear() == b"QUIT"
        assert peer.hear() == b""      # the half is closed here, too
        peer.say(b"+OK bye\r\n")

    with Remote(logged_in(quit_late)) as remote, front(remote, loop) as server:
        with Client(server.port) as client:
            client.line()
            client.send(b"QUIT\r\n")
            client.sock.shutdown(socket.SHUT_WR)
            assert client.rest() == b"+OK bye\r\n"
        assert server.end() == "ended by the remote server"


@LOOPS
@pytest.mark.usefixtures("hasty")
def test_a_server_that_stays_when_its_client_has_closed_its_half_is_left(loop: LoopFactory) -> None:

    def stay(peer: Peer) -> None:
        peer.wait_for_the_end()
        over.wait(WAIT)

    over = threading.Event()

    with Remote(logged_in(stay)) as remote, front(remote, loop) as server:
        with Client(server.port) as client:
            client.line()
            client.sock.shutdown(socket.SHUT_WR)
            assert client.rest() == b""
        assert server.end() == "client hung up"
        over.set()


@LOOPS
@TLS
@pytest.mark.usefixtures("hasty")
def test_a_client_that_does_not_take_what_remains_is_cut(
    context: ssl.SSLContext, ca_file: Path, client_tls: bool, remote_tls: bool, loop: LoopFactory
) -> None:
    stuck = threading.Event()

    def pour(peer: Peer) -> None:
        pour_out(peer.sock, 50 * MEGABYTE, stuck)

    with Remote(logged_in(pour, context if remote_tls else None)) as remote, front(
        remote, loop, ca_file if remote_tls else None, context if client_tls else None
    ) as server, Client(server.port, authority=ca_file if client_tls else None) as client:
        client.line()
        relay = server.session.relay
        assert relay is not None
        assert stuck.wait(WAIT)
        server.do(lambda: relay.end("kicked"))
        assert server.end() == "kicked"


@LOOPS
@TLS
def test_a_server_that_hangs_up_with_its_answer(
    context: ssl.SSLContext, ca_file: Path, client_tls: bool, remote_tls: bool, loop: LoopFactory
) -> None:
    def talk(peer: Peer) -> None:
        if remote_tls:
            peer.start_tls(context)
        peer.say(READY)
        peer.answer(b"+OK")
        peer.hear()
        # All of it in one packet: the answer, more, TLS's goodbye and the end.
        peer.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
        peer.say(b"+OK in\r\n+OK more\r\n")
        if isinstance(peer.sock, ssl.SSLSocket):
            peer.sock.setblocking(False)
            with suppress(ssl.SSLWantReadError):
                peer.sock.unwrap()

    with Remote(talk) as remote, front(
        remote, loop, ca_file if remote_tls else None, context if client_tls else None
    ) as server:
        with Client(server.port, authority=ca_file if client_tls else None) as client:
            assert client.rest() == b"+OK in\r\n+OK more\r\n"
        assert server.end() == "ended by the remote server"


@LOOPS
@TLS
def test_an_aborted_session_is_cut_on_both_sides(
    context: ssl.SSLContext, ca_file: Path, client_tls: bool, remote_tls: bool, loop: LoopFactory
) -> None:
    with Remote(logged_in(echo, context if remote_tls else None)) as remote, front(
        remote, loop, ca_file if remote_tls else None, context if client_tls else None
    ) as server, Client(server.port, authority=ca_file if client_tls else None) as client:
        client.line()
        relay = server.session.relay
        assert relay is not None
        server.do(lambda: relay.abort("kicked"))
        assert server.end() == "kicked"
        assert client.rest() == b""


@LOOPS
def test_a_session_is_parted_in_a_pause_and_not_within_a_message(loop: LoopFactory) -> None:
    told, parting = threading.Event(), threading.Event()

    def slowly(peer: Peer) -> None:
        peer.hear()
        peer.say(b"+OK\r\nfirst half\r\n")
        told.set()
        assert parting.wait(WAIT)
        peer.say(b"second half\r\n.\r\n")
        peer.wait_for_the_end()

    with Remote(logged_in(slowly)) as remote, front(remote, loop) as server:
        with Client(server.port) as client:
            client.line()
            relay = server.session.relay
            assert relay is not None
            client.send(b"RETR 1\r\n")
            assert told.wait(WAIT)
            server.do(lambda: relay.part("server stopped"))
            parting.set()
            assert client.rest() == b"+OK\r\nfirst half\r\nsecond half\r\n.\r\n"
        assert server.end() == "server stopped"
