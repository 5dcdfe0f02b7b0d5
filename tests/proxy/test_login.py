"""Logging in at remote servers of every kind: what is sent there, and what the client gets."""

import pytest

from mtq.access.servers import Server
from mtq.errors import Refusal
from mtq.protocol.sasl import Password
from mtq.proxy.failures import Failures
from mtq.proxy.proxy import Proxy
from mtq.proxy.settings import Auth, Tls
from tests.house import LoopFactory
from tests.proxy.calling import LOOPS, NOW, attempt, digest, proxy, run
from tests.proxy.remote import READY, STAMP, WITH_APOP, Peer, Remote, Talk

APOP = b"APOP fred " + digest(STAMP)
USER_PASS = [b"USER fred", b"PASS secret"]
PLAIN = b"AUTH PLAIN AGZyZWQAc2VjcmV0"


def talk(*answers: bytes, greeting: bytes = READY) -> Talk:
    """Greet, give one answer a line, and wait for the end."""

    def say(peer: Peer) -> None:
        peer.say(greeting)
        peer.answer(*answers)
        peer.wait_for_the_end()

    return say


def hang_up_after(*answers: bytes, greeting: bytes = WITH_APOP) -> Talk:
    """Greet, give one answer a line, and hang up at once."""

    def say(peer: Peer) -> None:
        peer.say(greeting)
        peer.answer(*answers)

    return say


def hang_up_on_hearing(peer: Peer) -> None:
    """Greet with a timestamp, hear one line, and hang up without a word."""
    peer.say(WITH_APOP)
    peer.hear()


def login(remote: Remote, auth: Auth = Auth.AUTO, failures: Failures | None = None, user: str = "fred") -> bytes:
    """What a client gets that logs in there, in the clear."""
    one = proxy(remote.port, tls=Tls.OFF, auth=auth, failures=failures)
    return run(attempt(one, f"127.0.0.1:{remote.port}", user))


def capabilities(*rows: bytes) -> bytes:
    """An answer to CAPA, its last line end left to whoever sends it."""
    return b"\r\n".join([b"+OK", *rows, b"."])


# Which way to log in


@LOOPS
def test_a_server_that_knows_no_capa_gets_user_and_pass(loop: LoopFactory) -> None:
    with Remote(talk(b"-ERR what", b"+OK", b"+OK 3 messages")) as remote:
        one = proxy(remote.port, tls=Tls.OFF)
        assert run(attempt(one, f"127.0.0.1:{remote.port}"), loop) == b"+OK 3 messages"
    assert remote.heard == [[b"CAPA", *USER_PASS]]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([b"SASL PLAIN LOGIN", b"USER"], [PLAIN]),
        ([b"sasl login plain"], [PLAIN]),
        ([b"USER", b"SASL LOGIN"], [b"AUTH LOGIN", b"ZnJlZA==", b"c2VjcmV0"]),
        ([b"USER", b"SASL CRAM-MD5"], USER_PASS),
        ([b"TOP"], USER_PASS),
    ],
    ids=["plain", "any_case", "login", "unknown_mechanism", "none"],
)
def test_the_best_that_is_offered_is_used(rows: list[bytes], expected: list[bytes]) -> None:
    answers = [b"+OK"] if expected == [PLAIN] else [b"+OK", b"+OK"]
    if b"AUTH LOGIN" in expected:
        answers = [b"+ VXNlcm5hbWU6", b"+ UGFzc3dvcmQ6", b"+OK"]
    with Remote(talk(capabilities(*rows), *answers)) as remote:
        assert login(remote) == b"+OK"
    assert remote.heard[0][1:] == expected


@pytest.mark.parametrize(
    ("auth", "expected"), [(Auth.USER, USER_PASS), (Auth.PLAIN, [PLAIN]), (Auth.APOP, [APOP])], ids=lambda v: str(v)
)
def test_a_target_may_have_its_own_way(auth: Auth, expected: list[bytes]) -> None:
    with Remote(talk(*[b"+OK"] * len(expected), greeting=WITH_APOP)) as remote:
        assert login(remote, auth) == b"+OK"
    assert remote.heard == [expected]


