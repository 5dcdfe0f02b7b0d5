"""The ways into a maildrop: USER and PASS, APOP, AUTH, and what STLS makes of them."""

import base64

import pytest

from mtq.errors import Code, Refusal
from mtq.protocol.asks import Features, StartTls
from mtq.protocol.lines import AUTH_LIMIT
from mtq.protocol.sasl import Apop, Password
from mtq.protocol.session import FAILED_LOGINS
from tests.protocol.world import DIGEST, STAMP, USERS, World

WELCOME = b"+OK 3 messages ("
REFUSED = b"-ERR [AUTH] wrong name or password\r\n"
NO_CLEAR_TEXT = b"-ERR [AUTH] no clear-text passwords here without TLS\r\n"
HIDDEN = Features(clear_text=False, stls=True)


def plain(user: bytes = b"alice", secret: bytes = USERS["alice"], authorization: bytes = b"") -> bytes:
    return base64.b64encode(b"\0".join([authorization, user, secret]))


# USER and PASS


def test_user_and_pass_open_the_maildrop() -> None:
    world = World()
    assert world.say(b"USER alice\r\n") == b"+OK\r\n"
    assert world.say(b"PASS open sesame\r\n").startswith(WELCOME)
    assert world.logins == [Password("alice", b"open sesame")]


@pytest.mark.parametrize(
    "secret", [b"two words", b" leading", b"trailing ", b"  ", b"", "pålegg".encode(), b"\xe5\xff"]
)
def test_a_password_is_all_that_follows_the_first_space(secret: bytes) -> None:
    world = World(users={"alice": secret})
    assert world.say(b"USER alice\r\nPASS " + secret + b"\r\n").startswith(b"+OK\r\n" + WELCOME)


@pytest.mark.parametrize("name", ["ålice", "alice@example.com", "fred#pop.isp.com:995", "a b", "x" * 200])
def test_a_name_may_be_longer_and_stranger_than_the_rfc_has_it(name: str) -> None:
    world = World(users={name: b"x"})
    assert world.say(b"USER " + name.encode() + b"\r\nPASS x\r\n").startswith(b"+OK\r\n" + WELCOME)


def test_unknown_user_and_wrong_password_are_one_answer() -> None:
    world = World()
    assert world.say(b"USER alice\r\nPASS wrong\r\n") == b"+OK\r\n" + REFUSED
    assert world.say(b"USER nobody\r\nPASS wrong\r\n") == b"+OK\r\n" + REFUSED


def test_of_two_names_the_last_counts() -> None:
    world = World()
    assert world.say(b"USER bob\r\nUSER alice\r\nPASS open sesame\r\n").startswith(b"+OK\r\n+OK\r\n" + WELCOME)


def test_user_without_a_name_is_refused_and_changes_nothing() -> None:
    world = World()
    world.say(b"USER alice\r\n")
    assert world.say(b"USER\r\nUSER  \r\n") == b"-ERR no user name given\r\n" * 2
    assert world.say(b"PASS open sesame\r\n").startswith(WELCOME)


def test_pass_before_user_is_refused() -> None:
    world = World()
    assert world.say(b"PASS open sesame\r\n") == b"-ERR not in this state\r\n"
    assert world.logins == []


def test_a_failed_pass_forgets_the_name_and_the_client_may_begin_again() -> None:
    world = World()
    assert world.say(b"USER alice\r\nPASS wrong\r\n").endswith(REFUSED)
    assert world.say(b"PASS open sesame\r\n") == b"-ERR not in this state\r\n"
    assert world.say(b"USER alice\r\nPASS open sesame\r\n").startswith(b"+OK\r\n" + WELCOME)


def test_other_commands_may_stand_between_user_and_pass() -> None:
    world = World()
    world.say(b"USER alice\r\nCAPA\r\nUTF8\r\nXYZZY\r\nNOOP\r\n")
    assert world.say(b"PASS open sesame\r\n").startswith(WELCOME)


