"""The load client of the comparison: POP3 sessions, many at a time, in a process of its own.

    python benchmarks/client.py < JOB

A job is JSON (`Job`). What it did is printed as JSON. A client that is told to stay logs in, says `ready` and keeps
all its sessions open until its standard input ends. It checks that every answer is whole and none is an error.
"""

import asyncio
import json
import ssl
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field

import uvloop

LINE, TEXT = b"\r\n", b"\r\n.\r\n"
"""How an answer of one line ends, and one of several."""


@dataclass(frozen=True)
class Job:
    """What to do: so many sessions by these users in turn, each with its own commands between login and QUIT."""

    port: int
    users: list[str]
    sessions: int
    tls: bool = False
    at_once: int = 10
    ask: list[str] = field(default_factory=lambda: ["STAT"])
    messages: int = 0
    """So many are fetched by RETR."""

    window: int = 1
    """So many RETR are sent at a time."""

    stay: bool = False

    def written(self) -> bytes:
        """The job as the process reads it."""
        return json.dumps(asdict(self)).encode() + b"\n"


Step = tuple[bytes, bytes, int]
"""What is sent, how an answer to it ends, and how many answers there are."""


def steps(job: Job, user: str) -> Iterator[Step]:
    """A session."""
    yield b"", LINE, 1
    yield f"USER {user}\r\n".encode(), LINE, 1
    yield b"PASS secret\r\n", LINE, 1
    for command in job.ask:
        yield command.encode() + LINE, TEXT if command in ("LIST", "UIDL") else LINE, 1
    for first in range(1, job.messages + 1, job.window):
        numbers = range(first, min(first + job.window, job.messages + 1))
        yield b"".join(b"RETR %d\r\n" % number for number in numbers), TEXT, len(numbers)
    if not job.stay:
        yield b"QUIT\r\n", LINE, 1


class Talk(asyncio.Protocol):
    """One session. `over` has its outcome: the octets that came."""

    def __init__(self, script: Iterator[Step]) -> None:
        self._script = script
        self._end, self._left, self._tail = LINE, 0, b""
        self._octets = 0
        self._transport: asyncio.WriteTransport
        self.over: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport) or hasattr(transport, "write")
        self._transport = transport      # type: ignore[assignment]      # uvloop's are registered nowhere
        self._next()

    def data_received(self, data: bytes) -> None:
        self._octets += len(data)
        if not self._tail and not data.startswith(b"+OK"):
            self._end_with(RuntimeError(f"the server says {data[:80]!r}"))
            return
        seen = self._tail + data
        self._left -= seen.count(self._end)
        self._tail = seen[-(len(self._end) - 1) :]
        if self._left <= 0:
            self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_with(RuntimeError("the server has hung up"))

    def _next(self) -> None:
        step = next(self._script, None)
        if step is None:
            if not self.over.done():
                self.over.set_result(self._octets)
            return
        sent, self._end, self._left = step
        self._tail = b""
        if sent:
            self._transport.write(sent)

    def _end_with(self, error: Exception) -> None:
        if not self.over.done():
            self.over.set_exception(error)

    def close(self) -> None:
        """Hang up."""
        self._transport.close()


async def run(job: Job) -> int:
    """Do a job; the octets that came."""
    context: ssl.SSLContext | None = None
    if job.tls:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    loop, octets = asyncio.get_running_loop(), 0
    staying: list[Talk] = []

    async def one_after_another(numbers: Iterable[int]) -> None:
        nonlocal octets
        for number in numbers:
            user = job.users[number % len(job.users)]
            _, talk = await loop.create_connection(
                lambda user=user: Talk(steps(job, user)), "127.0.0.1", job.port, ssl=context      # type: ignore[misc]  # a default binds it
            )
            came = await asyncio.wait_for(talk.over, 120)
            octets += came
            staying.append(talk) if job.stay else talk.close()

    # Each has sessions of its own, and so users: who is quicker must not come to a mailbox that another has open.
    at_once = min(job.at_once, len(job.users))
    await asyncio.gather(*(one_after_another(range(first, job.sessions, at_once)) for first in range(at_once)))
    if job.stay:
        print("ready", flush=True)
        await loop.run_in_executor(None, sys.stdin.read)
    return octets


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps({"octets": runner.run(run(Job(**json.loads(sys.stdin.readline()))))}))
