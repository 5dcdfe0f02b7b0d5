"""How a session flows: what waits for what, how much is taken and said at a time, and when it is enough."""

from dataclasses import replace

import pytest

from mtq.protocol.asks import Bye, Committed, Fetch, Login
from mtq.protocol.lines import COMMAND_LIMIT
from mtq.protocol.session import COMMANDS_AT_ONCE, MISTAKES_IN_A_ROW, OUTPUT_LIMIT, Session
from tests.protocol.naive import wire_text
from tests.protocol.world import MESSAGES, World, opened

OCTETS = sum(len(wire_text(message)) for message in MESSAGES)

# Limits


def test_twenty_mistakes_in_a_row_end_the_session_and_remove_nothing() -> None:
    world = opened()
    world.say(b"DELE 1\r\n")
    answer = world.say(b"BREAD please\r\n" * (MISTAKES_IN_A_ROW + 5))
    assert answer == b"-ERR unknown command\r\n" * MISTAKES_IN_A_ROW
    assert world.over == "too many mistakes"
    assert world.commits == []


@pytest.mark.parametrize("good", [b"NOOP\r\n", b"CAPA\r\n", b"RETR 1\r\n"])
def test_a_good_command_forgives_the_mistakes_before_it(good: bytes) -> None:
    world = opened()
    for _ in range(3):
        world.say(b"XYZZY\r\n" * (MISTAKES_IN_A_ROW - 1) + good)
    assert world.over is None


@pytest.mark.parametrize("mistake", [b"PASS x", b"NOOP x", b"TOP 1", b"LIST x", b"\0", b"", b"x" * 300])
def test_every_kind_of_mistake_counts(mistake: bytes) -> None:
    world = opened()
    world.say((mistake + b"\r\n") * MISTAKES_IN_A_ROW)
    assert world.over == "too many mistakes"


def test_a_line_too_long_is_refused_once_and_the_next_is_answered() -> None:
    assert opened().say(b"NOOP".ljust(COMMAND_LIMIT * 9) + b"\r\nNOOP\r\n") == b"-ERR line too long\r\n+OK\r\n"


# How it flows


def test_commands_sent_behind_a_login_wait_for_it() -> None:
    world = World()
    world.session.receive(b"USER alice\r\nPASS open sesame\r\nSTAT\r\n")
    assert world.session.take() == b"+OK\r\n"
    assert isinstance(world.session.ask, Login)
    assert world.session.buffered == len(b"STAT\r\n")
    world.session.receive(b"NOOP\r\n")
    assert world.session.take() == b""
    assert world.settle().endswith(b"+OK 3 %d\r\n+OK\r\n" % OCTETS)


def test_commands_sent_behind_a_message_wait_for_its_end() -> None:
    world = opened()
    world.session.receive(b"RETR 1\r\nNOOP\r\n")
    assert world.session.take() == b""
    assert world.session.ask == Fetch(1)
    assert world.settle().endswith(b"\r\n.\r\n+OK\r\n")


def test_answers_come_in_the_order_of_the_commands() -> None:
    batch = b"DELE 1\r\nLIST 1\r\nRETR 2\r\nTOP 3 0\r\nXYZZY\r\nUIDL\r\nRSET\r\nQUIT\r\n"
    assert opened().say(batch) == opened().say_pieces(batch.splitlines(keepends=True))


def said_in_turns(session: Session) -> list[bytes]:
    """What is said to the client, each time as much as is said in one go."""
    said = [session.take()]
    while session.full:
        session.receive(b"")
        said.append(session.take())
    return said


def test_a_client_that_does_not_read_is_not_answered_without_end() -> None:
    session = opened([b"message\n"] * 2_000).session
    session.receive(b"UIDL\r\n" * 12)
    said = said_in_turns(session)
    assert len(said) > 1
    assert max(map(len, said)) < 2 * OUTPUT_LIMIT
    assert b"".join(said).count(b"\r\n.\r\n") == 12


def test_so_many_commands_are_done_in_one_go_and_no_more() -> None:
    session = opened().session
    session.receive(b"NOOP\r\n" * 10_000)
    said = said_in_turns(session)
    assert max(said) == b"+OK\r\n" * COMMANDS_AT_ONCE
    assert b"".join(said) == b"+OK\r\n" * 10_000


@pytest.mark.parametrize("command", [b"LIST", b"UIDL"])
def test_a_long_list_is_said_no_faster_than_the_client_reads(command: bytes) -> None:
    world = opened([b"message\n"] * 20_000)
    session = world.session
    session.receive(command + b"\r\nNOOP\r\n")
    said = said_in_turns(session)
    assert max(map(len, said)) < 2 * OUTPUT_LIMIT
    rows = b"".join(said).splitlines(keepends=True)
    assert [row.split()[0] for row in rows[1:-2]] == [b"%d" % number for number in range(1, 20_001)]
    assert rows[-2:] == [b".\r\n", b"+OK\r\n"]


def test_ten_thousand_commands_in_one_packet_are_all_answered() -> None:
    assert opened().say(b"NOOP\r\nSTAT\r\n" * 5_000) == (b"+OK\r\n+OK 3 %d\r\n" % OCTETS) * 5_000


def test_only_a_complete_line_is_heard() -> None:
    session = World().session
    session.receive(b"US")
    assert (session.heard, session.buffered) == (0, 2)
    session.receive(b"ER alice\r\nCAPA\r\n\r\n")
    assert (session.heard, session.buffered) == (3, 0)


def test_a_line_too_long_is_heard_as_well() -> None:
    session = World().session
    session.receive(b"x" * 300)
    assert session.heard == 1


def test_what_was_taken_is_not_sent_twice() -> None:
    session = opened().session
    session.receive(b"NOOP\r\n")
    assert session.take() == b"+OK\r\n"
    assert session.take() == b""


def test_an_answer_to_something_else_is_a_bug_of_the_caller() -> None:
    session = opened().session
    session.receive(b"RETR 1\r\n")
    with pytest.raises(ValueError, match="Committed does not answer Fetch"):
        session.answer(Committed(0))
    session.ask = Bye("quit")
    with pytest.raises(ValueError, match="Features does not answer Bye"):
        session.answer(replace(session.features))


@pytest.mark.parametrize(
    "line", [b"GET / HTTP/1.1", b"POST /cgi HTTP/1.0", b"get /", b"PRI * HTTP/2.0", b"CONNECT a:1"]
)
def test_a_browser_is_hung_up_on_before_it_can_log_in(line: bytes) -> None:
    """ALPACA: the page that a browser was sent by has POP3 in the body of its request."""
    world = World()
    answer = world.say(line + b"\r\nHost: mail.example.com\r\n\r\nUSER fred\r\nPASS secret\r\nRETR 1\r\n")
    assert answer == b"-ERR this is a POP3 server\r\n"
    assert world.over == "speaks HTTP"
