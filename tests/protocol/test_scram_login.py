"""AUTH SCRAM-SHA-256 on a session: the way in, and every way that does not lead in."""

import base64

import pytest

from mtq.errors import Code, Refusal
from mtq.protocol.asks import Features, Keys, Login
from mtq.protocol.lines import AUTH_LIMIT
from mtq.protocol.sasl import Scram
from mtq.protocol.session import FAILED_LOGINS, MISTAKES_IN_A_ROW
from tests.protocol.naive import single_bytes
from tests.protocol.scram_client import ScramClient
from tests.protocol.world import USERS, World

OFFERED = Features((b"PLAIN", b"LOGIN", b"SCRAM-SHA-256"))
IN_THE_CLEAR = Features((b"PLAIN", b"LOGIN", b"SCRAM-SHA-256"), clear_text=False)
ALONE = Features((b"SCRAM-SHA-256",))
WELCOME = b"+OK 3 messages ("
REFUSED = b"-ERR [AUTH] wrong name or password\r\n"


def line(message: bytes) -> bytes:
    """A message as the client sends it."""
    return base64.b64encode(message) + b"\r\n"


def challenge(answer: bytes) -> bytes:
    """What the server says in its answer."""
    assert answer.startswith(b"+ ")
    assert answer.endswith(b"\r\n")
    return base64.b64decode(answer[2:-2], validate=True)


def alice(password: bytes = USERS["alice"], user: str = "alice") -> ScramClient:
    return ScramClient(user, password)


def begun(world: World, client: ScramClient) -> bytes:
    """The client's final message, after it has sent its first with AUTH."""
    return client.final(challenge(world.say(b"AUTH SCRAM-SHA-256 " + line(client.first()))))


def attempt(world: World, client: ScramClient) -> bytes:
    """The answer to a proof."""
    return world.say(line(begun(world, client)))


# The way in


@pytest.mark.parametrize("features", [OFFERED, IN_THE_CLEAR, ALONE])
def test_a_client_that_knows_the_password_gets_in_with_tls_or_without(features: Features) -> None:
    world, client = World(features=features), alice()
    client.finish(challenge(attempt(world, client)))
    assert world.logins == []
    assert world.say(b"\r\n").startswith(WELCOME)
    assert world.logins == [Scram("alice", proved=True)]


def test_the_first_message_may_wait_until_it_is_asked_for() -> None:
    world, client = World(features=OFFERED), alice()
    assert world.say(b"auth scram-sha-256\r\n") == b"+ \r\n"
    final = client.final(challenge(world.say(line(client.first()))))
    client.finish(challenge(world.say(line(final))))
    assert world.say(b"\r\n").startswith(WELCOME)


def test_an_exchange_may_come_byte_by_byte() -> None:
    world, client = World(features=OFFERED), alice()
    first = challenge(world.say_pieces(single_bytes(b"AUTH SCRAM-SHA-256 " + line(client.first()))))
    client.finish(challenge(world.say_pieces(single_bytes(line(client.final(first))))))
    assert world.say(b"\r\n").startswith(WELCOME)


def test_a_client_may_act_for_itself() -> None:
    world, client = World(features=OFFERED), ScramClient("alice", USERS["alice"], gs2_header="y,a=alice,")
    client.finish(challenge(attempt(world, client)))
    assert world.say(b"\r\n").startswith(WELCOME)


def test_a_nonce_may_be_long() -> None:
    world, client = World(features=OFFERED), ScramClient("alice", USERS["alice"], nonce="n" * 8000)
    client.finish(challenge(attempt(world, client)))
    assert world.say(b"\r\n").startswith(WELCOME)


def test_capa_and_a_bare_auth_name_it_after_the_others() -> None:
    assert b"\r\nSASL PLAIN LOGIN SCRAM-SHA-256\r\n" in World(features=OFFERED).say(b"CAPA\r\n")
    assert b"\r\nSASL SCRAM-SHA-256\r\n" in World(features=IN_THE_CLEAR).say(b"CAPA\r\n")
    assert World(features=IN_THE_CLEAR).say(b"AUTH\r\n").endswith(b"\r\nSCRAM-SHA-256\r\n.\r\n")


# What is asked of the world


def test_nothing_is_parsed_while_the_user_is_looked_up() -> None:
    world = World(features=OFFERED)
    world.session.receive(b"AUTH SCRAM-SHA-256 " + line(alice().first()) + b"*\r\nUTF8\r\n")
    assert world.session.ask == Keys("alice")
    assert world.session.take() == b""
    answers = world.settle().split(b"\r\n")
    assert [answer[:4] for answer in answers] == [b"+ cj", b"-ERR", b"+OK ", b""]


def test_the_password_is_checked_when_the_proof_is_right_and_the_client_agrees() -> None:
    world, client = World(features=OFFERED), alice()
    client.finish(challenge(attempt(world, client)))
    world.session.receive(b"\r\n")
    assert world.session.ask == Login(Scram("alice", proved=True))


def test_a_user_that_cannot_be_looked_up_is_told_so_and_has_failed_nothing() -> None:
    world = World(features=OFFERED)
    world.refusal = Refusal(Code.SYS_TEMP, "not now", "a cause for the log")
    for _ in range(FAILED_LOGINS + 1):
        assert world.say(b"AUTH SCRAM-SHA-256 " + line(alice().first())) == b"-ERR [SYS/TEMP] not now\r\n"
    world.refusal = None
    assert challenge(attempt(world, alice())).startswith(b"v=")


# Wrong proofs