def test_apop_comes_first_where_the_greeting_has_a_timestamp() -> None:
    with Remote(talk(b"+OK welcome", greeting=WITH_APOP)) as remote:
        assert login(remote) == b"+OK welcome"
    assert remote.heard == [[APOP]]


@pytest.mark.parametrize("stamp", [b"<1.2@\xc3\xa9.example>", b"<no-host>", b"<a b@c>", b"<@>"])
def test_a_timestamp_that_rfc_1939_does_not_allow_is_not_answered(stamp: bytes) -> None:
    with Remote(talk(b"-ERR", b"+OK", b"+OK", greeting=b"+OK ready %s\r\n" % stamp)) as remote:
        assert login(remote) == b"+OK"
    assert remote.heard == [[b"CAPA", *USER_PASS]]


def test_where_apop_is_wanted_and_not_offered_nothing_is_sent() -> None:
    with Remote(talk()) as remote:
        assert login(remote, Auth.APOP) == b"-ERR [SYS/PERM] the remote server offers no APOP"
    assert remote.heard == [[]]


def test_a_name_with_a_space_cannot_be_said_in_apop() -> None:
    with Remote(talk(b"-ERR", b"+OK", b"+OK", greeting=WITH_APOP)) as remote:
        assert login(remote, user="fred smith") == b"+OK"
    assert remote.heard == [[b"CAPA", b"USER fred smith", b"PASS secret"]]


# APOP refused


def test_a_refused_apop_is_followed_by_the_password_on_the_same_connection() -> None:
    failures = Failures(lambda: NOW)
    with Remote(talk(b"-ERR no", b"-ERR", b"+OK", b"+OK in", greeting=WITH_APOP)) as remote:
        assert login(remote, failures=failures) == b"+OK in"
    assert remote.heard == [[APOP, b"CAPA", *USER_PASS]]
    assert [(f.server, f.user, f.since) for f in failures.all()] == [(Server("127.0.0.1", remote.port), "fred", NOW)]


def test_what_is_remembered_is_not_tried_again() -> None:
    failures = Failures(lambda: NOW)
    with Remote(
        talk(b"-ERR no", b"-ERR", b"+OK", b"+OK", greeting=WITH_APOP),
        talk(b"-ERR", b"+OK", b"+OK", greeting=WITH_APOP),
        talk(b"+OK", greeting=WITH_APOP),
    ) as remote:
        for user in ("fred", "fred", "gerd"):
            login(remote, failures=failures, user=user)
    assert remote.heard[1] == [b"CAPA", *USER_PASS]
    assert remote.heard[2] == [b"APOP gerd " + digest(STAMP)]


def test_if_the_password_fails_too_its_answer_counts_and_nothing_is_remembered() -> None:
    failures = Failures(lambda: NOW)
    with Remote(talk(b"-ERR no APOP", b"-ERR", b"+OK", b"-ERR wrong password", greeting=WITH_APOP)) as remote:
        assert login(remote, failures=failures) == b"-ERR wrong password"
    assert failures.all() == []


@pytest.mark.parametrize("code", [b"[IN-USE]", b"[LOGIN-DELAY]", b"[SYS/TEMP]", b"[SYS/PERM]"])
def test_a_no_that_is_not_about_the_password_goes_to_the_client_at_once(code: bytes) -> None:
    failures = Failures(lambda: NOW)
    with Remote(talk(b"-ERR %s later" % code, greeting=WITH_APOP)) as remote:
        assert login(remote, failures=failures) == b"-ERR %s later" % code
    assert remote.heard == [[APOP]]
    assert failures.all() == []


@pytest.mark.parametrize(
    "first",
    [
        hang_up_after(b"-ERR no"),
        hang_up_after(b"-ERR [AUTH] no"),
        hang_up_on_hearing,
    ],
    ids=["refused", "refused_with_code", "no_word"],
)
@LOOPS
def test_a_server_that_hangs_up_on_the_refusal_is_called_again_without_apop(first: Talk, loop: LoopFactory) -> None:
    failures = Failures(lambda: NOW)
    with Remote(first, talk(b"-ERR", b"+OK", b"+OK in", greeting=WITH_APOP)) as remote:
        one = proxy(remote.port, tls=Tls.OFF, failures=failures)
        assert run(attempt(one, f"127.0.0.1:{remote.port}"), loop) == b"+OK in"
    assert remote.heard[0][0] == APOP
    assert remote.heard[1] == [b"CAPA", *USER_PASS]
    assert [failure.user for failure in failures.all()] == ["fred"]


