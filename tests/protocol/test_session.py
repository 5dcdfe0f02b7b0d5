"""A session's states and the verbs of an open maildrop, told as what a client sends and reads."""

import pytest

from mtq.errors import Code, Refusal
from mtq.protocol.asks import Features
from mtq.protocol.session import VERBS, Exchange, Greeting, Leaving, Named, Open, State
from tests.protocol.naive import top, unstuffed, wire_text
from tests.protocol.world import DIGEST, MESSAGES, STAMP, World, opened

TO_REACH: dict[type[State], bytes] = {
    Greeting: b"",
    Named: b"USER alice\r\n",
    Exchange: b"AUTH PLAIN\r\n",
    Open: b"USER alice\r\nPASS open sesame\r\n",
    Leaving: b"QUIT\r\n",
}

LAWFUL: dict[type[State], set[bytes]] = {
    Greeting: {b"CAPA", b"STLS", b"UTF8", b"USER", b"APOP", b"AUTH", b"QUIT"},
    Named: {b"CAPA", b"STLS", b"UTF8", b"USER", b"PASS", b"APOP", b"AUTH", b"QUIT"},
    Open: {b"CAPA", b"STAT", b"LIST", b"UIDL", b"RETR", b"TOP", b"DELE", b"NOOP", b"RSET", b"QUIT"},
}

ARGUMENTS = {
    b"USER": b" alice",
    b"PASS": b" open sesame",
    b"APOP": b" alice " + DIGEST,
    b"AUTH": b" LOGIN",
    b"RETR": b" 1",
    b"TOP": b" 1 0",
    b"DELE": b" 1",
}

STRANGE = [
    b"", b" ", b" 0", b" -1", b" 1 2 3", b" \xff\xfe", b" %s%n", b" [bold]", b" " + b"9" * 200,
    b"\t1", b"\0", b"\x1b[2J",
]


def reached(state: type[State]) -> World:
    """A world whose session is in this state, with all offered that can be."""
    world = World(features=Features(stls=True, timestamp=STAMP))
    world.say(TO_REACH[state])
    assert type(world.session.state) is state
    return world


# Which verb is lawful when


def test_every_verb_is_lawful_somewhere_and_there_is_no_other() -> None:
    assert set(VERBS) == set.union(*LAWFUL.values())


@pytest.mark.parametrize("state", [Greeting, Named, Open])
@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_works_in_its_states_and_is_refused_in_the_others(verb: bytes, state: type[State]) -> None:
    answer = reached(state).say(verb + ARGUMENTS.get(verb, b"") + b"\r\n")
    if verb in LAWFUL[state]:
        assert answer.startswith(b"+")
    else:
        assert answer == b"-ERR not in this state\r\n"


@pytest.mark.parametrize("verb", VERBS)
def test_within_an_exchange_a_verb_is_a_response_like_any_other(verb: bytes) -> None:
    world = reached(Exchange)
    assert world.say(verb + b"\r\n").startswith(b"-ERR")
    assert isinstance(world.session.state, Greeting)
    assert world.over is None


@pytest.mark.parametrize("verb", VERBS)
def test_after_quit_nothing_is_answered(verb: bytes) -> None:
    assert reached(Leaving).say(verb + ARGUMENTS.get(verb, b"") + b"\r\n") == b""


@pytest.mark.parametrize("state", [Greeting, Named, Exchange, Open])
@pytest.mark.parametrize("verb", [*VERBS, b"", b"XTND", b"PROXY", b"GET"])
@pytest.mark.parametrize("argument", STRANGE)
def test_no_argument_upsets_a_verb(verb: bytes, argument: bytes, state: type[State]) -> None:
    world = reached(state)
    answer = world.say(verb + argument + b"\r\n")
    assert answer.startswith((b"+OK", b"-ERR ", b"+ "))
    assert b"\x1b" not in answer


@pytest.mark.parametrize("verb", [verb for verb in VERBS if VERBS[verb].bare])
def test_a_verb_without_arguments_takes_none(verb: bytes) -> None:
    for state in (Greeting, Open):
        if verb in LAWFUL[state]:
            assert reached(state).say(verb + b" x\r\n") == b"-ERR no argument expected\r\n"
            assert reached(state).say(verb + b"  \r\n").startswith(b"+OK")


@pytest.mark.parametrize("line", [b"noop\r\n", b"NoOp\r\n", b"NOOP\n"])
def test_a_verb_may_be_written_in_any_case_and_end_with_a_bare_lf(line: bytes) -> None:
    assert opened().say(line) == b"+OK\r\n"


@pytest.mark.parametrize("line", [b"NO\0OP\r\n", b"NOOP\t\r\n", b"STAT\rNOOP\r\n", b"\x1b[2J\r\n", b"\x7f\r\n"])
def test_a_control_character_is_refused(line: bytes) -> None:
    assert opened().say(line) == b"-ERR control character in command\r\n"