def test_a_wrong_password_and_an_unknown_user_are_one_answer() -> None:
    world = World(features=OFFERED)
    assert attempt(world, alice(b"open sesami")) == REFUSED
    assert attempt(world, alice(user="nobody")) == REFUSED
    assert world.logins == [Scram("alice", proved=False), Scram("nobody", proved=False)]


def test_the_fifth_wrong_proof_ends_the_session() -> None:
    world = World(features=OFFERED)
    for _ in range(FAILED_LOGINS):
        assert world.over is None
        assert attempt(world, alice(b"wrong")) == REFUSED
    assert world.over == "too many failed logins"


def test_after_a_wrong_proof_every_way_in_is_open() -> None:
    world = World(features=OFFERED)
    assert attempt(world, alice(b"wrong")) == REFUSED
    assert world.say(b"USER alice\r\nPASS open sesame\r\n").startswith(b"+OK\r\n" + WELCOME)
    world = World(features=OFFERED)
    assert world.say(b"USER alice\r\nPASS wrong\r\n").endswith(REFUSED)
    client = alice()
    client.finish(challenge(attempt(world, client)))
    assert world.say(b"\r\n").startswith(WELCOME)


def test_what_a_wrong_proof_began_is_forgotten() -> None:
    world, client = World(features=OFFERED), alice(b"wrong")
    assert attempt(world, client) == REFUSED
    assert world.say(b"\r\n") == b"-ERR unknown command\r\n"


# Mistakes


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b"AUTH SCRAM-SHA-256 =", b"malformed SCRAM message"),
        (b"AUTH SCRAM-SHA-256\r\n", b"malformed SCRAM message"),
        (b"AUTH SCRAM-SHA-256 !", b"not base64"),
        (b"AUTH SCRAM-SHA-256\r\n!", b"not base64"),
        (b"AUTH SCRAM-SHA-256 " + base64.b64encode(b"p=tls-unique,,n=a,r=b"), b"channel binding is not available"),
        (b"AUTH SCRAM-SHA-256\r\n" + b"A" * AUTH_LIMIT, b"line too long"),
        (b"AUTH SCRAM-SHA-256 QQ== QQ==", b"expected a mechanism and a response"),
    ],
)
def test_a_bad_first_message_is_a_mistake_and_no_attempt(sent: bytes, reason: bytes) -> None:
    world = World(features=OFFERED)
    assert world.say(sent + b"\r\n").endswith(b"-ERR " + reason + b"\r\n")
    assert world.logins == []
    assert world.say(b"UTF8\r\n").startswith(b"+OK")


@pytest.mark.parametrize("final", [b"", b"c=biws", b"v=1"])
def test_a_bad_final_message_is_a_mistake_and_no_attempt(final: bytes) -> None:
    world = World(features=OFFERED)
    begun(world, alice())
    assert world.say(line(final)) == b"-ERR malformed SCRAM message\r\n"
    assert world.logins == []
    assert world.say(b"UTF8\r\n").startswith(b"+OK")


def test_words_after_the_servers_signature_are_a_mistake_and_no_login() -> None:
    world = World(features=OFFERED)
    attempt(world, alice())
    assert world.say(line(b"agreed")) == b"-ERR expected an empty response\r\n"
    assert world.logins == []


def test_an_exchange_can_be_cancelled_at_each_step() -> None:
    cancelled = b"-ERR authentication cancelled\r\n"
    world = World(features=OFFERED)
    world.say(b"AUTH SCRAM-SHA-256\r\n")
    assert world.say(b"*\r\n") == cancelled
    begun(world, alice())
    assert world.say(b"*\r\n") == cancelled
    attempt(world, alice())
    assert world.say(b"*\r\n") == cancelled
    assert world.logins == []
    assert world.say(b"UTF8\r\n").startswith(b"+OK")


def test_users_cannot_be_looked_up_without_end() -> None:
    world, looked_up = World(features=OFFERED), 0
    while world.over is None:
        begun(world, alice())
        looked_up += 1
        world.say(b"*\r\n")
    assert (world.over, looked_up) == ("too many mistakes", MISTAKES_IN_A_ROW)


# Where it is not offered, and where nothing else is


def test_where_it_is_not_offered_it_is_unknown() -> None:
    world = World()
    assert world.say(b"AUTH SCRAM-SHA-256 " + line(alice().first())) == b"-ERR unknown mechanism\r\n"


@pytest.mark.parametrize("mechanism", [b"SCRAM-SHA-256-PLUS", b"SCRAM-SHA-1", b"SCRAM-SHA-512"])
def test_its_relatives_are_unknown(mechanism: bytes) -> None:
    world = World(features=OFFERED)
    assert world.say(b"AUTH " + mechanism + b"\r\n") == b"-ERR unknown mechanism\r\n"


@pytest.mark.parametrize("clear_text", [True, False])
def test_where_no_password_is_ever_taken_in_the_clear_user_is_not_said_to_need_tls(clear_text: bool) -> None:
    world = World(features=Features((b"SCRAM-SHA-256",), clear_text=clear_text, stls=True))
    assert b"\r\nUSER\r\n" not in world.say(b"CAPA\r\n")
    assert world.say(b"USER alice\r\n") == b"-ERR USER is not available\r\n"


def test_in_the_clear_it_is_the_way_in_and_passwords_wait_for_tls() -> None:
    world = World(features=IN_THE_CLEAR)
    refused = b"-ERR [AUTH] no clear-text passwords here without TLS\r\n"
    assert world.say(b"USER alice\r\n") == refused
    assert world.say(b"AUTH PLAIN\r\n") == refused
    assert challenge(attempt(world, alice())).startswith(b"v=")
