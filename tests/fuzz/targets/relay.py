"""A session at another server: the first octet says how often what is said is repeated, the second how it is cut, and
RS (0x1E) stands between what the client says and what the other server says.

Each hears what the other has said, octet by octet, whatever had been sent before the login was through.
"""

import asyncio
import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

import uvloop

from tests.fuzz.loopback import Client, serving
from tests.house import WAIT, House, free_port
from tests.protocol.naive import cut

SERVICES = """
[services.pop3]
listen = ["127.0.0.1:{pop3}"]
plaintext_auth = "always"

[services.pop3.proxy]
enabled = true
tls = "off"
allow = ["127.0.0.1:%d"]
"""

LONGEST = 1 << 17
"""Octets that one side says at most."""

MOST = 60
"""Pieces in which it says them."""

ANSWERS = {b"CAPA": b"-ERR\r\n", b"USER": b"+OK\r\n", b"PASS": b"+OK in\r\n"}

BEFORE = b"+OK mtq ready\r\n+OK\r\n+OK in\r\n"
"""What the client hears until it is in."""


def check(octets: bytes) -> None:
    times, size = 1 << (int.from_bytes(octets[:1]) & 15), 1 + int.from_bytes(octets[1:2])
    by_client, _, by_remote = (part * times for part in octets[2:].partition(b"\x1e"))
    said = by_client[:LONGEST], by_remote[:LONGEST]
    house, port = _house()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        heard = runner.run(_session(house, port, *(_pieces(side, size) for side in said)))
    assert heard == said


def _pieces(said: bytes, size: int) -> list[bytes]:
    size = max(size, len(said) // MOST)
    return cut(said, range(size, len(said), size))


@cache
def _house() -> tuple[House, int]:
    """Configuration and certificate, and the port of the other server: the same for every input."""
    folder, port = tempfile.mkdtemp(), free_port()
    atexit.register(shutil.rmtree, folder)
    house = House(Path(folder), services=SERVICES % port)
    house.certify()
    return house, port


async def _session(house: House, port: int, by_client: list[bytes], by_remote: list[bytes]) -> tuple[bytes, bytes]:
    """What the other server has heard, and what the client has; its first piece comes along with the password."""
    heard: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def remote(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"+OK\r\n")
        verb = b""
        while verb != b"PASS":
            verb = (await reader.readline())[:4]
            writer.write(ANSWERS[verb])
        _, all_of_it = await asyncio.gather(_say(writer, by_remote), reader.read())
        writer.close()
        heard.set_result(all_of_it)

    loop = asyncio.get_running_loop()
    async with serving(house), asyncio.timeout(WAIT):
        listening = await asyncio.start_server(remote, "127.0.0.1", port)
        _, client = await loop.create_connection(Client, "127.0.0.1", house.pop3)
        await client.say([b"USER fred#127.0.0.1:%d\r\nPASS x\r\n%b" % (port, by_client[0])])
        told, _ = await asyncio.gather(client.hear(len(BEFORE) + sum(map(len, by_remote))), client.say(by_client[1:]))
        client.close()
        by_first = await heard
        listening.close()
        assert told.startswith(BEFORE), told
        return by_first, told.removeprefix(BEFORE)


async def _say(writer: asyncio.StreamWriter, pieces: list[bytes]) -> None:
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
