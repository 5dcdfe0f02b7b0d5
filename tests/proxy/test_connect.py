"""Calling remote servers: by which port, inside which TLS, and what becomes of those that misbehave."""

import asyncio
import ssl
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path

import pytest
import trustme

from mtq.access.servers import parse, pattern
from mtq.errors import Refusal
from mtq.protocol.sasl import Password
from mtq.proxy import target as target_module
from mtq.proxy.failures import Failures
from mtq.proxy.proxy import Proxy
from mtq.proxy.settings import Auth, Settings, Tls
from tests.house import LoopFactory, free_port
from tests.proxy.calling import LOOPS, NOW, attempt, proxy, run
from tests.proxy.dovecot import EXPIRED, GOOD, SELF_SIGNED, WRONG_NAME, Dovecot
from tests.proxy.remote import READY, Peer, Remote, Talk

IN = b"+OK Logged in."

CAPA_STLS = b"+OK\r\nSTLS\r\nUSER\r\n."
CAPA_NONE = b"+OK\r\nUSER\r\n."


def cannot(port: int, why: str, host: str = "127.0.0.1") -> bytes:
    """What a client gets that cannot be put through."""
    return f"-ERR [SYS/TEMP] cannot reach {host}:{port}: {why}".encode()


# Against a real Dovecot


@LOOPS
@pytest.mark.parametrize("tls", [Tls.IMPLICIT, Tls.STARTTLS, Tls.AUTO, Tls.OFF])
@pytest.mark.parametrize("auth", list(Auth))
def test_each_way_into_dovecot(dovecot: Dovecot, tls: Tls, auth: Auth, loop: LoopFactory) -> None:
    port = dovecot.pop3s if tls is Tls.IMPLICIT else dovecot.pop3
    one = proxy(port, host=GOOD, tls=tls, auth=auth, ca_file=dovecot.authority, lan=False)
    assert run(attempt(one, f"{GOOD}:{port}"), loop) == IN


@LOOPS
@pytest.mark.parametrize("tls", [Tls.IMPLICIT, Tls.STARTTLS])
@pytest.mark.parametrize("host", [EXPIRED, WRONG_NAME, SELF_SIGNED])
def test_a_certificate_that_does_not_verify_ends_it(dovecot: Dovecot, host: str, tls: Tls, loop: LoopFactory) -> None:
    port = dovecot.pop3s if tls is Tls.IMPLICIT else dovecot.pop3
    one = proxy(port, host=host, tls=tls, ca_file=dovecot.authority)
    assert run(attempt(one, f"{host}:{port}"), loop) == cannot(port, "certificate not trusted", host)


@pytest.mark.parametrize("host", [EXPIRED, WRONG_NAME, SELF_SIGNED])
def test_a_target_may_be_believed_without_verifying(dovecot: Dovecot, host: str) -> None:
    one = proxy(dovecot.pop3s, host=host, tls=Tls.IMPLICIT, verify=False)
    assert run(attempt(one, f"{host}:{dovecot.pop3s}")) == IN


def test_an_authority_that_nobody_has_named_is_not_believed(dovecot: Dovecot) -> None:
    one = proxy(dovecot.pop3s, host=GOOD, tls=Tls.IMPLICIT)
    assert run(attempt(one, f"{GOOD}:{dovecot.pop3s}")) == cannot(dovecot.pop3s, "certificate not trusted", GOOD)


