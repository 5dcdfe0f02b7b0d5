"""A client's connected socket: what its protocol is told, and what comes out at the other end."""

import asyncio
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable

import pytest
import uvloop

from mtq import tls
from mtq.channel import HIGH, Channel
from tests.house import WAIT, LoopFactory

LOOPS = pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
LARGE = bytes(range(256)) * 40_000

Contexts = tuple[ssl.SSLContext, ssl.SSLContext]
"""A server's and a client's."""


class Ear(asyncio.Protocol):
    """Remembers what it was told."""

    def __init__(self, keeps_half: bool = False) -> None:
        self.told: list[str] = []
        self.heard = b""
        self.lost: Exception | None = None
        self._keeps_half = keeps_half
        self._news = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._tell("made")

    def data_received(self, data: bytes) -> None:
        self.heard += data
        self._tell("data")

    def eof_received(self) -> bool:
        self._tell("end")
        return self._keeps_half

    def pause_writing(self) -> None:
        self._tell("pause")

    def resume_writing(self) -> None:
        self._tell("resume")

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = exc
        self._tell("lost")

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until this holds."""
        async with asyncio.timeout(WAIT):
            while not condition():
                self._news.clear()
                await self._news.wait()

    def _tell(self, what: str) -> None:
        if what != "data":
            self.told.append(what)
        self._news.set()


class Client:
    """The other end."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def until_end(self) -> bytes:
        """Everything that comes."""
        async with asyncio.timeout(WAIT):
            return await self.reader.read()


@pytest.fixture(scope="module")
def contexts(tmp_path_factory: pytest.TempPathFactory) -> Contexts:
    """A server's and a client's."""
    folder = tmp_path_factory.mktemp("tls")
    tls.make_if_due(folder / "cert.pem", folder / "key.pem", "localhost")
    return (
        tls.server_context(folder / "cert.pem", folder / "key.pem", "1.2"),
        ssl.create_default_context(cafile=folder / "ca.pem"),
    )


class Stage:
    """The event loop of a scene, the two ends of a connection, and the client at one of them."""

    def __init__(self, ends: tuple[socket.socket, socket.socket]) -> None:
        self.loop = asyncio.get_running_loop()
        self.ours, self.theirs = ends
        for end in (self.ours, self.theirs):
            end.setblocking(False)
        self.ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)      # it takes little before it is full
        self._client: Client | None = None

    def begun(self, ear: "Ear") -> Channel:
        """A channel in the clear."""
        channel = Channel(self.loop, self.ours, ear)
        channel.begin()
        return channel

    def secured(self, ear: "Ear", context: ssl.SSLContext) -> "tuple[Channel, asyncio.Future[OSError | None]]":
        """A channel that begins with a handshake, and what becomes of that."""
        channel, done = Channel(self.loop, self.ours, ear), self.loop.create_future()
        channel.secure(context, done.set_result)
        return channel, done

    async def call(self, context: ssl.SSLContext | None = None) -> Client:
        """The client, with its part of a handshake done if it has a context."""
        name = None if context is None else "localhost"
        self._client = Client(*await asyncio.open_connection(sock=self.theirs, ssl=context, server_hostname=name))
        return self._client

    def clear(self) -> None:
        """Both ends go."""
        if self._client is not None:
            self._client.writer.close()
        self.theirs.close()
        self.ours.close()


def play(
    loop: LoopFactory,
    scene: Callable[[Stage], Awaitable[None]],
    ends: Callable[[], tuple[socket.socket, socket.socket]] = socket.socketpair,
) -> None:
    """Run a scene; nothing may go wrong unseen in it."""
    faults: list[str] = []

    async def staged() -> None:
        stage = Stage(ends())
        stage.loop.set_exception_handler(lambda _, context: faults.append(str(context)))
        try:
            await scene(stage)
        finally:
            stage.clear()

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(staged())
    assert not faults


def connected() -> tuple[socket.socket, socket.socket]:
    """The two ends of a TCP connection."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        theirs = socket.create_connection(listening.getsockname())
        ours, _ = listening.accept()
    return ours, theirs


def reset(sock: socket.socket) -> None:
    """Be gone at once, as a machine that is switched off and on again."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


@LOOPS
def test_octets_pass_both_ways(loop: LoopFactory) -> None:
    async def scene(stage: Stage) -> None:
        ear = Ear()
        channel = stage.begun(ear)
        client = await stage.call()
        channel.write(b"+OK\r\n")
        client.writer.write(b"QUIT\r\n")
        await ear.until(lambda: ear.heard == b"QUIT\r\n")
        channel.close()
        assert await client.until_end() == b"+OK\r\n"
        await ear.until(lambda: "lost" in ear.told)
        assert (ear.told, ear.lost) == (["made", "lost"], None)

    play(loop, scene)