# CAPA


def capabilities(world: World) -> set[bytes]:
    first, *rows, end, _ = world.say(b"CAPA\r\n").split(b"\r\n")
    assert first.startswith(b"+OK")
    assert end == b"."
    assert len(set(rows)) == len(rows)
    return set(rows)


ALWAYS = {b"TOP", b"UIDL", b"RESP-CODES", b"AUTH-RESP-CODE", b"PIPELINING", b"EXPIRE NEVER", b"IMPLEMENTATION mtq"}


def test_capa_names_the_ways_to_log_in() -> None:
    assert capabilities(World()) == ALWAYS | {b"UTF8 USER", b"USER", b"SASL PLAIN LOGIN"}


def test_capa_does_not_offer_what_would_show_a_password() -> None:
    world = World(features=Features(clear_text=False, stls=True))
    assert capabilities(world) == ALWAYS | {b"UTF8 USER", b"STLS"}


def test_capa_is_another_inside_tls() -> None:
    world = World(features=Features(clear_text=False, stls=True))
    world.say(b"STLS\r\n")
    assert capabilities(world) == ALWAYS | {b"UTF8 USER", b"USER", b"SASL PLAIN LOGIN"}


def test_capa_offers_no_login_after_login() -> None:
    assert capabilities(opened()) == ALWAYS


# Looking at the maildrop

SIZES = [len(wire_text(message)) for message in MESSAGES]


def test_stat_says_how_many_messages_and_octets_there_are() -> None:
    assert opened().say(b"STAT\r\n") == b"+OK 3 %d\r\n" % sum(SIZES)


def test_list_has_a_row_for_each_message() -> None:
    rows = opened().say(b"LIST\r\n").split(b"\r\n")
    assert rows[1:] == [b"1 %d" % SIZES[0], b"2 %d" % SIZES[1], b"3 %d" % SIZES[2], b".", b""]


def test_list_with_a_number_is_one_line() -> None:
    assert opened().say(b"LIST 2\r\n") == b"+OK 2 %d\r\n" % SIZES[1]


def test_uidl_has_a_row_for_each_message() -> None:
    assert opened().say(b"UIDL\r\n") == b"+OK\r\n1 id-1\r\n2 id-2\r\n3 id-3\r\n.\r\n"


def test_uidl_with_a_number_repeats_the_number() -> None:
    assert opened().say(b"UIDL 3\r\n") == b"+OK 3 id-3\r\n"


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        (b"STAT", b"+OK 0 0\r\n"),
        (b"LIST", b"+OK 0 messages (0 octets)\r\n.\r\n"),
        (b"UIDL", b"+OK\r\n.\r\n"),
        (b"RETR 1", b"-ERR no such message\r\n"),
    ],
)
def test_an_empty_maildrop_is_answered_like_any_other(command: bytes, answer: bytes) -> None:
    assert opened(messages=[]).say(command + b"\r\n") == answer


@pytest.mark.parametrize("command", [b"LIST %b", b"UIDL %b", b"RETR %b", b"DELE %b", b"TOP %b 0"])
@pytest.mark.parametrize("number", [b"0", b"4", b"-1", b"4294967296", b"4294967297", b"9" * 100, b"1x", b"\xb2"])
def test_a_number_that_is_no_message_is_refused_and_harms_nothing(command: bytes, number: bytes) -> None:
    world = opened()
    assert world.say(command % number + b"\r\n").startswith(b"-ERR")
    assert world.say(b"STAT\r\n") == b"+OK 3 %d\r\n" % sum(SIZES)


@pytest.mark.parametrize("command", [b"LIST  1", b"LIST 1 ", b"LIST 01", b"UIDL  1 ", b"RETR  1", b"TOP  1  0 "])
def test_spaces_and_zeros_around_a_number_do_not_matter(command: bytes) -> None:
    assert opened().say(command + b"\r\n").startswith(b"+OK")


# RETR and TOP


@pytest.mark.parametrize("piece", [1, 2, 7, 4096])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_retr_sends_the_octets_that_list_announced(number: int, piece: int) -> None:
    world = opened()
    world.piece = piece
    first, _, body = world.say(b"RETR %d\r\n" % number).partition(b"\r\n")
    assert first == b"+OK %d octets" % SIZES[number - 1]
    assert unstuffed(body) == wire_text(MESSAGES[number - 1])
    assert world.session.octets == SIZES[number - 1]


def test_an_empty_message_is_no_octets_and_the_end() -> None:
    assert opened(messages=[b""]).say(b"RETR 1\r\n") == b"+OK 0 octets\r\n.\r\n"


@pytest.mark.parametrize("lines", [0, 1, 2, 99])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_top_sends_headers_and_so_many_lines(number: int, lines: int) -> None:
    first, _, body = opened().say(b"TOP %d %d\r\n" % (number, lines)).partition(b"\r\n")
    assert first == b"+OK"
    assert unstuffed(body) == top(MESSAGES[number - 1], lines)


