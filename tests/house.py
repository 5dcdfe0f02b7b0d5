"""A house of mail for a test: a configuration in a temporary folder, users, letters, and a server that serves it.

The server runs in a thread of the test's own process, under a guard that turns every blocking call on its event
loop into an error; whatever goes wrong inside it fails the test. It has its control socket, so that commands reach
it. `process` runs the real command instead.
"""

import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import uvloop
from blockbuster import BlockBuster

from mtq import tls
from mtq.config.model import Config
from mtq.config.paths import here
from mtq.config.read import load
from mtq.control.attach import attached
from mtq.control.claim import Claim, claim
from mtq.ledger import Event, Ledger, LoginFailed, Remark, SessionClosed, SessionOpened
from mtq.mail.deliver import deliver
from mtq.mail.root import MailRoot
from mtq.server.log import Log
from mtq.server.privsep.privileges import Direct
from mtq.server.run import Server
from mtq.server.stream import Stream
from mtq.server.systemd.handed import Handed
from mtq.users import passwd_file, schemes
from mtq.users.throttle import Penalty

MTQ = str(Path(sys.executable).with_name("mtq"))
"""The console script of the environment that runs the tests."""

SERVICES = """
[services.pop3]
listen = ["127.0.0.1:{pop3}"]
tls = "starttls"
{settings}

[services.pop3s]
listen = ["127.0.0.1:{pop3s}"]
tls = "implicit"
{settings}
"""

WAIT = 20.0
"""Seconds after which something that should have happened long ago fails the test."""

T = TypeVar("T")
LoopFactory = Callable[[], asyncio.AbstractEventLoop]


_GIVEN: set[int] = set()      # ports given to a test of this process: two services are not to get the same


def free_port() -> int:
    """A port nobody listens on, of those that the system gives to no outgoing connection meanwhile."""
    while True:
        port = random.randint(10_000, 32_000)
        if port in _GIVEN:
            continue
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("0.0.0.0", port))
            _GIVEN.add(port)
            return port