@LOOPS
@pytest.mark.parametrize("inside", [False, True], ids=["plain", "tls"])
def test_what_finds_no_room_waits_and_arrives_whole_before_the_end(
    loop: LoopFactory, contexts: Contexts,
    inside: bool,
) -> None:
    async def scene(stage: Stage) -> None:
        ear = Ear()
        if inside:
            channel, done = stage.secured(ear, contexts[0])
            client = await stage.call(contexts[1])
            assert await done is None
        else:
            channel, client = stage.begun(ear), await stage.call()
        channel.write(LARGE)
        channel.write(b"the end")
        assert channel.get_write_buffer_size() > HIGH
        assert ear.told[-1] == "pause"
        channel.close()
        assert not channel.closed
        assert await client.until_end() == LARGE + b"the end"
        await ear.until(lambda: "lost" in ear.told)
        assert channel.closed

    play(loop, scene)


@LOOPS
def test_the_protocol_goes_on_when_the_client_has_caught_up(loop: LoopFactory) -> None:
    async def scene(stage: Stage) -> None:
        ear = Ear()
        channel = stage.begun(ear)
        client = await stage.call()
        channel.write(LARGE)
        assert len(await client.reader.readexactly(len(LARGE))) == len(LARGE)
        await ear.until(lambda: ear.told == ["made", "pause", "resume"])
        assert channel.get_write_buffer_size() == 0
        channel.abort()

    play(loop, scene)


@LOOPS
def test_a_handshake_begins_when_what_was_written_is_sent(loop: LoopFactory, contexts: Contexts) -> None:
    async def scene(stage: Stage) -> None:
        ear = Ear()
        channel = stage.begun(ear)
        client = await stage.call()
        channel.write(LARGE)
        done = stage.loop.create_future()
        channel.secure(contexts[0], done.set_result)
        assert len(await client.reader.readexactly(len(LARGE))) == len(LARGE)
        await client.writer.start_tls(contexts[1], server_hostname="localhost")
        assert await done is None
        channel.write(b"inside")
        assert await client.reader.readexactly(6) == b"inside"
        client.writer.write(b"STAT\r\n")
        await ear.until(lambda: ear.heard == b"STAT\r\n")
        assert channel.tls is not None
        channel.close()
        await ear.until(lambda: "lost" in ear.told)

    play(loop, scene)


@LOOPS
@pytest.mark.parametrize("sent", [b"USER fred\r\nPASS secret\r\n", b""], ids=["plain text", "a hang-up"])
def test_a_handshake_that_is_none_is_told_and_nothing_of_it_is_heard(
    loop: LoopFactory, contexts: Contexts,
    sent: bytes,
) -> None:
    async def scene(stage: Stage) -> None:
        ear = Ear()
        channel, done = stage.secured(ear, contexts[0])
        stage.theirs.send(sent) if sent else stage.theirs.shutdown(socket.SHUT_WR)
        assert isinstance(await done, OSError)
        channel.abort()
        await ear.until(lambda: ear.told == ["lost"])
        assert ear.heard == b""

    play(loop, scene)


@LOOPS
def test_a_handshake_that_is_cut_is_told_nothing(loop: LoopFactory, contexts: Contexts) -> None:
    async def scene(stage: Stage) -> None:
        ear = Ear()
        told: list[OSError | None] = []
        channel = Channel(stage.loop, stage.ours, ear)
        channel.secure(contexts[0], told.append)
        stage.theirs.send(b"\x16\x03\x01")
        channel.close()
        await ear.until(lambda: ear.told == ["lost"])
        assert told == []

    play(loop, scene)


@LOOPS
def test_a_client_that_sends_no_more_may_still_be_answered(loop: LoopFactory) -> None:
    async def scene(stage: Stage) -> None:
        ear = Ear(keeps_half=True)
        channel = stage.begun(ear)
        client = await stage.call()
        client.writer.write(b"QUIT\r\n")
        client.writer.write_eof()
        await ear.until(lambda: ear.told == ["made", "end"])
        channel.resume_reading()
        assert not channel.is_reading()
        channel.write(b"+OK\r\n")
        channel.close()
        assert await client.until_end() == b"+OK\r\n"

    play(loop, scene)


@LOOPS
def test_what_comes_during_a_pause_is_heard_afterwards(loop: LoopFactory) -> None:
    async def scene(stage: Stage) -> None:
        ear = Ear()
        channel = stage.begun(ear)
        channel.pause_reading()
        stage.theirs.send(b"NOOP\r\n")
        for _ in range(3):
            await asyncio.sleep(0)
        assert ear.heard == b""
        channel.resume_reading()
        await ear.until(lambda: ear.heard == b"NOOP\r\n")
        channel.abort()

    play(loop, scene)


