"""What the log is written to, line by line: it may be full, or nobody may read it, and nothing waits for it."""

import asyncio
import os
import pty
import socket
import tempfile
from collections.abc import Coroutine, Iterator
from fcntl import F_SETPIPE_SZ, fcntl

import pytest

from mtq.ledger import Event, Ledger, Remark
from mtq.server.stream import AGAIN, WAITING, Stream
from tests.server.turning import TurningLoop, settle, turning

LINE = "session {}: from 192.0.2.7 on pop3: quit; 20 octets out, 6 in, 0.0 s\n"
LOST = 3 * WAITING // len(LINE)
"""So many lines that there is no room for all of them anywhere."""


class Desk:
    """A stream, and what is remarked of it."""

    def __init__(self, descriptor: int | None) -> None:
        self.said: list[str] = []
        ledger = Ledger()
        ledger.listen(lambda _, event: self._hear(event))
        self.stream = Stream(descriptor, ledger)

    def write(self, lines: int) -> None:
        """Write so many lines, each with its number."""
        for number in range(lines):
            self.stream.write(LINE.format(number))

    def _hear(self, event: Event) -> None:
        assert isinstance(event, Remark)
        self.said.append(event.text)


def run(test: Coroutine[None, None, None]) -> None:
    """Run a test on a loop whose time it turns."""
    with asyncio.Runner(loop_factory=TurningLoop) as runner:
        runner.run(test)


async def later() -> None:
    """Let the time pass after which what found no room is tried again."""
    turning().turn(AGAIN)
    await settle()


class Pipe:
    """A pipe with little room."""

    def __init__(self) -> None:
        self.reader, self.writer = os.pipe()
        fcntl(self.writer, F_SETPIPE_SZ, 4096)
        os.set_blocking(self.reader, False)

    def read(self) -> str:
        """What is in it."""
        return os.read(self.reader, 1 << 20).decode()

    async def read_on(self) -> str:
        """What comes out of it until nothing more does."""
        came = ""
        try:
            while True:
                came += self.read()
                await later()
        except BlockingIOError:
            return came


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    os.close(pipe.reader)
    os.close(pipe.writer)


def test_lines_of_one_turn_of_the_loop_are_written_together() -> None:
    async def test() -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)      # one datagram a write
        with ours, theirs:
            desk = Desk(theirs.fileno())
            desk.write(3)
            await settle()
            desk.write(1)
            await settle()
            assert ours.recv(4096).decode() == "".join(LINE.format(number) for number in range(3))
            assert ours.recv(4096).decode() == LINE.format(0)

    run(test())


def test_where_no_loop_runs_a_line_is_written_at_once() -> None:
    with tempfile.TemporaryFile() as file:
        Desk(file.fileno()).write(1)
        file.seek(0)
        assert file.read().decode() == LINE.format(0)


def test_more_than_may_wait_is_written_in_one_turn_where_there_is_room() -> None:
    async def test() -> None:
        with tempfile.TemporaryFile() as file:
            desk = Desk(file.fileno())
            desk.write(LOST)
            await settle()
            assert file.seek(0, os.SEEK_END) == sum(len(LINE.format(number)) for number in range(LOST))
            assert (desk.stream.lost, desk.said) == (0, [])

    run(test())


def test_lines_that_nobody_reads_are_lost_and_told_of_once(pipe: Pipe) -> None:
    async def test() -> None:
        desk = Desk(pipe.writer)
        for _ in range(3):
            desk.write(LOST)
            await later()
        assert desk.said == ["the log cannot be written: nobody reads it; mail goes on"]
        assert desk.stream.lost > LOST

    run(test())


def test_a_journal_or_a_terminal_that_has_stopped_holds_up_nobody() -> None:
    async def test() -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        terminal, keyboard = pty.openpty()
        with ours, theirs:
            for descriptor in (theirs.fileno(), keyboard):
                desk = Desk(descriptor)
                for _ in range(10):      # what the kernel takes, and more
                    desk.write(LOST)
                    await later()
                assert desk.said == ["the log cannot be written: nobody reads it; mail goes on"]
                desk.stream.close()
        os.close(terminal)
        os.close(keyboard)

    run(test())


def test_when_somebody_reads_again_lines_come_whole_and_it_is_said_how_many_did_not(pipe: Pipe) -> None:
    async def test() -> None:
        desk = Desk(pipe.writer)
        desk.write(LOST)
        await settle()
        assert desk.stream.lost
        lines = (await pipe.read_on()).splitlines(keepends=True)
        assert lines == [LINE.format(number) for number in range(LOST - desk.stream.lost)]
        assert desk.said[1:] == [f"the log can be written again; lines that were lost: {desk.stream.lost}"]
        desk.write(1)
        await settle()
        assert pipe.read() == LINE.format(0)

    run(test())


def test_each_trouble_is_told_of_with_its_own_losses(pipe: Pipe) -> None:
    async def test() -> None:
        desk = Desk(pipe.writer)
        lost = []
        for _ in range(2):
            desk.write(LOST)
            await pipe.read_on()
            lost.append(desk.stream.lost)
        assert desk.said[1] == f"the log can be written again; lines that were lost: {lost[0]}"
        assert desk.said[3] == f"the log can be written again; lines that were lost: {lost[1] - lost[0]}"

    run(test())


def test_a_reader_that_is_only_slow_loses_nothing(pipe: Pipe) -> None:
    async def test() -> None:
        desk = Desk(pipe.writer)
        came = ""
        for number in range(200):
            desk.write(10)
            if number % 4 == 0:
                came += pipe.read() if number else ""
                await later()
            await settle()
        came += await pipe.read_on()
        assert (came.count("\n"), desk.stream.lost, desk.said) == (2000, 0, [])

    run(test())


def test_a_reader_that_has_gone_is_told_of(pipe: Pipe) -> None:
    async def test() -> None:
        os.close(pipe.reader)
        desk = Desk(pipe.writer)
        desk.write(1)
        await settle()
        await later()
        assert desk.said == ["the log cannot be written: broken pipe; mail goes on"]
        pipe.reader, unused = os.pipe()
        os.close(unused)

    run(test())


def test_a_full_disk_is_told_of_though_nothing_is_lost_yet() -> None:
    async def test() -> None:
        full = os.open("/dev/full", os.O_WRONLY)
        desk = Desk(full)
        desk.write(1)
        await settle()
        await later()
        os.close(full)
        assert desk.said == ["the log cannot be written: no space left on device; mail goes on"]
        assert (desk.stream.trouble, desk.stream.lost) == ("no space left on device", 0)

    run(test())


def test_the_descriptor_that_others_have_too_is_left_as_it_was(pipe: Pipe) -> None:
    async def test() -> None:
        desk = Desk(pipe.writer)
        desk.write(LOST)
        await later()
        assert os.get_blocking(pipe.writer)

    run(test())


def test_a_descriptor_that_does_not_block_is_a_pipe_like_any_other(pipe: Pipe) -> None:
    async def test() -> None:
        os.set_blocking(pipe.writer, False)
        desk = Desk(pipe.writer)
        desk.write(LOST)
        assert (await pipe.read_on()).count("\n") == LOST - desk.stream.lost

    run(test())


def test_without_a_descriptor_nothing_is_written_and_nothing_is_wrong() -> None:
    desk = Desk(None)
    desk.write(1)
    desk.stream.flush()
    assert (desk.said, desk.stream.lost) == ([], 0)
