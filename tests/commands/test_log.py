"""`mtq log`: what the running server has to say."""

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import pytest

from tests.commands.desk import Run
from tests.house import MTQ, WAIT, House, wait_for_line
from tests.server.pop import Client


def talk(house: House) -> None:
    """Something that the log will have a line of."""
    with Client(house.pop3) as client:
        client.login()
        client.ask(b"QUIT")


def test_the_last_lines_are_told(house: House, run: Run) -> None:
    with house.serving() as running:
        talk(house)
        running.closed()
        lines = run("log", "-n", "2").out.splitlines()
    assert len(lines) == 2
    at, level, text = lines[1].split(maxsplit=2)
    assert datetime.fromisoformat(at).tzinfo is not None
    assert level == "info"
    assert text.startswith("session 1: from 127.0.0.1 on pop3, as fred: quit; ")


def test_as_json_each_line_is_an_object(house: House, run: Run) -> None:
    with house.serving() as running:
        talk(house)
        running.closed()
        rows = [json.loads(line) for line in run("log", "--json").out.splitlines()]
    assert {tuple(row) for row in rows} == {("at", "level", "text")}
    assert rows[-1]["text"].startswith("session 1: from ")


@pytest.mark.parametrize("count", ["0", "1001", "x"])
def test_there_are_only_so_many(run: Run, count: str) -> None:
    assert run("log", "--lines", count).complaint[0] == 2


def test_without_a_server_it_is_exit_code_4(run: Run) -> None:
    assert run("log").complaint[0] == 4
    assert run("log", "-f").complaint[0] == 4


@contextmanager
def following(house: House, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """`mtq log -f` in a terminal of its own."""
    command = ["env", "--default-signal=INT", MTQ, "--config", str(house.file), "log", "-f", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as log:
        try:
            yield log
        finally:
            log.kill()


def next_line(log: "subprocess.Popen[str]") -> str:
    """What it tells next."""
    assert log.stdout is not None
    return log.stdout.readline()


def test_what_comes_is_told_until_somebody_interrupts(house: House) -> None:
    with house.serving() as running, following(house, "-n", "1") as log:
        before = next_line(log)
        running.wait_until(lambda: running.server is not None)
        talk(house)
        seen = [before]
        while "quit;" not in seen[-1]:
            seen.append(next_line(log))
        assert len(seen) == len(set(seen)), "a line was told twice"
        log.send_signal(signal.SIGINT)
        assert log.wait(WAIT) == 0
        assert log.stderr is not None
        assert log.stderr.read() == ""


def test_the_end_of_the_server_ends_it_with_a_word(house: House) -> None:
    with house.process() as server, following(house, "-n", "1") as log:
        assert next_line(log)
        server.terminate()
        wait_for_line(server, "stopped")
        assert log.stdout is not None
        assert "stopping" in log.stdout.read()
        assert log.wait(WAIT) == 1
        assert log.stderr is not None
        assert log.stderr.read() == "mtq: the server has ended\n"


def test_a_reader_that_goes_away_is_no_trouble(house: House) -> None:
    with house.process(), following(house) as log:
        assert next_line(log)
        assert log.stdout is not None
        log.stdout.close()
        talk(house)
        assert log.wait(WAIT) == 1
        assert log.stderr is not None
        assert log.stderr.read() == ""