def test_after_a_failure_another_way_in_works() -> None:
    world = World(features=Features(timestamp=STAMP))
    assert world.say(b"APOP alice " + b"0" * 32 + b"\r\n") == REFUSED
    assert world.say(b"AUTH PLAIN " + plain(secret=b"wrong") + b"\r\n") == REFUSED
    assert world.say(b"USER alice\r\nPASS open sesame\r\n").startswith(b"+OK\r\n" + WELCOME)


# Refusals


def test_the_fifth_failed_login_ends_the_session() -> None:
    world = World()
    answer = world.say(b"USER alice\r\nPASS wrong\r\n" * (FAILED_LOGINS + 1))
    assert answer == (b"+OK\r\n" + REFUSED) * FAILED_LOGINS
    assert world.over == "too many failed logins"


def test_failed_logins_of_every_kind_are_counted_together() -> None:
    world = World(features=Features(timestamp=STAMP))
    world.say(b"USER alice\r\nPASS wrong\r\nAPOP alice " + b"0" * 32 + b"\r\nAUTH PLAIN " + plain(b"bob") + b"\r\n")
    world.say(b"AUTH LOGIN\r\nYQ==\r\nYQ==\r\n")
    assert world.over is None
    world.say(b"USER bob\r\nPASS x\r\n")
    assert world.over == "too many failed logins"


@pytest.mark.parametrize("code", [Code.IN_USE, Code.SYS_TEMP, Code.SYS_PERM])
def test_a_refusal_for_another_reason_is_no_failed_login(code: Code) -> None:
    world = World()
    world.refusal = Refusal(code, "not now", "a cause for the log")
    attempt = b"USER alice\r\nPASS open sesame\r\n"
    assert world.say(attempt * 10) == (b"+OK\r\n-ERR " + code.value + b"not now\r\n") * 10
    world.refusal = None
    assert world.say(attempt).startswith(b"+OK\r\n" + WELCOME)


# Clear text


@pytest.mark.parametrize("line", [b"USER alice", b"AUTH PLAIN", b"AUTH LOGIN", b"AUTH PLAIN " + plain()])
def test_no_password_is_asked_for_where_it_could_be_read(line: bytes) -> None:
    world = World(features=HIDDEN)
    assert world.say(line + b"\r\n") == NO_CLEAR_TEXT
    assert world.logins == []


def test_apop_shows_no_password_and_needs_no_tls() -> None:
    world = World(features=Features(clear_text=False, timestamp=STAMP))
    assert world.say(b"APOP alice " + DIGEST + b"\r\n").startswith(WELCOME)


# APOP


def test_the_greeting_ends_with_the_timestamp_where_apop_is_offered() -> None:
    assert World(features=Features(timestamp=STAMP)).greeting == b"+OK mtq ready " + STAMP + b"\r\n"


def test_the_greeting_has_no_timestamp_where_apop_is_not_offered() -> None:
    assert b"<" not in World().greeting


@pytest.mark.parametrize("digest", [DIGEST, DIGEST.upper()])
def test_apop_opens_the_maildrop(digest: bytes) -> None:
    world = World(features=Features(timestamp=STAMP))
    assert world.say(b"APOP alice " + digest + b"\r\n").startswith(WELCOME)
    assert world.logins == [Apop("alice", STAMP, DIGEST)]


def test_apop_is_refused_where_it_is_not_offered() -> None:
    world = World()
    assert world.say(b"APOP alice " + DIGEST + b"\r\n") == b"-ERR APOP is not available\r\n"
    assert world.logins == []


@pytest.mark.parametrize(
    "argument", [b"", b" alice", b" " + DIGEST, b" alice " + DIGEST[:-1], b" alice " + DIGEST + b"0"]
)
def test_apop_without_a_name_and_a_whole_digest_is_refused(argument: bytes) -> None:
    world = World(features=Features(timestamp=STAMP))
    assert world.say(b"APOP" + argument + b"\r\n") == b"-ERR expected a name and a digest\r\n"
    assert world.logins == []