def test_it_is_called_again_once_only() -> None:
    failures = Failures(lambda: NOW)
    with Remote(hang_up_after(b"-ERR no"), hang_up_after(greeting=READY)) as remote:
        answer = login(remote, failures=failures)
    assert answer == b"-ERR [SYS/TEMP] cannot reach 127.0.0.1:%d: it hung up" % remote.port
    assert failures.all() == []


def test_a_server_that_hangs_up_on_the_password_is_not_called_again() -> None:
    with Remote(hang_up_after(b"-ERR no", b"-ERR", b"+OK")) as remote:
        answer = login(remote)
    assert answer == b"-ERR [SYS/TEMP] cannot reach 127.0.0.1:%d: it hung up" % remote.port
    assert len(remote.peers) == 1


def test_where_apop_is_wanted_its_refusal_is_the_answer() -> None:
    failures = Failures(lambda: NOW)
    with Remote(talk(b"-ERR [AUTH] no", greeting=WITH_APOP)) as remote:
        assert login(remote, Auth.APOP, failures) == b"-ERR [AUTH] no"
    assert remote.heard == [[APOP]]


# What the client gets


@pytest.mark.parametrize(
    ("said", "got"),
    [
        (b"-ERR [AUTH] wrong", b"-ERR [AUTH] wrong"),
        (b"-ERR [auth] wrong", b"-ERR [AUTH] wrong"),
        (b"-ERR", b"-ERR the remote server says no"),
        (b"-ERR [SURPRISE] wrong", b"-ERR [SURPRISE] wrong"),
        (b"-ERR \x1b[31mred\x07", b"-ERR ?[31mred?"),
        (b"-ERR falsches Pa\xc3\x9fwort", b"-ERR falsches Pa?wort"),
        (b"-ERR " + b"x" * 5000, b"-ERR " + b"x" * 397 + b"..."),
    ],
    ids=["code", "small_code", "no_words", "unknown_code", "control", "not_ascii", "long"],
)
def test_the_client_gets_the_words_of_the_server_in_one_printable_line(said: bytes, got: bytes) -> None:
    with Remote(talk(b"-ERR", b"+OK", said)) as remote:
        assert login(remote) == got


@pytest.mark.parametrize(
    ("said", "counts"),
    [(b"-ERR [AUTH] no", True), (b"-ERR no", True), (b"-ERR [IN-USE] no", False), (b"-ERR [SYS/TEMP] no", False)],
)
def test_a_no_to_the_password_counts_as_a_failed_login(said: bytes, counts: bool) -> None:
    with Remote(talk(b"+OK", said)) as remote:
        one = proxy(remote.port, tls=Tls.OFF, auth=Auth.USER)
        assert run(refusal(one, remote.port)).counts is counts


async def refusal(one: Proxy, port: int) -> Refusal:
    """How a login is refused."""
    name = f"fred#127.0.0.1:{port}"
    target = one.target(name, ())
    assert target is not None
    with pytest.raises(Refusal) as raised:
        await one.log_in(target, Password(name, b"secret"))
    return raised.value


@pytest.mark.parametrize("secret", [b"se\rcret", b"secret\nDELE 1", b"se\0cret"])
@pytest.mark.parametrize("auth", list(Auth))
def test_no_byte_of_a_password_becomes_a_command(secret: bytes, auth: Auth) -> None:
    with Remote(talk(b"-ERR", greeting=WITH_APOP)) as remote:
        one = proxy(remote.port, tls=Tls.OFF, auth=auth)
        answer = run(attempt(one, f"127.0.0.1:{remote.port}", secret=secret))
    assert answer == b"-ERR [AUTH] a name or password cannot hold a line end or NUL"
    assert remote.heard in ([[]], [[b"CAPA"]])