@dataclass
class House:
    """See the module's first lines. `settings` are further lines for both services, `server` for [server]."""

    folder: Path
    settings: str = ""
    server: str = ""
    services: str = SERVICES
    failure_delay: int = 0
    control_socket: str = "control.sock"
    pop3: int = field(default_factory=free_port)
    pop3s: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        self.file = self.folder / "mtq.toml"
        text = '[server]\nhostname = "localhost"\nstate_dir = "state"\n'
        text += f'control_socket = "{self.control_socket}"\n'
        text += f"auth_failure_delay = {self.failure_delay}\n{self.server}\n"
        text += self.services.format(pop3=self.pop3, pop3s=self.pop3s, settings=self.settings)
        self.file.write_text(text)
        self.config: Config = load(self.file)
        self._root = MailRoot(self.config.mailboxes.path)
        Path(self._root.folder or self.folder).mkdir(parents=True, exist_ok=True)

    def again(self) -> "House":
        """The same house with the configuration that is in its file now."""
        same = copy(self)
        same.config = load(self.file)
        return same

    @property
    def authority(self) -> Path:
        """The certificate that vouches for the server's."""
        return self.config.tls.certificate.parent / "ca.pem"

    def user(self, name: str, password: str, scheme: str = "PLAIN") -> None:
        """Add a user."""
        passwd_file.add(self.config.users.file, name, schemes.make(password.encode(), scheme))

    def mailbox(self, user: str) -> Path:
        """Where a user's mail is."""
        return Path(os.fsdecode(self._root.mailbox(user, "")))

    def deliver(self, user: str, *messages: bytes) -> None:
        """Deliver messages, as an MTA would, one after the other."""
        for message in messages:
            deliver(os.fsencode(self.mailbox(user)), iter([message]))

    def lay(self, user: str, **messages: bytes) -> None:
        """Put files into `cur` under names of the test's choosing, as another program would."""
        for subfolder in ("tmp", "new", "cur"):
            (self.mailbox(user) / subfolder).mkdir(parents=True, exist_ok=True)
        for name, message in messages.items():
            (self.mailbox(user) / "cur" / f"{name}:2,").write_bytes(message)

    def stored(self, user: str) -> list[bytes]:
        """The messages that are in the mailbox, by name."""
        files = [file for sub in ("new", "cur") for file in (self.mailbox(user) / sub).iterdir()]
        return [file.read_bytes() for file in sorted(files, key=lambda file: file.name)]

    def certify(self) -> None:
        """Make the server's certificate, as a first start does."""
        tls.make_if_due(self.config.tls.certificate, self.config.tls.key, "localhost")

    @contextmanager
    def serving(
        self, loop: LoopFactory = uvloop.new_event_loop, handed: Handed | None = None
    ) -> Iterator["Running"]:
        """Serve in a thread of this process, by the configuration as it is now."""
        self.config = load(self.file)
        self.certify()
        running = Running(self.file, self.config, loop, handed)
        try:
            running.wait_until(lambda: running.ready)
            yield running
        finally:
            running.stop()
        assert not running.faults
        assert not self._open_files(), "the server has left files open"

    def _open_files(self) -> list[str]:
        """Files of the house that this process has open."""
        links = []
        for fd in os.listdir("/proc/self/fd"):
            with suppress(FileNotFoundError):
                links.append(os.readlink(f"/proc/self/fd/{fd}"))
        return [link for link in links if link.startswith(f"{self.folder}/")]

    @contextmanager
    def process(self, through: Sequence[str] = ()) -> Iterator[subprocess.Popen[str]]:
        """Serve by the real command, `mtq serve`. `through` is a command that runs the command after it."""
        command = [*through, MTQ, "--config", str(self.file), "serve"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
            try:
                wait_for_line(server, "ready")
                yield server
            finally:
                if server.poll() is None:
                    server.send_signal(signal.SIGKILL)


class Running:
    """A server in a thread."""

    def __init__(self, file: Path, config: Config, loop: LoopFactory, handed: Handed | None = None) -> None:
        self._handed = handed
        self.ledger = Ledger()
        self.events: list[Event] = []
        self.faults: list[str] = []
        self.ready = False
        self.server: Server
        self._loop: asyncio.AbstractEventLoop
        self._changed = threading.Condition()
        self.log = Log("debug", as_json=False, stream=Stream(None, self.ledger))
        self.ledger.listen(self.log)
        self.ledger.listen(self._entered)
        claimed = claim(config.server.control_socket)
        self._thread = threading.Thread(target=self._run, args=(file, config, claimed, loop))
        self._thread.start()

    def ask_to_stop(self) -> None:
        """Do what SIGTERM does."""
        self._loop.call_soon_threadsafe(self.server.stopping.set)

    def do(self, work: Coroutine[None, None, T]) -> T:
        """Have the server do something, and wait for the outcome."""
        return self.begin(work).result(WAIT)

    def begin(self, work: Coroutine[None, None, T]) -> Future[T]:
        """Have the server begin to do something."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def call(self, work: Callable[[], T]) -> T:
        """Do something on the server's event loop, and wait for the outcome."""

        async def calling() -> T:
            return work()

        return self.do(calling())

    @contextmanager
    def held_up(self, seconds: float = 0.0) -> Iterator[None]:
        """Keep the event loop from its work meanwhile, and for so long: what clients send is found afterwards."""
        over, (ours, theirs) = threading.Event(), socket.socketpair()

        def hold_up() -> None:
            self._loop.remove_reader(theirs)
            theirs.send(b"held up")
            until = self._loop.time() + seconds
            while not over.is_set() or self._loop.time() < until:
                pass

        with ours, theirs:
            theirs.setblocking(False)
            self.call(lambda: self._loop.add_reader(theirs, hold_up))
            ours.send(b"hold up")
            ours.recv(10)
            try:
                yield
            finally:
                over.set()
            self.call(lambda: None)

    def now(self) -> float:
        """What the server's event loop takes for the time."""
        return self._loop.time()

    def stop(self) -> None:
        """End the server and wait for it."""
        if self._thread.is_alive() and self.ready:
            self.ask_to_stop()
        self._thread.join(WAIT)
        assert not self._thread.is_alive()

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Wait for something to happen in the server."""
        with self._changed:
            assert self._changed.wait_for(lambda: condition() or not self._thread.is_alive(), WAIT), self.events
        assert condition(), self.faults

    def closed(self, number: int = 1) -> list[SessionClosed]:
        """Wait until so many sessions have been decided, and say how."""
        self.wait_until(lambda: len(self._closed()) >= number)
        return self._closed()

    def penalties(self) -> list[Penalty]:
        """What stands against addresses."""
        return self.server.throttle.penalties(self._loop.time())

    def opened(self) -> int:
        """How many sessions have begun."""
        return sum(isinstance(event, SessionOpened) for event in self.events)

    def failures(self) -> int:
        """How many logins have failed."""
        return sum(isinstance(event, LoginFailed) for event in self.events)

    @property
    def remarks(self) -> list[str]:
        """What was remarked in the log."""
        return [event.text for event in self.events if isinstance(event, Remark)]

    def _closed(self) -> list[SessionClosed]:
        return [event for event in self.events if isinstance(event, SessionClosed)]

    def _run(self, file: Path, config: Config, claimed: Claim, loop: LoopFactory) -> None:
        try:
            with asyncio.Runner(loop_factory=loop) as runner:
                runner.run(self._serve(file, config, claimed))
        finally:
            claimed.release()
            self._tell()

    async def _serve(self, file: Path, config: Config, claimed: Claim) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop.set_exception_handler(lambda _, context: self.faults.append(str(context)))
        self.server = Server(file, config, Direct(file, here()), self.ledger, self.log, self._handed)
        with guarded():
            async with attached(self.server, claimed, self.log):
                await self.server.start()
                self.ready = True
                self._tell()
                await self.server.stopping.wait()
                await self.server.stop()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        self.faults += [f"left running: {task}" for task in left]

    def _entered(self, _: datetime, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, Remark) and event.text.startswith("internal error"):
            self.faults.append(event.text)
        self._tell()

    def _tell(self) -> None:
        with self._changed:
            self._changed.notify_all()


@contextmanager
def guarded() -> Iterator[None]:
    """A blocking call on an event loop is an error here."""
    guard = BlockBuster()
    for name in ("threading.Lock.acquire", "threading.Lock.acquire_lock"):
        guard.functions[name].can_block_in("tests/house.py", {"_tell", "_entered"})
        guard.functions[name].can_block_in("tests/proxy/front.py", {"tell"})
    # The kernel's account of this very process, from memory.
    for name in ("io.BufferedReader.read", "os.listdir"):
        guard.functions[name].can_block_in("prometheus_client/process_collector.py", "collect")
    # The users file, looked at all the time, and a mailbox that the kernel has in its caches (mtq/mail/warm.py).
    for function in guard.functions.values():
        function.can_block_in("mtq/users/watched.py", "at_hand")
        function.can_block_in("mtq/mail/maildrop.py", "open_at_hand")
    guard.activate()
    try:
        yield
    finally:
        guard.deactivate()


def wait_for_line(process: "subprocess.Popen[str]", text: str) -> str:
    """Read a process's log up to the line that holds this text."""
    assert process.stderr is not None
    seen = []
    for line in process.stderr:
        seen.append(line)
        if text in line:
            return line
    raise AssertionError("".join(seen))
