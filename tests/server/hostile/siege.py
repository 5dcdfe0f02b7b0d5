"""A real server with hostile clients around it, what that costs it, and another client whom it is not to disturb."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from subprocess import Popen

from mtq.control.client import Client as Control
from mtq.server import room
from tests.house import SERVICES, WAIT, House, free_port
from tests.server.hostile import clients
from tests.server.hostile.attacks import MOST, SPARE, Attack
from tests.server.hostile.figures import Figure, descriptors, memory
from tests.server.pop import Client

ATTACKER = "127.0.0.2"
"""Where hostile clients come from, unless they come from everywhere."""

OTHERS = """
[services.others]
listen = ["127.0.0.1:{port}"]
tls = "implicit"
"""
"""The service of the client that is not to be disturbed: it has the usual limits and clocks."""

ON_TWO_CORES = ["taskset", "--cpu-list", ",".join(map(str, sorted(os.sched_getaffinity(0))[:2]))]
"""How the server runs, wherever the figures are taken: it has a password check at a time on each."""

SOON = 10
"""Questions to the server, one after the other, before its events are waited for: there may be none for a second."""

LETTER = b"Subject: bread\n\n" + b"Please bring bread.\n" * 500
ON_THE_WIRE = LETTER.replace(b"\n", b"\r\n")

Keep = Callable[[Figure], None]
Besieged = Callable[..., "AbstractContextManager[Siege]"]
"""Starts a server; takes further lines for both services, and for [server]."""


class Siege:
    """See the module's first line. Attacks are made within `attack`."""

    def __init__(self, house: House, others: int, server: "Popen[str]", control: Control, keep: Keep) -> None:
        self.house = house
        self._others = others
        self.control = control
        self._pid = server.pid
        self._keep = keep
        self._held = ExitStack()
        self._clients = self._sessions = self._descriptors = 0
        self._memory = self._slowest = 0.0

    # The hostile side

    def connect(self, port: int | None = None, source: str = ATTACKER) -> socket.socket:
        """One more client, which stays until the attack is over."""
        sock = socket.create_connection(
            ("127.0.0.1", port or self.house.pop3), timeout=WAIT, source_address=(source, 0)
        )
        self._clients += 1
        return self._held.enter_context(sock)

    def crowd(self, number: int, port: int | None = None, source: str = ATTACKER) -> list[socket.socket]:
        """So many of them."""
        return [self.connect(port, source) for _ in range(number)]

    def came(self, number: int = 1) -> None:
        """So many more, whose connections are another program's."""
        self._clients += number

    def log_in(self, user: str = "fred") -> socket.socket:
        """One that has a password."""
        sock = self.connect()
        heard = clients.log_in(sock, user)
        assert heard.count(b"+OK") == 3, heard
        return sock

    def log_in_inside_tls(self) -> Client:
        """The same inside TLS."""
        client = self._held.enter_context(Client(self.house.pop3s, authority=self.house.authority, source=ATTACKER))
        self._clients += 1
        assert client.login().startswith(b"+OK ")
        return client

    # The other side

    def other_client(self) -> None:
        """Somebody else has a whole session meanwhile, inside TLS, and gets the message."""
        began = time.monotonic()
        with Client(self._others, authority=self.house.authority) as client:
            assert client.login("wilma").startswith(b"+OK 1 ")
            assert client.ask(b"RETR 1").startswith(b"+OK")
            assert client.body() == ON_THE_WIRE
            assert client.ask(b"QUIT") == b"+OK bye"
        self._sessions += 1
        self._slowest = max(self._slowest, time.monotonic() - began)
        self._look()

    def sessions(self) -> int:
        """How many sessions there are."""
        found = self.control.call("server.status")["sessions"]
        assert isinstance(found, int)
        return found

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Wait for something to become of the sessions: a look at each of the server's events."""
        if any(condition() for _ in range(SOON)):
            return
        deadline = time.monotonic() + WAIT
        self.control.subscribe("session.opened", "session.closed", "session.refused", "metrics")
        for _ in self.control.events(WAIT):
            self._look()
            if condition():
                break
            assert time.monotonic() < deadline
        self.control.subscribe("service.state")
        self.control.discard_events()

    @contextmanager
    def attack(self, attack: Attack) -> Iterator[None]:
        """Measure before, meanwhile and after, and hold the attack to its bounds. Then nothing of it is left."""
        for _ in range(3):
            self.other_client()      # what is loaded late is loaded
        memory_before, descriptors_before = memory(self._pid), descriptors(self._pid)
        self._clients = self._sessions = self._descriptors = 0
        self._memory = self._slowest = 0.0
        with self._held:
            yield
            self._look()
        self.wait_until(
            lambda: self.sessions() == 0 and descriptors(self._pid) <= descriptors_before + SPARE
        )
        figure = Figure(
            attack,
            self._clients,
            memory_before,
            self._memory,
            descriptors_before,
            self._descriptors,
            descriptors(self._pid),
            self._sessions,
            self._slowest,
        )
        self._keep(figure)
        assert figure.clients == attack.clients
        assert figure.grown <= attack.memory
        assert figure.opened <= attack.descriptors
        assert figure.sessions, "the other client has had no session"

    def _look(self) -> None:
        """What does it cost now?"""
        self._memory = max(self._memory, memory(self._pid))
        self._descriptors = max(self._descriptors, descriptors(self._pid))


class Log:
    """A server's log, read so that it never waits for its reader."""

    def __init__(self, server: "Popen[str]") -> None:
        self._server = server
        self.faults: list[str] = []
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def end(self) -> None:
        """The server has ended."""
        self._thread.join(WAIT)

    def _read(self) -> None:
        assert self._server.stderr is not None
        within = False      # a traceback's lines have no date
        for line in self._server.stderr:
            within = "Traceback" in line or (within and not line[:1].isdigit())
            if within or "internal error" in line:
                self.faults.append(line)


@contextmanager
def besieged(folder: Path, keep: Keep, settings: str, server: str) -> Iterator[Siege]:
    """A server with fred and wilma, who has a letter."""
    room.widen()      # the crowd needs descriptors in this process
    others = free_port()
    services = SERVICES + OTHERS.format(port=others)
    house = House(folder, settings=f"max_connections = {MOST}\n{settings}", server=server, services=services)
    for user in ("fred", "wilma"):
        house.user(user, "secret")
    house.deliver("wilma", LETTER)
    house.certify()
    with house.process(through=ON_TWO_CORES) as process:
        log = Log(process)
        try:
            with Control.connect(house.config.server.control_socket) as control:
                yield Siege(house, others, process, control, keep)
        finally:
            process.kill()
            log.end()
    assert log.faults == []
