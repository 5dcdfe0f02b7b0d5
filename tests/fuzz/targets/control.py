"""The control socket: the first octet says how the rest, which a client sends, is cut.

Each line has one answer at most, in JSON, and none is an internal error; then the connection ends. The same lines are
shown to the other end, as if a server had said them.
"""

import asyncio
import socket
from collections.abc import Mapping
from contextlib import suppress

from mtq.control import wire
from mtq.control.caller import Caller, Desk
from mtq.control.events import Events
from mtq.control.methods import SIGNATURES, Handler, Methods
from mtq.control.wire import NotAnAnswer
from mtq.ledger import Ledger
from mtq.server.log import Log
from mtq.server.stream import Stream
from tests.fuzz.loopback import Client, sound
from tests.house import WAIT
from tests.protocol.naive import cut

Row = Mapping[str, object]


def check(octets: bytes) -> None:
    size, sent = 1 + 16 * int.from_bytes(octets[:1]), octets[1:]
    with asyncio.Runner() as runner:
        said = runner.run(_conversation(cut(sent, range(size, len(sent), size))))
    assert len(sound(said)) <= sent.count(b"\n") + 1
    for line in sent.split(b"\n"):
        with suppress(NotAnAnswer):
            wire.reply(line)


async def _conversation(pieces: list[bytes]) -> bytes:
    """What a client is answered that sends these and then no more."""
    loop = asyncio.get_running_loop()
    faults: list[str] = []
    loop.set_exception_handler(lambda _, context: faults.append(str(context)))
    desk = _desk()
    ours, theirs = socket.socketpair()
    await loop.connect_accepted_socket(lambda: Caller(desk), theirs)
    _, client = await loop.create_unix_connection(Client, sock=ours)
    async with asyncio.timeout(WAIT):
        await client.say(pieces)
        said = await client.hear_all()
        await desk.nobody.wait()
    assert not faults, faults
    return said


def _desk() -> Desk:
    """Every method of the protocol: each does nothing, those of services after a while."""
    ledger = Ledger()
    log = Log("info", as_json=False, stream=Stream(None, ledger))
    ledger.listen(log)

    def at_once(**_: object) -> Row:
        return {}

    async def later(**_: object) -> Row:
        await asyncio.sleep(0)
        return {"rows": []}

    handlers: dict[str, Handler] = {name: later if name.startswith("service.") else at_once for name in SIGNATURES}
    return Desk(Methods(handlers), Events(ledger, log, lambda _: None, list), ledger)
