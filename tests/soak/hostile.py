"""A soak with all hostile clients at once, beside an ordinary fetchmail that polls.

    python -m tests.soak.hostile [SECONDS]

Ends with 1 if a poll failed, a message was lost or came twice, or the server has grown past its bounds.
"""

import re
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from mtq.server import room
from tests.clients.polling import PollFailed, Polling
from tests.clients.programs import Way
from tests.house import WAIT, House
from tests.server.hostile.figures import descriptors, memory
from tests.server.hostile.siege import LETTER, ON_TWO_CORES, Log
from tests.soak.enemies import ENEMIES, Enemy

NUMBER = re.compile(rb"^X-Number: (\d+)\r?$", re.MULTILINE)

SETTINGS = "max_connections = 999\nmax_connections_per_address = 30\nlogin_timeout = 20\nidle_timeout = 20"

MEMORY = 250
"""MiB by which the server may grow, whatever is done to it at once: 64 of them are a password check on one core."""

CREEP = 16
"""MiB that it may need more in the second half of the soak than in the first: what grows without bound needs more."""

LONG = 60
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
    rounds: Counter[str] = field(default_factory=Counter)
    memory_before: float = 0.0      # MiB, like those that follow
    memory: list[float] = field(default_factory=list)      # once a second
    descriptors_before: int = 0
    descriptors_after: int = 0
    most_descriptors: int = 0
    complaints: list[str] = field(default_factory=list)      # of polls, and of the server in its log

    @property
    def summary(self) -> str:
        """In three lines."""
        return (
            f"{len(self.delivered)} delivered, {self.fetched.total()} fetched in {self.polls} polls, the longest of "
            f"{self.longest:.1f} s\nmemory: {self.memory_before:.0f} MiB before, {max(self.memory):.0f} at most\n"
            f"descriptors: {self.descriptors_before} before, {self.most_descriptors} at most, "
            f"{self.descriptors_after} afterwards\n"
        )

    @property
    def faults(self) -> list[str]:
        """What does not add up."""
        found = list(self.complaints)
        found += [f"message {number} came {count} times" for number, count in self.fetched.items() if count > 1]
        found += [f"message {number} is lost" for number in sorted(self.delivered - self.fetched.keys())]
        halves = self.memory[: len(self.memory) // 2], self.memory[len(self.memory) // 2 :]
        first, second = (max(half, default=0.0) for half in halves)
        if max(first, second) > self.memory_before + MEMORY:
            found.append(f"memory has grown from {self.memory_before:.0f} to {max(first, second):.0f} MiB")
        if len(self.memory) >= LONG and second > first + CREEP:
            found.append(f"memory creeps: {first:.0f} MiB in the first half, {second:.0f} in the second")
        if self.descriptors_after > self.descriptors_before + SPARE:
            found.append(f"{self.descriptors_before} descriptors before, {self.descriptors_after} afterwards")
        return found


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
    """A house with fred and wilma, and with those who have a password and mean no good."""
    house = House(folder, settings=SETTINGS, failure_delay=2)
    for user in ("fred", "wilma"):
        house.user(user, "secret", "ARGON2ID")
    for number in range(10):
        house.user(f"mallory{number}", "secret")
        house.deliver(f"mallory{number}", LETTER * 500)
    return house


def _storm(house: House, pid: int, account: Account, over: threading.Event, seconds: float) -> None:
    """All enemies, deliveries meanwhile, and a look at the server each second."""
    work: list[Callable[[], None]] = [lambda: _deliver(house, account, over)]
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
    number = 0
    while not over.wait(0.2):
        number += 1
        user = ("fred", "wilma")[number % 2]
        house.deliver(user, b"From: betty@example.com\nX-Number: %d\n\n" % number + b"x" * (number % 5000))
        account.delivered.add(number)


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
