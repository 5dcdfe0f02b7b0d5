"""A whole server on loopback: the first octet says how the rest, which a client sends, is cut.

It answers and hangs up, nothing inside goes wrong, and it stops with nothing left running.
"""

import asyncio
import atexit
import io
import shutil
import tempfile
from contextlib import suppress
from datetime import datetime
from functools import cache
from pathlib import Path

import uvloop

from mtq.config.paths import here
from mtq.ledger import Event, Ledger, Remark
from mtq.server.log import Log
from mtq.server.privsep.privileges import Direct
from mtq.server.run import Server
from tests.house import WAIT, House
from tests.protocol.naive import cut

SERVICES = """
[services.pop3]
listen = ["127.0.0.1:{pop3}"]
plaintext_auth = "always"
mechanisms = ["plain", "login", "scram-sha-256", "apop"]
folders = "all"
remove_invalid_message_id = true
"""

LETTERS = {"one": b"Subject: one\nMessage-ID: none\n\n.first\nsecond\n", "two": b"Subject: two\r\n\r\nlast"}


def check(octets: bytes) -> None:
    size, sent = 1 + 16 * int.from_bytes(octets[:1]), octets[1:]
    house = _house()
    house.lay("fred", **LETTERS)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        greeting, *answers = runner.run(_conversation(house, cut(sent, range(size, len(sent), size)))).split(b"\r\n")
    assert greeting.startswith(b"+OK mtq ready")
    assert not answers or answers[0].startswith((b"+OK", b"-ERR", b"+ ")) or answers == [b""], answers


@cache
def _house() -> House:
    """Configuration, user and certificate, the same for every input."""
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder)
    house = House(Path(folder), services=SERVICES)
    house.user("fred", "secret")
    house.certify()
    return house


async def _conversation(house: House, pieces: list[bytes]) -> bytes:
    """All that a client is told that sends these and then no more, by a server of its own."""
    faults: list[str] = []

    def entered(_: datetime, event: Event) -> None:
        if isinstance(event, Remark) and event.text.startswith("internal error"):
            faults.append(event.text)

    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(str(context)))
    ledger = Ledger()
    log = Log("debug", as_json=True, out=io.StringIO())
    ledger.listen(log)
    ledger.listen(entered)
    server = Server(house.file, house.config, Direct(house.file, here()), ledger, log)
    await server.start()
    try:
        said = await _said(house.pop3, pieces)
    finally:
        await server.stop()
    faults += [f"left running: {task}" for task in asyncio.all_tasks() - {asyncio.current_task()}]
    assert not faults, faults
    assert not ledger.sessions
    return said


async def _said(port: int, pieces: list[bytes]) -> bytes:
    said = b""
    async with asyncio.timeout(WAIT):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with suppress(ConnectionError):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            writer.write_eof()
        with suppress(ConnectionError):
            while more := await reader.read(65536):
                said += more
        writer.close()
    return said