@LOOPS
def test_what_is_left_inside_tls_is_heard_after_a_pause(loop: LoopFactory, contexts: Contexts) -> None:
    class Slow(Ear):
        """Pauses after each piece."""

        channel: Channel

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self.channel.pause_reading()
            asyncio.get_running_loop().call_soon(self.channel.resume_reading)

    async def scene(stage: Stage) -> None:
        ear = Slow()
        channel, done = stage.secured(ear, contexts[0])
        ear.channel = channel
        client = await stage.call(contexts[1])
        await done
        client.writer.write(LARGE)
        await ear.until(lambda: len(ear.heard) == len(LARGE))
        assert ear.heard == LARGE
        channel.abort()

    play(loop, scene)


@LOOPS
def test_a_protocol_that_fails_loses_its_channel_alone(loop: LoopFactory) -> None:
    class Failing(Ear):
        def data_received(self, data: bytes) -> None:
            raise LookupError(data.decode())

    async def scene(stage: Stage) -> None:
        caught: list[object] = []
        stage.loop.set_exception_handler(lambda _, context: caught.append(context["exception"]))
        ear = Failing()
        stage.begun(ear)
        stage.theirs.send(b"oops")
        await ear.until(lambda: "lost" in ear.told)
        assert [str(error) for error in caught] == ["oops"]
        assert ear.lost is caught[0]

    play(loop, scene)


@LOOPS
def test_a_buffered_protocol_has_what_comes_put_into_its_buffer(loop: LoopFactory) -> None:
    class Bowl(asyncio.BufferedProtocol):
        def __init__(self) -> None:
            self.view = memoryview(bytearray(8))
            self.had: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

        def get_buffer(self, sizehint: int) -> memoryview:
            return self.view

        def buffer_updated(self, nbytes: int) -> None:
            self.had.set_result(bytes(self.view[:nbytes]))

    async def scene(stage: Stage) -> None:
        channel = stage.begun(Ear())
        bowl = Bowl()
        channel.set_protocol(bowl)
        stage.theirs.send(b"soup")
        assert await asyncio.wait_for(bowl.had, WAIT) == b"soup"
        channel.abort()

    play(loop, scene)


@LOOPS
def test_a_client_that_is_gone_is_told_of_once(loop: LoopFactory) -> None:
    async def scene(stage: Stage) -> None:
        ear = Ear()
        channel = stage.begun(ear)
        stage.theirs.close()
        for _ in range(3):
            channel.write(b"anybody?\r\n")
        channel.close()
        channel.abort()
        await ear.until(lambda: "lost" in ear.told)
        await asyncio.sleep(0)
        assert ear.told == ["made", "lost"]
        assert isinstance(ear.lost, BrokenPipeError)

    play(loop, scene)


@LOOPS
@pytest.mark.parametrize("octets", [6, 30_000])
def test_what_came_before_a_reset_is_heard_and_then_the_reset(
    loop: LoopFactory, octets: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """uvloop tells of both together, once."""
    monkeypatch.setattr("mtq.channel.AT_ONCE", 1000)

    async def scene(stage: Stage) -> None:
        ear = Ear()
        stage.theirs.sendall(LARGE[:octets])
        reset(stage.theirs)
        stage.begun(ear)
        await ear.until(lambda: "lost" in ear.told)
        assert ear.heard == LARGE[:octets]
        assert isinstance(ear.lost, ConnectionResetError)

    play(loop, scene, connected)


@LOOPS
def test_a_reset_in_the_middle_of_a_handshake_is_its_end(loop: LoopFactory, contexts: Contexts) -> None:
    async def scene(stage: Stage) -> None:
        ear = Ear()
        channel, done = stage.secured(ear, contexts[0])
        stage.theirs.sendall(b"\x16\x03\x01\x02\x00\x01")
        reset(stage.theirs)
        assert isinstance(await asyncio.wait_for(done, WAIT), OSError)
        channel.abort()
        await ear.until(lambda: "lost" in ear.told)

    play(loop, scene, connected)


@LOOPS
def test_who_is_told_of_the_end_is_the_protocol_of_that_moment(loop: LoopFactory) -> None:
    """So what is handed over in the moment in which it ends has no heir that is told nothing."""

    async def scene(stage: Stage) -> None:
        first, second = Ear(), Ear()
        channel = stage.begun(first)
        channel.abort()
        channel.set_protocol(second)
        await second.until(lambda: second.told == ["lost"])
        assert first.told == ["made"]

    play(loop, scene)
