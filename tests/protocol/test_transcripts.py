"""Replays each transcript of `transcripts/`; a file more is a test more. `script` describes their format."""

from pathlib import Path

import pytest

from tests.protocol.naive import single_bytes
from tests.protocol.script import FOLDER, Script, parse, paths
from tests.protocol.world import World

SCRIPTS = [parse(path) for path in paths()]


def world_of(script: Script) -> World:
    return World(script.users, script.messages, script.features)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_the_server_answers_as_written(script: Script) -> None:
    world = world_of(script)
    greeting, *turns = script.turns
    assert greeting.read(world.greeting) == greeting.expected
    for turn in turns:
        assert turn.read(world.say(turn.sent)) == turn.expected


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_the_server_answers_the_same_byte_by_byte(script: Script) -> None:
    world = world_of(script)
    for turn in script.turns[1:]:
        assert turn.read(world.say_pieces(single_bytes(turn.sent))) == turn.expected


@pytest.mark.parametrize("script", [s for s in SCRIPTS if not s.features.stls], ids=lambda script: script.name)
def test_the_server_answers_the_same_to_one_packet(script: Script) -> None:
    one_by_one, at_once = world_of(script), world_of(script)
    sent = [turn.sent for turn in script.turns]
    assert at_once.say(b"".join(sent)) == one_by_one.say_pieces(sent)


def test_there_are_transcripts() -> None:
    assert {"apop", "errors", "pipelining", "rfc1939"} <= {script.name for script in SCRIPTS}
    assert len(SCRIPTS) == len(list(FOLDER.iterdir()))


def test_a_line_that_says_nothing_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "wrong.txt"
    path.write_text("C: NOOP\nX: what\n")
    with pytest.raises(ValueError, match=r"wrong\.txt: a line cannot begin with 'X'"):
        parse(path)


def test_an_open_end_fits_any_rest_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "short.txt"
    path.write_text("S: +OK...\n\nC: STAT\nC: NOOP\nS: +OK 2...\nS: +OK\n")
    greeting, turn = parse(path).turns
    assert greeting.read(b"+OK\r\n") == greeting.read(b"+OK ready\r\n") == greeting.expected
    assert turn.sent == b"STAT\r\nNOOP\r\n"
    assert turn.read(b"+OK 2 320\r\n+OK\r\n") == turn.expected
    assert turn.read(b"+OK 1 320\r\n+OK\r\n") != turn.expected
    assert turn.read(b"+OK 2 320\r\n+OK 3\r\n") != turn.expected
    assert turn.read(b"+OK 2 320\r\n") != turn.expected
