"""A soak with all hostile clients at once, beside an ordinary fetchmail that polls.

    python -m tests.soak.hostile [SECONDS]

Ends with 1 if a poll failed, a message was lost or came twice, or the server has grown past its bounds.
"""

import re
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import count, pairwise
from pathlib import Path
from statistics import median

from mtq.server import room
from tests.clients.polling import PollFailed, Polling
from tests.clients.programs import Way
from tests.house import WAIT, House
from tests.server.hostile.figures import descriptors, memory
from tests.server.hostile.siege import LETTER, ON_TWO_CORES, Log
from tests.server.pop import Client
from tests.soak.enemies import ENEMIES, Enemy

NUMBER = re.compile(rb"^X-Number: (\d+)\r?$", re.MULTILINE)

SETTINGS = "max_connections = 999\nmax_connections_per_address = 30\nlogin_timeout = 20\nidle_timeout = 20"

MEMORY = 220
"""MiB by which the server may grow, whatever is done to it at once: 128 of them are a password check on each core."""

CREEP = 24
"""MiB that it may need more in the last third of a soak than in the second, at the least: what grows without bound
needs more. In the first it fills what it keeps."""

LONG = 120
"""Seconds of a soak that can tell whether memory creeps."""

SPARE = 8
"""Descriptors that may be open afterwards more than before."""