# AUTH


@pytest.mark.parametrize("line", [b"AUTH\r\n", b"AUTH \r\n"])
def test_bare_auth_lists_what_is_offered(line: bytes) -> None:
    assert World().say(line).split(b"\r\n")[1:] == [b"PLAIN", b"LOGIN", b".", b""]
    assert World(features=HIDDEN).say(line).split(b"\r\n")[1:] == [b".", b""]


def test_plain_takes_its_response_with_the_command() -> None:
    assert World().say(b"AUTH PLAIN " + plain() + b"\r\n").startswith(WELCOME)


def test_plain_asks_for_its_response() -> None:
    world = World()
    assert world.say(b"auth plain\r\n") == b"+ \r\n"
    assert world.say(plain(authorization=b"alice") + b"\r\n").startswith(WELCOME)


def test_login_asks_for_name_and_password() -> None:
    world = World()
    assert world.say(b"AUTH LOGIN\r\n") == b"+ VXNlcm5hbWU6\r\n"
    assert world.say(b"YWxpY2U=\r\n") == b"+ UGFzc3dvcmQ6\r\n"
    assert world.say(b"b3BlbiBzZXNhbWU=\r\n").startswith(WELCOME)


def test_login_takes_the_name_with_the_command() -> None:
    world = World()
    assert world.say(b"AUTH LOGIN YWxpY2U=\r\n") == b"+ UGFzc3dvcmQ6\r\n"
    assert world.say(b"b3BlbiBzZXNhbWU=\r\n").startswith(WELCOME)


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b"AUTH PLAIN =\r\n", b"malformed PLAIN response"),
        (b"AUTH PLAIN\r\n\r\n", b"malformed PLAIN response"),
        (b"AUTH LOGIN =\r\n\r\n", b"no user name given"),
    ],
)
def test_an_empty_response_is_a_response(sent: bytes, reason: bytes) -> None:
    assert World().say(sent).endswith(b"-ERR " + reason + b"\r\n")


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b"AUTH PLAIN !!!\r\n", b"not base64"),
        (b"AUTH PLAIN\r\n\xff\r\n", b"not base64"),
        (b"AUTH LOGIN\r\nYWxpY2U=\r\nb\tc=\r\n", b"not base64"),
        (b"AUTH PLAIN " + plain(authorization=b"bob") + b"\r\n", b"acting for another user is not supported"),
        (b"AUTH PLAIN " + plain(secret=b"x\nDELE 1") + b"\r\n", b"a name or password cannot hold a line end or NUL"),
        (b"AUTH PLAIN\r\n" + b"A" * AUTH_LIMIT + b"\r\n", b"line too long"),
    ],
)
def test_a_bad_response_ends_the_exchange_and_the_next_line_is_a_command(sent: bytes, reason: bytes) -> None:
    world = World()
    assert world.say(sent).endswith(b"-ERR " + reason + b"\r\n")
    assert world.logins == []
    assert world.say(b"UTF8\r\n").startswith(b"+OK")


def test_an_exchange_can_be_cancelled() -> None:
    world = World()
    assert world.say(b"AUTH LOGIN\r\nYWxpY2U=\r\n*\r\n").endswith(b"-ERR authentication cancelled\r\n")
    assert world.say(b"UTF8\r\n").startswith(b"+OK")
    assert world.logins == []


@pytest.mark.parametrize("line", [b"AUTH CRAM-MD5", b"AUTH XOAUTH2 QQ==", b"AUTH *", b"AUTH \xff"])
def test_an_unknown_mechanism_is_refused(line: bytes) -> None:
    assert World().say(line + b"\r\n") == b"-ERR unknown mechanism\r\n"


def test_a_mechanism_that_is_switched_off_is_unknown() -> None:
    assert World(features=Features(mechanisms=(b"PLAIN",))).say(b"AUTH LOGIN\r\n") == b"-ERR unknown mechanism\r\n"


