"""What targets with sockets share: a client that says what it has to say, and what it is told."""

import asyncio
from contextlib import suppress

from mtq.control import wire
from mtq.control.wire import Code, Failure, Notification, Result


async def say(writer: asyncio.StreamWriter, pieces: list[bytes]) -> None:
    """Send these. Who has hung up does not get them all."""
    with suppress(ConnectionError):
        for piece in pieces:
            writer.write(piece)
            await writer.drain()


async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    """Say that nothing more will be sent; all that is told until the other side hangs up."""
    said = b""
    with suppress(ConnectionError):
        writer.write_eof()
    with suppress(ConnectionError):
        while more := await reader.read(65536):
            said += more
    writer.close()
    return said


def sound(said: bytes) -> list[Result | Failure | Notification]:
    """What the control socket has said: whole lines, each an answer or an event, and no internal error among them."""
    *lines, rest = said.split(b"\n")
    assert rest == b"", rest
    answers = [wire.reply(line) for line in lines]
    assert not any(isinstance(a, Failure) and a.code == Code.INTERNAL for a in answers), answers
    return answers