@pytest.mark.parametrize("content", [None, b"no certificate"], ids=["missing", "rubbish"])
def test_a_ca_file_that_cannot_be_used_ends_it(dovecot: Dovecot, tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    one = proxy(dovecot.pop3s, host=GOOD, tls=Tls.IMPLICIT, ca_file=file)
    assert run(attempt(one, f"{GOOD}:{dovecot.pop3s}")) == cannot(dovecot.pop3s, "certificate not trusted", GOOD)


def test_the_wrong_password_is_dovecots_no(dovecot: Dovecot) -> None:
    one = proxy(dovecot.pop3, host=GOOD, ca_file=dovecot.authority)
    answer = run(attempt(one, f"{GOOD}:{dovecot.pop3}", secret=b"wrong"))
    assert answer == b"-ERR [AUTH] Authentication failed."


# How TLS begins


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Who vouches for the scripted servers' certificates."""
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    """Its certificate."""
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(file)
    return file


@pytest.fixture
def context(authority: trustme.CA) -> ssl.SSLContext:
    """What a scripted server needs for TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    return context


def let_in(peer: Peer) -> None:
    """Know no CAPA, and let in whoever says USER and PASS."""
    while line := peer.hear():
        peer.say(b"-ERR\r\n" if line == b"CAPA" else b"+OK in\r\n")


def implicit(context: ssl.SSLContext) -> Talk:
    """A server that speaks TLS from the first octet."""

    def talk(peer: Peer) -> None:
        peer.start_tls(context)
        peer.say(READY)
        let_in(peer)

    return talk


def stls(context: ssl.SSLContext, capa: bytes = CAPA_STLS) -> Talk:
    """A server that speaks TLS when it is asked to."""

    def talk(peer: Peer) -> None:
        peer.say(READY)
        peer.answer(capa, b"+OK begin")
        peer.start_tls(context)
        let_in(peer)

    return talk


def plain(*answers: bytes, greeting: bytes = READY) -> Talk:
    """A server that gives these answers and then lets in whoever logs in."""

    def talk(peer: Peer) -> None:
        peer.say(greeting)
        peer.answer(*answers)
        let_in(peer)

    return talk


@LOOPS
def test_a_name_is_looked_up_and_its_addresses_are_tried(
    context: ssl.SSLContext, ca_file: Path, loop: LoopFactory
) -> None:
    # Where localhost is ::1, too, nobody listens there.
    with Remote(implicit(context)) as remote:
        one = proxy(remote.port, host="localhost", tls=Tls.IMPLICIT, ca_file=ca_file)
        assert run(attempt(one, f"localhost:{remote.port}"), loop) == b"+OK in"


@LOOPS
@pytest.mark.parametrize("tls", [Tls.AUTO, Tls.STARTTLS])
def test_after_stls_the_capabilities_are_asked_for_again(
    context: ssl.SSLContext, ca_file: Path, tls: Tls, loop: LoopFactory
) -> None:
    with Remote(stls(context)) as remote:
        one = proxy(remote.port, tls=tls, ca_file=ca_file, lan=False)
        assert run(attempt(one, f"127.0.0.1:{remote.port}"), loop) == b"+OK in"
    assert remote.heard == [[b"CAPA", b"STLS", b"CAPA", b"USER fred", b"PASS secret"]]


@pytest.mark.parametrize("capa", [b"-ERR what", CAPA_NONE], ids=["no_capa", "not_offered"])
def test_starttls_asks_for_tls_whatever_is_offered(context: ssl.SSLContext, ca_file: Path, capa: bytes) -> None:
    with Remote(stls(context, capa)) as remote:
        one = proxy(remote.port, tls=Tls.STARTTLS, ca_file=ca_file)
        assert run(attempt(one, f"127.0.0.1:{remote.port}")) == b"+OK in"


def test_auto_asks_a_server_that_knows_no_capa_for_tls(context: ssl.SSLContext, ca_file: Path) -> None:
    with Remote(stls(context, b"-ERR what")) as remote:
        one = proxy(remote.port, ca_file=ca_file, lan=False)
        assert run(attempt(one, f"127.0.0.1:{remote.port}")) == b"+OK in"


CLEAR_ONLY = pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([CAPA_NONE], [b"CAPA"]),
        ([b"-ERR what", b"-ERR what"], [b"CAPA", b"STLS"]),
    ],
    ids=["not_offered", "no_capa"],
)


@CLEAR_ONLY
@pytest.mark.parametrize("greeting", [READY, b"+OK ready <1.2@example>\r\n"], ids=["password", "apop"])
def test_auto_sends_nothing_in_the_clear_across_the_internet(
    answers: list[bytes], said: list[bytes], greeting: bytes
) -> None:
    with Remote(plain(*answers, greeting=greeting)) as remote:
        answer = run(attempt(proxy(remote.port, lan=False), f"127.0.0.1:{remote.port}"))
    assert answer == cannot(remote.port, "no TLS")
    assert remote.heard == [said]


@CLEAR_ONLY
def test_auto_sends_a_password_in_the_clear_on_the_local_network(answers: list[bytes], said: list[bytes]) -> None:
    with Remote(plain(*answers)) as remote:
        assert run(attempt(proxy(remote.port, lan=True), f"127.0.0.1:{remote.port}")) == b"+OK in"
    assert remote.heard == [[*said, b"USER fred", b"PASS secret"]]


def test_off_sends_a_password_in_the_clear_whatever_is_offered() -> None:
    with Remote(plain(CAPA_STLS)) as remote:
        one = proxy(remote.port, tls=Tls.OFF, lan=False)
        assert run(attempt(one, f"127.0.0.1:{remote.port}")) == b"+OK in"
    assert b"STLS" not in remote.heard[0]


@pytest.mark.parametrize("tls", [Tls.AUTO, Tls.STARTTLS])
def test_a_server_that_offers_tls_and_refuses_it_gets_no_password(tls: Tls) -> None:
    with Remote(plain(CAPA_STLS, b"-ERR not now")) as remote:
        answer = run(attempt(proxy(remote.port, tls=tls, lan=True), f"127.0.0.1:{remote.port}"))
    assert answer == cannot(remote.port, "no TLS")
    assert remote.heard == [[b"CAPA", b"STLS"]]


def test_starttls_does_not_do_without_tls_on_the_local_network_either() -> None:
    with Remote(plain(CAPA_NONE, b"-ERR what")) as remote:
        answer = run(attempt(proxy(remote.port, tls=Tls.STARTTLS, lan=True), f"127.0.0.1:{remote.port}"))
    assert answer == cannot(remote.port, "no TLS")
    assert remote.heard == [[b"CAPA", b"STLS"]]


@LOOPS
@pytest.mark.parametrize("together", [True, False], ids=["one_packet", "next_packet"])
def test_what_is_said_in_the_clear_after_stls_is_never_believed(
    context: ssl.SSLContext, ca_file: Path, together: bool, loop: LoopFactory
) -> None:
    def talk(peer: Peer) -> None:
        peer.say(READY)
        peer.answer(CAPA_STLS)
        peer.hear()
        injected = b"+OK\r\nUSER\r\n.\r\n+OK\r\n+OK in\r\n"
        if together:
            peer.say(b"+OK begin\r\n" + injected)
        else:
            peer.say(b"+OK begin\r\n")
            peer.say(injected)
        peer.start_tls(context)
        peer.wait_for_the_end()

    with Remote(talk) as remote:
        one = proxy(remote.port, ca_file=ca_file)
        assert run(attempt(one, f"127.0.0.1:{remote.port}"), loop) == cannot(remote.port, "no TLS")
    assert remote.heard == [[b"CAPA", b"STLS"]]


# The usual ports


@pytest.fixture
def usual(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, int], None]:
    """Have these be the usual ports, with and without TLS."""

    def set_to(pop3s: int, pop3: int) -> None:
        monkeypatch.setattr(target_module, "POP3S", pop3s)
        monkeypatch.setattr(target_module, "POP3", pop3)
        monkeypatch.setattr(target_module, "USUAL_PORTS", {pop3s, pop3})
        monkeypatch.setattr(target_module, "HURRY", 0.5)

    return set_to


Usual = Callable[[int, int], None]


def by_name(ca_file: Path | None) -> Proxy:
    """A proxy that may call 127.0.0.1 at its usual ports."""
    settings = Settings(allow=(pattern("127.0.0.1"),), ca_file=ca_file)
    return Proxy(settings, Failures(lambda: NOW), lambda address: False, lambda address, port: False)


def test_995_is_tried_first(context: ssl.SSLContext, ca_file: Path, usual: Usual) -> None:
    with Remote(implicit(context)) as first, Remote() as second:
        usual(first.port, second.port)
        assert run(attempt(by_name(ca_file), "127.0.0.1")) == b"+OK in"


def silent(peer: Peer) -> None:
    """Say nothing."""
    peer.wait_for_the_end()


def hang_up(peer: Peer) -> None:
    """Hang up."""


@LOOPS
@pytest.mark.parametrize("talk", [None, silent, hang_up, plain()], ids=["refused", "silent", "hangs_up", "no_tls"])
def test_where_995_does_not_serve_110_does(
    context: ssl.SSLContext, ca_file: Path, usual: Usual, talk: Talk | None, loop: LoopFactory
) -> None:
    with Remote(*filter(None, [talk])) as first, Remote(stls(context)) as second:
        usual(first.port if talk else free_port(), second.port)
        assert run(attempt(by_name(ca_file), "127.0.0.1"), loop) == b"+OK in"
    assert second.heard[0][:2] == [b"CAPA", b"STLS"]


def test_a_certificate_that_does_not_verify_at_995_ends_it(context: ssl.SSLContext, usual: Usual) -> None:
    with Remote(implicit(context)) as first, Remote(stls(context)) as second:
        usual(first.port, second.port)
        assert run(attempt(by_name(None), "127.0.0.1")) == cannot(first.port, "certificate not trusted")
        assert second.peers == []


def test_a_no_at_995_ends_it(context: ssl.SSLContext, ca_file: Path, usual: Usual) -> None:
    def talk(peer: Peer) -> None:
        peer.start_tls(context)
        peer.say(b"-ERR [SYS/TEMP] closed for today\r\n")
        peer.wait_for_the_end()

    with Remote(talk) as first, Remote(stls(context)) as second:
        usual(first.port, second.port)
        assert run(attempt(by_name(ca_file), "127.0.0.1")) == b"-ERR [SYS/TEMP] closed for today"
        assert second.peers == []


def test_where_neither_serves_the_client_hears_of_the_last(usual: Usual, ca_file: Path) -> None:
    with Remote(silent) as first:
        second = free_port()
        usual(first.port, second)
        assert run(attempt(by_name(ca_file), "127.0.0.1")) == cannot(second, "connection refused")


# What is not connected to


def refused_by(one: Proxy, server: str) -> Refusal:
    """How a login is refused."""

    async def log_in() -> Refusal:
        target = one.target(f"fred#{server}", ())
        assert target is not None
        with pytest.raises(Refusal) as raised:
            await one.log_in(target, Password("fred", b"secret"))
        return raised.value

    return run(log_in())


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_loopback_address_is_not_connected_to_however_it_is_named(host: str) -> None:
    with Remote(silent) as remote:
        settings = Settings(only_allowed=False, allow=(pattern(f"*.lan:{remote.port}"), pattern("*.localhost")))
        one = Proxy(settings, Failures(lambda: NOW), lambda address: True, lambda address, port: False)
        refusal = refused_by(one, f"{host}:995")
        assert refusal.line == b"-ERR [AUTH] this server is not allowed as a target"
        assert "loopback" in refusal.cause
        assert remote.peers == []


def test_this_server_itself_is_never_called() -> None:
    with Remote(silent) as remote:
        own = proxy(remote.port, own=lambda address, port: str(address) == "127.0.0.1" and port == remote.port)
        refusal = refused_by(own, f"127.0.0.1:{remote.port}")
        assert refusal.line == b"-ERR [AUTH] this server is not allowed as a target"
        assert "this server itself" in refusal.cause
        assert remote.peers == []


def test_a_port_where_nobody_listens() -> None:
    port = free_port()
    assert run(attempt(proxy(port), f"127.0.0.1:{port}")) == cannot(port, "connection refused")


def test_a_name_that_nobody_has() -> None:
    one = proxy(995, host="no.such.host.invalid")
    answer = run(attempt(one, "no.such.host.invalid:995"))
    assert answer == b"-ERR [SYS/TEMP] cannot reach no.such.host.invalid:995: name not found"


# Servers that misbehave


def garbage(peer: Peer) -> None:
    """No POP3."""
    peer.say(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    peer.wait_for_the_end()


def endless_line(peer: Peer) -> None:
    """A line without end."""
    while True:
        peer.say(b"+OK " + b"x" * 65536)


def endless_capabilities(peer: Peer) -> None:
    """Capabilities without end."""
    peer.say(READY)
    peer.hear()
    peer.say(b"+OK\r\n")
    while True:
        peer.say(b"SURPRISE\r\n" * 1000)


def unasked(peer: Peer) -> None:
    """A greeting with more behind it."""
    peer.say(READY * 3)
    peer.wait_for_the_end()


def trickle(peer: Peer) -> None:
    """A greeting that never comes to its end."""
    import time

    while True:
        peer.say(b"+")
        time.sleep(0.05)


def stuck_after(*answers: bytes) -> Talk:
    """Answer some commands and then none."""

    def talk(peer: Peer) -> None:
        peer.say(READY)
        peer.answer(*answers)
        peer.wait_for_the_end()

    return talk


def hang_up_after(*answers: bytes) -> Talk:
    """Answer some commands, hear one more and hang up."""

    def talk(peer: Peer) -> None:
        peer.say(READY)
        peer.answer(*answers)
        peer.hear()

    return talk


def hang_up_in_the_handshake(peer: Peer) -> None:
    """Say yes to STLS, hear how TLS begins, and hang up."""
    peer.say(READY)
    peer.answer(CAPA_STLS, b"+OK")
    peer.sock.recv(1)


@LOOPS
@pytest.mark.parametrize(
    ("talk", "why"),
    [
        (silent, "time-out"),
        (hang_up, "it hung up"),
        (garbage, "it does not speak POP3"),
        (endless_line, "it does not speak POP3"),
        (endless_capabilities, "it does not speak POP3"),
        (unasked, "it does not speak POP3"),
        (trickle, "time-out"),
        (stuck_after(), "time-out"),
        (stuck_after(CAPA_NONE), "time-out"),
        (stuck_after(CAPA_NONE, b"+OK"), "time-out"),
        (hang_up_after(), "it hung up"),
        (hang_up_after(CAPA_STLS), "it hung up"),
        (hang_up_in_the_handshake, "it hung up"),
        (hang_up_after(CAPA_NONE), "it hung up"),
        (hang_up_after(CAPA_NONE, b"+OK"), "it hung up"),
        (stuck_after(b"HELLO"), "it does not speak POP3"),
        (stuck_after(CAPA_STLS, b"HELLO"), "it does not speak POP3"),
        (stuck_after(CAPA_STLS, b"+OK"), "time-out"),
        (stuck_after(CAPA_NONE, b"+OK", b"WHAT"), "it does not speak POP3"),
    ],
)
def test_a_server_that_misbehaves_is_one_clear_line(talk: Talk, why: str, loop: LoopFactory) -> None:
    with Remote(talk) as remote:
        one = proxy(remote.port, patience=0.5)
        assert run(attempt(one, f"127.0.0.1:{remote.port}"), loop) == cannot(remote.port, why)


@pytest.mark.parametrize(
    ("said", "got"),
    [
        (b"-ERR [IN-USE] not now", b"-ERR [IN-USE] not now"),
        (b"-ERR closed", b"-ERR [SYS/TEMP] closed"),
    ],
)
def test_a_greeting_may_be_a_no(said: bytes, got: bytes) -> None:
    with Remote(plain(greeting=said + b"\r\n")) as remote:
        refusal = refused_by(proxy(remote.port), f"127.0.0.1:{remote.port}")
    assert refusal.line == got
    assert not refusal.counts


@LOOPS
def test_answers_may_come_octet_by_octet(loop: LoopFactory) -> None:
    class Slow(Peer):
        def say(self, data: bytes) -> None:
            for octet in data:
                super().say(bytes([octet]))

    def talk(peer: Peer) -> None:
        plain(CAPA_NONE)(Slow(peer.sock))

    with Remote(talk) as remote:
        assert run(attempt(proxy(remote.port), f"127.0.0.1:{remote.port}"), loop) == b"+OK in"


@LOOPS
@pytest.mark.parametrize(
    ("talk", "why"),
    [(silent, "time-out"), (hang_up, "it hung up"), (garbage, "no TLS"), (plain(), "no TLS")],
    ids=["silent", "hangs_up", "garbage", "pop3"],
)
def test_a_server_that_does_not_do_its_part_of_the_handshake(talk: Talk, why: str, loop: LoopFactory) -> None:
    with Remote(talk) as remote:
        one = proxy(remote.port, tls=Tls.IMPLICIT, patience=0.5)
        assert run(attempt(one, f"127.0.0.1:{remote.port}"), loop) == cannot(remote.port, why)


@LOOPS
@pytest.mark.parametrize(
    ("talk", "tls", "lines"),
    [
        (silent, Tls.IMPLICIT, 0),
        (silent, Tls.OFF, 0),
        (stuck_after(), Tls.AUTO, 1),
        (stuck_after(CAPA_STLS, b"+OK"), Tls.AUTO, 2),
        (stuck_after(CAPA_NONE, b"+OK"), Tls.AUTO, 3),
    ],
)
def test_a_login_that_is_given_up_leaves_nothing_behind(
    talk: Talk, tls: Tls, lines: int, loop: LoopFactory
) -> None:
    # The remote's thread ends only when its connection does.
    async def give_up() -> None:
        login = asyncio.create_task(attempt(proxy(remote.port, tls=tls, patience=60), f"127.0.0.1:{remote.port}"))
        await asyncio.to_thread(remote.wait_for_lines, lines)
        login.cancel()
        with pytest.raises(asyncio.CancelledError):
            await login

    with Remote(talk) as remote:
        run(give_up(), loop)


class Heir(asyncio.Protocol):
    """Who takes a connection over."""

    def __init__(self) -> None:
        self.lost = asyncio.Event()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set()


@LOOPS
def test_who_takes_a_connection_over_hears_of_its_end(loop: LoopFactory) -> None:
    async def take_over() -> None:
        one = proxy(remote.port, tls=Tls.OFF)
        server = parse(f"127.0.0.1:{remote.port}")
        wire = await one.caller.call(one.policy.route(server), [ip_address("127.0.0.1")])
        heir = Heir()
        assert wire.detach() == b"+OK more\r\n"
        wire.transport.set_protocol(heir)
        await heir.lost.wait()

    with Remote(lambda peer: peer.say(READY + b"+OK more\r\n")) as remote:
        run(take_over(), loop)