def test_auth_takes_one_response() -> None:
    assert World().say(b"AUTH PLAIN QQ== QQ==\r\n") == b"-ERR expected a mechanism and a response\r\n"


@pytest.mark.parametrize("opening", [b"AUTH PLAIN ", b"AUTH PLAIN\r\n"])
def test_a_response_may_be_as_long_as_an_access_token(opening: bytes) -> None:
    token = b"t" * 8000
    world = World(users={"alice": token})
    assert WELCOME in world.say(opening + plain(secret=token) + b"\r\n")


# STLS


def test_stls_begins_tls_and_passwords_may_be_sent_then() -> None:
    world = World(features=HIDDEN)
    assert world.say(b"STLS\r\n") == b"+OK begin TLS\r\n"
    assert world.say(b"USER alice\r\nPASS open sesame\r\n").startswith(b"+OK\r\n" + WELCOME)


def test_stls_is_not_offered_twice() -> None:
    world = World(features=HIDDEN)
    world.say(b"STLS\r\n")
    assert world.say(b"STLS\r\n") == b"-ERR TLS is not available\r\n"


def test_where_stls_is_not_offered_it_is_refused_and_changes_nothing() -> None:
    world = World()
    assert world.say(b"USER alice\r\nSTLS\r\n") == b"+OK\r\n-ERR TLS is not available\r\n"
    assert world.say(b"PASS open sesame\r\n").startswith(WELCOME)


@pytest.mark.parametrize(
    ("clear", "inside"),
    [
        (b"USER alice\r\n", b"PASS open sesame\r\n"),
        (b"USER alice\r\nPASS open", b" sesame\r\n"),
        (b"NO", b"OP\r\n"),
        (b"x" * 300, b"PASS x\r\n"),
    ],
)
def test_what_follows_stls_in_the_clear_is_thrown_away(clear: bytes, inside: bytes) -> None:
    world = World(features=Features(stls=True))
    assert world.say(b"STLS\r\n" + clear) == b"+OK begin TLS\r\n"
    assert world.say(inside).startswith(b"-ERR")
    assert world.say(b"UTF8\r\n").startswith(b"+OK")
    assert world.logins == []


def test_what_comes_after_the_ask_came_inside_tls_and_waits_for_what_holds_there() -> None:
    world = World(features=HIDDEN)
    world.session.receive(b"STLS\r\n")
    assert world.session.ask == StartTls()
    world.session.receive(b"USER alice\r\nPASS open sesame\r\n")
    assert world.settle().startswith(b"+OK begin TLS\r\n+OK\r\n" + WELCOME)


def test_a_name_given_in_the_clear_is_forgotten_by_stls() -> None:
    world = World(features=Features(stls=True))
    world.say(b"USER alice\r\nSTLS\r\n")
    assert world.say(b"PASS open sesame\r\n") == b"-ERR not in this state\r\n"


def test_failed_logins_are_remembered_by_stls() -> None:
    world = World(features=Features(stls=True))
    world.say(b"USER alice\r\nPASS wrong\r\n" * (FAILED_LOGINS - 1) + b"STLS\r\n")
    world.say(b"USER alice\r\nPASS wrong\r\n")
    assert world.over == "too many failed logins"


def test_inside_tls_apop_goes_by_the_timestamp_of_the_greeting() -> None:
    world = World(features=Features(stls=True, timestamp=STAMP))
    world.session.receive(b"STLS\r\n")
    world.session.answer(Features(timestamp=b"<never.told@example.com>"))
    world.settle()
    assert world.say(b"APOP alice " + DIGEST + b"\r\n").startswith(WELCOME)


# UTF8


def test_utf8_is_for_before_login() -> None:
    world = World()
    assert world.say(b"UTF8\r\n").startswith(b"+OK")
    assert world.say(b"USER alice\r\nPASS open sesame\r\nUTF8\r\n").endswith(b"-ERR not in this state\r\n")