def test_top_of_more_lines_than_any_message_has_is_the_message() -> None:
    world = opened()
    body = world.say(b"RETR 2\r\n").partition(b"\r\n")[2]
    assert world.say(b"TOP 2 99999999999999999999\r\n") == b"+OK\r\n" + body


@pytest.mark.parametrize("argument", [b"", b" 1", b" 1 -1", b" 1 x", b" 1 1 1", b" 1 1.5"])
def test_top_without_two_numbers_is_refused(argument: bytes) -> None:
    assert opened().say(b"TOP" + argument + b"\r\n") == b"-ERR expected a message number and a number of lines\r\n"


def test_top_reads_no_further_than_it_has_to() -> None:
    world = opened(messages=[b"a: b\n\nbody\n" + b"x" * 1000])
    world.broken[1] = 20
    assert world.say(b"TOP 1 1\r\n") == b"+OK\r\na: b\r\n\r\nbody\r\n.\r\n"


def test_a_message_that_cannot_be_read_is_refused_and_the_session_goes_on() -> None:
    world = opened()
    world.broken[2] = 0
    assert world.say(b"RETR 2\r\nNOOP\r\n") == b"-ERR [SYS/PERM] this message cannot be read\r\n+OK\r\n"


def test_a_message_that_breaks_in_the_middle_ends_the_session_and_never_looks_whole() -> None:
    world = opened()
    world.broken[1] = 14
    answer = world.say(b"RETR 1\r\nNOOP\r\n")
    assert answer == b"+OK %d octets\r\nSubject: one\r\n\r\n" % SIZES[0]
    assert world.over == "a message could not be read to its end"


# DELE, RSET, QUIT


def test_a_deleted_message_is_in_no_answer_and_no_number_moves() -> None:
    world = opened()
    assert world.say(b"DELE 2\r\n").startswith(b"+OK")
    assert world.say(b"STAT\r\n") == b"+OK 2 %d\r\n" % (SIZES[0] + SIZES[2])
    assert world.say(b"LIST\r\n").endswith(b"\r\n1 %d\r\n3 %d\r\n.\r\n" % (SIZES[0], SIZES[2]))
    assert world.say(b"UIDL\r\n") == b"+OK\r\n1 id-1\r\n3 id-3\r\n.\r\n"
    assert world.say(b"UIDL 3\r\n") == b"+OK 3 id-3\r\n"


@pytest.mark.parametrize("command", [b"LIST 2", b"UIDL 2", b"RETR 2", b"TOP 2 0", b"DELE 2"])
def test_a_deleted_message_cannot_be_named(command: bytes) -> None:
    world = opened()
    world.say(b"DELE 2\r\n")
    assert world.say(command + b"\r\n") == b"-ERR no such message\r\n"


def test_rset_brings_deleted_messages_back() -> None:
    world = opened()
    world.say(b"DELE 1\r\nDELE 2\r\n")
    assert world.say(b"RSET\r\nSTAT\r\n") == b"+OK 3 messages (%d octets)\r\n+OK 3 %d\r\n" % (sum(SIZES), sum(SIZES))
    world.say(b"QUIT\r\n")
    assert world.commits == [()]


def test_quit_removes_what_was_deleted_and_says_so_afterwards() -> None:
    world = opened()
    world.session.receive(b"DELE 3\r\nDELE 1\r\nQUIT\r\n")
    assert world.session.take().count(b"\r\n") == 2
    assert world.settle() == b"+OK bye\r\n"
    assert world.commits == [(1, 3)]
    assert world.over == "quit"


def test_quit_says_how_many_messages_could_not_be_removed() -> None:
    world = opened()
    world.stuck = {2, 3}
    assert world.say(b"DELE 1\r\nDELE 2\r\nDELE 3\r\nQUIT\r\n").endswith(
        b"\r\n-ERR [SYS/TEMP] 2 messages could not be removed\r\n"
    )
    assert world.over == "quit"


def test_quit_before_login_has_nothing_to_remove() -> None:
    world = World()
    assert world.say(b"USER alice\r\nQUIT\r\n") == b"+OK\r\n+OK bye\r\n"
    assert world.commits == []
    assert world.over == "quit"


def test_what_follows_quit_is_thrown_away() -> None:
    world = opened()
    assert world.say(b"DELE 1\r\nQUIT\r\nRSET\r\nNOOP\r\n").endswith(b"+OK bye\r\n")
    assert world.session.buffered == 0


def test_a_session_ended_from_outside_says_why_and_removes_nothing() -> None:
    world = opened()
    world.say(b"DELE 1\r\n")
    world.session.leave(Refusal(Code.SYS_TEMP, "server shutting down"), "shutdown")
    assert world.settle() == b"-ERR [SYS/TEMP] server shutting down\r\n"
    assert world.over == "shutdown"
    assert world.commits == []
