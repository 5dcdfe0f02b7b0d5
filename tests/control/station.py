"""A station: a control socket that is served in a thread, with a ledger, a log and a few methods to call.

The event loop runs under the guard against blocking calls; what goes wrong on it fails the test. `process` serves
in a process of its own instead, which can be killed.
"""

import asyncio
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import uvloop

from mtq.control import rows
from mtq.control.claim import Claim, claim
from mtq.control.client import Client
from mtq.control.endpoint import Endpoint
from mtq.control.events import Events
from mtq.control.methods import Handler
from mtq.control.wire import VERSION
from mtq.ledger import Event, Ledger, Remark, SessionRecord
from mtq.server.log import Log
from mtq.server.stream import Stream
from tests.control.raw import Raw
from tests.house import WAIT, LoopFactory, guarded

T = TypeVar("T")

PROCESS = """
import sys
from pathlib import Path
from tests.control.station import Station

with Station(Path(sys.argv[1])).serving():
    print("serving", flush=True)
    sys.stdin.read()
"""


@dataclass
class Station:
    """See the module's first lines. `handlers`: methods besides `server.status`; `clumsy`: one of them may fail."""

    path: Path
    handlers: Mapping[str, Handler] = field(default_factory=dict)
    level: str = "info"
    idle: Callable[[SessionRecord], float | None] = lambda _: 1.5
    services: list[rows.Row] = field(default_factory=list)
    clumsy: bool = False
    ledger: Ledger = field(default_factory=Ledger)

    def __post_init__(self) -> None:
        self.log = Log(self.level, as_json=False, stream=Stream(None, self.ledger))
        self.ledger.listen(self.log)
        self.events = Events(self.ledger, self.log, self.idle, lambda: self.services)
        self.faults: list[str] = []
        self.remarks: list[str] = []
        self.ledger.listen(self._entered)
        self._loop: asyncio.AbstractEventLoop
        self._done: asyncio.Event

    @contextmanager
    def serving(
        self, loop: LoopFactory = uvloop.new_event_loop, claimed: Claim | None = None
    ) -> Iterator["Station"]:
        """Serve until the test is through, on what was claimed before or now."""
        held = claimed or claim(self.path)
        ready = threading.Event()

        async def serve() -> None:
            self._loop, self._done = asyncio.get_running_loop(), asyncio.Event()
            self._loop.set_exception_handler(lambda _, context: self.faults.append(str(context)))
            handlers = {"server.status": self.status, **self.handlers}
            endpoint = Endpoint(held, handlers, self.events, self.ledger, self.log)
            await self._loop.run_in_executor(None, int)      # the thread that waits for files is there
            with guarded():
                await endpoint.serve()
                ready.set()
                await self._done.wait()
                await endpoint.close()
            left = asyncio.all_tasks() - {asyncio.current_task()}
            self.faults.extend(f"left running: {task}" for task in left)

        def run() -> None:
            with asyncio.Runner(loop_factory=loop) as runner:
                runner.run(serve())

        thread = threading.Thread(target=run)
        thread.start()
        try:
            assert ready.wait(WAIT)
            yield self
        finally:
            self.stop()
            thread.join(WAIT)
        assert not thread.is_alive()
        assert not self.faults

    def stop(self) -> None:
        """End the endpoint; the thread is waited for when the test is through."""
        with suppress(RuntimeError):      # the loop is closed: it has ended
            self._loop.call_soon_threadsafe(self._done.set)

    def do(self, work: Callable[[], T]) -> T:
        """Do something on the event loop, and wait until it is done."""

        async def doing() -> T:
            return work()

        return asyncio.run_coroutine_threadsafe(doing(), self._loop).result(WAIT)

    def enter(self, *events: Event) -> None:
        """Have these events happen, at one go."""

        def enter() -> None:
            for event in events:
                self.ledger.enter(event)

        self.do(enter)

    def client(self) -> Client:
        """A client as commands use it."""
        return Client.connect(self.path)

    def raw(self) -> Raw:
        """A client that does just what a test tells it to."""
        return Raw(self.path)

    def status(self) -> rows.Row:
        """What `server.status` says here."""
        return {"protocol": VERSION, "sessions": len(self.ledger.sessions)}

    def _entered(self, _: datetime, event: Event) -> None:
        if isinstance(event, Remark):
            self.remarks.append(event.text)
            if event.text.startswith("internal error") and not self.clumsy:
                self.faults.append(event.text)


@contextmanager
def process(path: Path) -> Iterator["subprocess.Popen[str]"]:
    """Serve in a process of its own."""
    command = [sys.executable, "-c", PROCESS, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            assert server.stdout.readline() == "serving\n"
            yield server
        finally:
            server.send_signal(signal.SIGKILL)
