"""A whole server on loopback. The first octet says how what it is sent is cut: up to RS (0x1E) by a POP3 client, and
while that one is still there, what comes after it by an administrator on the control socket.

Both are answered and hung up on, nothing inside goes wrong, and the server stops with nothing left running.
"""

import asyncio
import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

import uvloop

from tests.fuzz.loopback import Client, serving, sound
from tests.house import WAIT, House
from tests.protocol.naive import cut

SERVICES = """
[services.pop3]
listen = ["127.0.0.1:{pop3}"]
plaintext_auth = "always"
mechanisms = ["plain", "login", "scram-sha-256", "apop"]
folders = "all"
remove_invalid_message_id = true

[services.pop3.proxy]
enabled = true
allow = ["127.0.0.1:1"]
"""
"""Nobody listens on port 1."""

LETTERS = {"one": b"Subject: one\nMessage-ID: none\n\n.first\nsecond\n", "two": b"Subject: two\r\n\r\nlast"}

PAUSE = 0.005
"""Seconds after which a login is mostly through: the administrator comes then, or at once."""


def check(octets: bytes) -> None:
    size = 1 + 16 * int.from_bytes(octets[:1])
    by_client, _, by_administrator = octets[1:].partition(b"\x1e")
    house = _house()
    house.lay("fred", **LETTERS)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        both = _pieces(by_client, size), PAUSE if size & 16 else 0.0, _pieces(by_administrator, size)
        said, told = runner.run(_conversation(house, *both))
    greeting, *answers = said.split(b"\r\n")
    assert greeting.startswith(b"+OK mtq ready")
    assert answers == [b""] or answers[0].startswith((b"+OK", b"-ERR", b"+ ")), answers
    sound(told)


def _pieces(sent: bytes, size: int) -> list[bytes]:
    return cut(sent, range(size, len(sent), size))


@cache
def _house() -> House:
    """Configuration, user and certificate, the same for every input."""
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder)
    house = House(Path(folder), services=SERVICES)
    house.user("fred", "secret")
    house.certify()
    return house


async def _conversation(
    house: House, by_client: list[bytes], pause: float, by_administrator: list[bytes]
) -> tuple[bytes, bytes]:
    """All that the two are told by a server of their own."""
    loop = asyncio.get_running_loop()
    async with serving(house), asyncio.timeout(WAIT):
        _, client = await loop.create_connection(Client, "127.0.0.1", house.pop3)
        await client.say(by_client)
        await asyncio.sleep(pause)
        _, administrator = await loop.create_unix_connection(Client, str(house.config.server.control_socket))
        await administrator.say(by_administrator)
        told = await administrator.hear_all()
        return await client.hear_all(), told
