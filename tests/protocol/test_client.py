"""The client's side of the protocol: what it says, what it makes of answers, what it does not put up with."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtq.errors import Code
from mtq.protocol import client
from mtq.protocol.asks import Features
from mtq.protocol.client import BadAnswer, Capabilities, Client, Dialogue, Reply, Stat, Unsendable
from tests.protocol.naive import wire_text
from tests.protocol.world import STAMP, World

ANSWER = {True: b"+OK yes\r\n", False: b"-ERR no\r\n"}


def have(dialogue: Dialogue[client.T], *answers: bytes) -> tuple[bytes, client.T]:
    """A dialogue with a server that gives these answers: all that was said, and what came of it."""
    machine = Client()
    exchange = machine.begin(dialogue)
    said = machine.take()
    for answer in answers:
        assert not exchange.over, f"nobody waits for {answer!r}"
        machine.receive(answer)
        said += machine.take()
    assert exchange.over, said
    return said, exchange.outcome


# Answers


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"+OK", Reply(True, Code.NONE, "")),
        (b"+OK 2 messages", Reply(True, Code.NONE, "2 messages")),
        (b"-ERR", Reply(False, Code.NONE, "")),
        (b"-ERR  no ", Reply(False, Code.NONE, "no")),
        (b"-ERR [AUTH] no", Reply(False, Code.AUTH, "no")),
        (b"-ERR [IN-USE] no", Reply(False, Code.IN_USE, "no")),
        (b"-ERR [LOGIN-DELAY] no", Reply(False, Code.LOGIN_DELAY, "no")),
        (b"-ERR [SYS/TEMP] no", Reply(False, Code.SYS_TEMP, "no")),
        (b"-ERR [sys/perm] no", Reply(False, Code.SYS_PERM, "no")),
        (b"-ERR [IN-USE/LOCKED] no", Reply(False, Code.IN_USE, "no")),
        (b"-ERR [SYS] no", Reply(False, Code.NONE, "[SYS] no")),
        (b"-ERR [] no", Reply(False, Code.NONE, "[] no")),
        (b"-ERR no [AUTH]", Reply(False, Code.NONE, "no [AUTH]")),
    ],
)
def test_answers_are_read(line: bytes, expected: Reply) -> None:
    assert client.reply(line) == expected


@pytest.mark.parametrize(
    "line", [b"", b"OK", b"+ok", b"HTTP/1.1 400 Bad Request", b"* OK IMAP4rev1", b"220 mail ESMTP"]
)
def test_what_is_no_answer_is_refused(line: bytes) -> None:
    with pytest.raises(BadAnswer):
        client.reply(line)


@given(st.binary(max_size=3000))
def test_words_are_one_line_of_printable_ascii(raw: bytes) -> None:
    words = client.words(raw)
    assert len(words) <= client.WORDS_LIMIT
    assert all(" " <= character <= "~" for character in words)


# The greeting


@pytest.mark.parametrize(
    ("line", "stamp"),
    [
        (b"+OK ready <1896.697170952@dbc.mtview.ca.us>", b"<1896.697170952@dbc.mtview.ca.us>"),
        (b"+OK <a@b> ready", b"<a@b>"),
        (b"+OK <not one> <a@b>", b"<a@b>"),
        (b"+OK ready <1.2@[192.0.2.1]>", b"<1.2@[192.0.2.1]>"),
        (b"+OK ready", None),
        (b"+OK <ready>", None),
        (b"+OK <a@b", None),
        (b"+OK a@b>", None),
        (b"+OK <a@b@c>", None),
        (b"+OK <@b>", None),
        (b"+OK <a@>", None),
        (b"+OK <a b@c>", None),
        (b"+OK <a\x01@b>", None),
        (b"+OK <a@b\x7f>", None),
        (b"+OK <a@\xff>", None),
    ],
)
def test_a_timestamp_is_a_msg_id_of_printable_ascii(line: bytes, stamp: bytes | None) -> None:
    greeting = have(client.greeting(), line + b"\r\n")[1]
    assert greeting.timestamp == stamp


@pytest.mark.parametrize(
    ("line", "bad"), [(b"+OK <a@\xff>", True), (b"+OK <a@b", True), (b"+OK <a>", False), (b"+OK <a@b>", False)]
)
def test_a_timestamp_that_is_there_and_wrong_is_told_of(line: bytes, bad: bool) -> None:
    assert have(client.greeting(), line + b"\r\n")[1].bad_timestamp is bad


def test_a_greeting_may_come_before_it_is_waited_for() -> None:
    machine = Client()
    machine.receive(b"+OK ready\r\n")
    assert machine.begin(client.greeting()).over


# Commands


def test_capabilities_are_read() -> None:
    said, found = have(client.capa(), b"+OK\r\nTOP\r\nsasl plain LOGIN\r\nEXPIRE 60 USER\r\nSTLS\r\n.\r\n")
    assert said == b"CAPA\r\n"
    assert found.rows == {"TOP": (), "SASL": ("PLAIN", "LOGIN"), "EXPIRE": ("60", "USER"), "STLS": ()}
    assert found.stls
    assert found.mechanisms == ("PLAIN", "LOGIN")


def test_a_server_that_does_not_know_capa_has_told_nothing() -> None:
    assert have(client.capa(), ANSWER[False])[1] == Capabilities({}, told=False)


def test_apop_sends_the_digest_of_timestamp_and_password() -> None:
    # The example of RFC 1939, section 7.
    said, reply = have(client.apop(b"mrose", b"tanstaaf", STAMP), ANSWER[True])
    assert said == b"APOP mrose c4c9334bac560ecc979e58001b3e22fb\r\n"
    assert reply.ok


@pytest.mark.parametrize("ok", [True, False])
def test_user_and_pass(ok: bool) -> None:
    said, reply = have(client.user_pass(b"fred", b" se cret "), ANSWER[True], ANSWER[ok])
    assert said == b"USER fred\r\nPASS  se cret \r\n"
    assert reply.ok is ok


def test_a_refused_user_gets_no_pass() -> None:
    said, reply = have(client.user_pass(b"fred", b"secret"), ANSWER[False])
    assert said == b"USER fred\r\n"
    assert not reply.ok


def test_plain_goes_with_its_command() -> None:
    said, reply = have(client.plain(b"fred", b"secret"), ANSWER[True])
    assert said == b"AUTH PLAIN AGZyZWQAc2VjcmV0\r\n"
    assert reply.ok


def test_plain_waits_for_its_turn_where_the_line_would_get_too_long() -> None:
    secret = b"x" * 300
    said, reply = have(client.plain(b"fred", secret), b"+ \r\n", ANSWER[True])
    assert said == b"AUTH PLAIN\r\n" + base64.b64encode(b"\0fred\0" + secret) + b"\r\n"
    assert reply.ok


@pytest.mark.parametrize("length", range(160, 200))
def test_no_command_is_longer_than_it_may_be(length: int) -> None:
    machine = Client()
    machine.begin(client.plain(b"fred", b"x" * length))
    assert len(machine.take()) <= 255


@pytest.mark.parametrize("challenge", [b"+\r\n", b"+ \r\n", b"+ cGFzc3dvcmQ6\r\n"])
def test_a_server_that_asks_again_for_what_came_with_the_command_gets_it_again(challenge: bytes) -> None:
    said, reply = have(client.plain(b"fred", b"secret"), challenge, ANSWER[True])
    assert said == b"AUTH PLAIN AGZyZWQAc2VjcmV0\r\nAGZyZWQAc2VjcmV0\r\n"
    assert reply.ok


@pytest.mark.parametrize("ok", [True, False])
def test_login(ok: bool) -> None:
    answers = (b"+ VXNlcm5hbWU6\r\n", b"+ UGFzc3dvcmQ6\r\n", ANSWER[ok])
    said, reply = have(client.login(b"fred", b"secret"), *answers)
    assert said == b"AUTH LOGIN\r\nZnJlZA==\r\nc2VjcmV0\r\n"
    assert reply.ok is ok


def test_a_server_that_never_has_enough_is_told_to_stop() -> None:
    said, reply = have(client.login(b"fred", b"secret"), *[b"+ bW9yZQ==\r\n"] * 3, ANSWER[False])
    assert said.endswith(b"c2VjcmV0\r\n*\r\n")
    assert not reply.ok


@pytest.mark.parametrize("sign", [b"\r", b"\n", b"\0", b"\r\nDELE 1"])
@pytest.mark.parametrize("where", ["user", "secret"])
@pytest.mark.parametrize("name", ["apop", "plain", "login", "user_pass"])
def test_a_line_end_in_a_name_or_password_is_never_said(name: str, where: str, sign: bytes) -> None:
    user, secret = (b"fr" + sign + b"ed", b"secret") if where == "user" else (b"fred", b"se" + sign + b"cret")
    dialogue = client.apop(user, secret, STAMP) if name == "apop" else getattr(client, name)(user, secret)
    machine = Client()
    with pytest.raises(Unsendable):
        machine.begin(dialogue)
    assert machine.take() == b""


def test_stat() -> None:
    assert have(client.stat(), b"+OK 3 4096 octets\r\n") == (b"STAT\r\n", Stat(3, 4096))


def test_a_refused_stat() -> None:
    assert have(client.stat(), ANSWER[False])[1] == Reply(False, Code.NONE, "no")


@pytest.mark.parametrize("answer", [b"+OK", b"+OK many", b"+OK 3", b"+OK -1 5"])
def test_a_stat_without_numbers_is_no_answer(answer: bytes) -> None:
    with pytest.raises(BadAnswer):
        have(client.stat(), answer + b"\r\n")


def test_quit() -> None:
    assert have(client.quit(), ANSWER[True])[0] == b"QUIT\r\n"


# A hostile server


@pytest.mark.parametrize("piece", [1, 1000, 20_000])
def test_a_line_without_end_is_not_kept(piece: int) -> None:
    machine = Client()
    machine.begin(client.greeting())
    sent = 0

    def send() -> None:
        nonlocal sent
        while sent < 50_000:
            machine.receive(b"x" * piece)
            sent += piece

    with pytest.raises(BadAnswer, match="line of more than"):
        send()
    assert sent <= client.LINE_LIMIT


def test_capabilities_without_end_are_not_kept() -> None:
    machine = Client()
    machine.begin(client.capa())
    with pytest.raises(BadAnswer, match="more than"):
        machine.receive(b"+OK\r\n" + b"X\r\n" * (client.ROWS_LIMIT + 1))


@pytest.mark.parametrize("wrong", [b"what\r\n", b"x" * 20_000])
def test_after_a_bad_answer_no_answer_is_believed(wrong: bytes) -> None:
    machine = Client()
    exchange = machine.begin(client.user_pass(b"fred", b"secret"))
    machine.take()
    with pytest.raises(BadAnswer):
        machine.receive(wrong)
    machine.receive(b"\r\n+OK\r\n+OK\r\n")
    assert not exchange.over
    assert machine.take() == b""
    assert machine.buffered == 0


@pytest.mark.parametrize("first", [b"+OK ready\r\n+OK injected\r\n", b"+OK ready\r\n+"])
def test_what_was_not_asked_for_ends_the_talk(first: bytes) -> None:
    machine = Client()
    machine.begin(client.greeting())
    machine.receive(first)
    with pytest.raises(BadAnswer, match="unasked"):
        machine.begin(client.stls())
    assert machine.take() == b""


def test_what_comes_beyond_the_last_answer_can_be_had_as_it_came() -> None:
    machine = Client()
    machine.begin(client.stls())
    machine.receive(b"+OK\r\n1 2\n\r")
    assert machine.buffered == 5
    assert machine.rest() == b"1 2\n\r"
    assert machine.buffered == 0


@given(st.lists(st.binary(max_size=40), max_size=30))
def test_whatever_a_server_sends_is_an_outcome_or_a_bad_answer(pieces: list[bytes]) -> None:
    machine = Client()
    exchange = machine.begin(client.capa())
    try:
        for piece in pieces:
            machine.receive(piece)
    except BadAnswer as error:
        outcome: object = str(error).isprintable()
    else:
        outcome = exchange.outcome if exchange.over else "waiting"
    assert outcome


# Against our own server


@given(st.lists(st.integers(1, 30), max_size=20), st.sampled_from(["apop", "plain", "login", "user_pass"]))
def test_our_own_server_and_client_understand_each_other(cuts: list[int], way: str) -> None:
    world = World(features=Features(timestamp=STAMP, stls=True))
    machine = Client()

    def ask(dialogue: Dialogue[client.T]) -> client.T:
        exchange = machine.begin(dialogue)
        while not exchange.over:
            answer = b"".join(world.say(piece) for piece in pieces(machine.take(), cuts))
            for piece in pieces(answer, cuts):
                machine.receive(piece)
        return exchange.outcome

    machine.receive(world.greeting)
    stamp = ask(client.greeting()).timestamp
    assert stamp == STAMP
    assert ask(client.capa()).stls
    user, secret = b"alice", b"open sesame"
    dialogue = client.apop(user, secret, stamp) if way == "apop" else getattr(client, way)(user, secret)
    assert ask(dialogue).ok
    assert ask(client.stat()) == Stat(3, sum(len(wire_text(message)) for message in world.messages))
    assert ask(client.quit()).ok
    assert world.over == "quit"


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    """The same in pieces of these lengths, the rest in one."""
    found = []
    for cut in cuts:
        found.append(data[:cut])
        data = data[cut:]
    return [piece for piece in [*found, data] if piece]