@dataclass
class Account:
    """What has happened."""

    delivered: set[int] = field(default_factory=set)
    fetched: Counter[int] = field(default_factory=Counter)
    polls: int = 0
    longest: float = 0.0      # seconds, of a poll
    visits: list[float] = field(default_factory=list)      # seconds, of a whole session
    rounds: Counter[str] = field(default_factory=Counter)
    memory_before: float = 0.0      # MiB, like those that follow
    memory: list[float] = field(default_factory=list)      # once a second
    descriptors_before: int = 0
    descriptors_after: int = 0
    most_descriptors: int = 0
    complaints: list[str] = field(default_factory=list)      # of polls, and of the server in its log

    @property
    def summary(self) -> str:
        """In four lines."""
        thirds = ", ".join(f"{min(third):.0f} to {max(third):.0f}" for third in self._thirds())
        return (
            f"{len(self.delivered)} delivered, {self.fetched.total()} fetched in {self.polls} polls of fetchmail, "
            f"the longest of {self.longest:.1f} s\n"
            f"{len(self.visits)} other sessions, half of them within {median(self.visits):.2f} s, "
            f"the longest of {max(self.visits):.2f} s\n"
            f"memory: {self.memory_before:.0f} MiB before, meanwhile {thirds}\n"
            f"descriptors: {self.descriptors_before} before, {self.most_descriptors} at most, "
            f"{self.descriptors_after} afterwards\n"
        )

    @property
    def faults(self) -> list[str]:
        """What does not add up."""
        found = list(self.complaints)
        found += [f"message {number} came {times} times" for number, times in self.fetched.items() if times > 1]
        found += [f"message {number} is lost" for number in sorted(self.delivered - self.fetched.keys())]
        if max(self.memory) > self.memory_before + MEMORY:
            found.append(f"memory has grown from {self.memory_before:.0f} to {max(self.memory):.0f} MiB")
        _, second, last = (min(third) for third in self._thirds())
        if len(self.memory) >= LONG and last > second + CREEP:
            found.append(f"memory creeps: at least {second:.0f} MiB in the second third, {last:.0f} in the last")
        if self.descriptors_after > self.descriptors_before + SPARE:
            found.append(f"{self.descriptors_before} descriptors before, {self.descriptors_after} afterwards")
        return found

    def _thirds(self) -> list[list[float]]:
        """The memory, in the first, the second and the last part of the soak."""
        ends = [len(self.memory) * part // 3 for part in range(4)]
        return [self.memory[begin:end] or self.memory for begin, end in pairwise(ends)]


def soak(folder: Path, seconds: float) -> Account:
    """Run it; what happened."""
    room.widen()      # for the crowd's descriptors
    account, over = Account(), threading.Event()
    house = prepared(folder)
    ways = {"fred": Way.TLS, "wilma": Way.STLS}
    with house.process(through=ON_TWO_CORES) as server:
        log = Log(server)
        polled = []
        for user, way in ways.items():
            (folder / user).mkdir()
            polled.append(Polling(house, way, folder / user, user))
        _await_polls(polled)
        assert _visited(house)      # who has been here within the hour waits for no password check
        account.memory_before, account.descriptors_before = memory(server.pid), descriptors(server.pid)
        _storm(house, server.pid, account, over, seconds)
        _await_polls(polled)
        _fetch(account, polled)
        account.descriptors_after = _settled(server.pid, account.descriptors_before + SPARE)
        server.kill()
        log.end()
    account.complaints += log.faults
    return account


def prepared(folder: Path) -> House:
    """A house with fred, wilma and betty, and with those who have a password and mean no good."""
    house = House(folder, settings=SETTINGS, failure_delay=2)
    for user in ("fred", "wilma", "betty"):
        house.user(user, "secret", "ARGON2ID")
    for number in range(10):
        house.user(f"mallory{number}", "secret")
        house.deliver(f"mallory{number}", LETTER * 500)
    return house


def _storm(house: House, pid: int, account: Account, over: threading.Event, seconds: float) -> None:
    """All enemies, deliveries meanwhile, and a look at the server each second."""
    ordinary = [partial(_deliver, house, account, over), partial(_visit, house, account, over)]
    work: list[Callable[[], None]] = [*ordinary]
    work += [_at_work(house, enemy, number, account, over) for number, enemy in enumerate(ENEMIES)]
    threads = [threading.Thread(target=task) for task in work]
    for thread in threads:
        thread.start()
    for _ in range(max(1, round(seconds))):
        over.wait(1)      # a soak lasts as long as it is told to
        account.memory.append(memory(pid))
        account.most_descriptors = max(account.most_descriptors, descriptors(pid))
    over.set()
    for thread in threads:
        thread.join()


def _at_work(
    house: House, enemy: Enemy, number: int, account: Account, over: threading.Event
) -> Callable[[], None]:
    """One kind of enemy, round after round, from addresses of its own."""

    def work() -> None:
        while not over.is_set():
            with suppress(OSError):      # the server has hung up, as it should
                enemy(house, f"127.0.{number + 1}", over)
            account.rounds[enemy.__name__] += 1

    return work


def _deliver(house: House, account: Account, over: threading.Event) -> None:
    """Letters for fred and wilma, each with its number."""
    for number in count(1):
        user = ("fred", "wilma")[number % 2]
        house.deliver(user, b"From: betty@example.com\nX-Number: %d\n\n" % number + b"x" * (number % 5000))
        account.delivered.add(number)
        if over.wait(1):
            return


def _visit(house: House, account: Account, over: threading.Event) -> None:
    """Whole sessions of betty's, one after the other."""
    while not over.wait(0.5):
        began = time.monotonic()
        if _visited(house):
            account.visits.append(time.monotonic() - began)
        else:
            account.complaints.append("a session of betty's has failed")


def _visited(house: House) -> bool:
    """Whether a session of betty's went as it should."""
    with suppress(OSError, AssertionError), Client(house.pop3s, authority=house.authority) as client:
        return client.login("betty").startswith(b"+OK 0 ") and client.ask(b"QUIT") == b"+OK bye"
    return False


def _await_polls(polled: list[Polling]) -> None:
    """Wait until everybody has what has been delivered so far. A poll that fails is told of at the end."""
    for each in polled:
        with suppress(PollFailed):
            each.await_polls()


def _fetch(account: Account, polled: list[Polling]) -> None:
    """What came to fred and wilma, and how."""
    for each in polled:
        try:
            each.end()
        except PollFailed as fault:
            account.complaints.append(str(fault))
        account.polls += each.polls
        account.longest = max(account.longest, each.longest)
        account.fetched.update(int(n) for file in each.fetched() for n in NUMBER.findall(file.read_bytes()))


def _settled(pid: int, enough: int) -> int:
    """Descriptors when the crowd has gone; a while is waited for that."""
    pause = threading.Event()
    for _ in range(round(WAIT * 10)):
        if descriptors(pid) <= enough:
            break
        pause.wait(0.1)
    return descriptors(pid)


def main() -> int:
    """Soak, say what happened, and end with 1 if something does not add up."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 180.0
    with tempfile.TemporaryDirectory() as folder:
        account = soak(Path(folder), seconds)
    faults = account.faults
    sys.stdout.write(account.summary)
    sys.stdout.writelines(f"  {count} rounds: {name}\n" for name, count in sorted(account.rounds.items()))
    sys.stdout.writelines(f"{fault}\n" for fault in faults)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
