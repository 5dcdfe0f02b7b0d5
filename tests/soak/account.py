"""A soak that accounts for every message: deliveries, sessions that delete or are cut, servers that are killed.

    python -m tests.soak.account [SECONDS]

Each message carries its number. At the end each one is in the mailbox, or its removal was confirmed by QUIT, or the
server died between QUIT and its answer, when it may be either. There is nothing else, and nothing twice.
"""

import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.house import MTQ, House
from tests.server.pop import Client

NUMBER = re.compile(rb"^X-Number: (\d+)\r?$", re.MULTILINE)
LIFE = 2.0
"""Seconds that a server lives, at most."""


@dataclass
class Account:
    """What is known of the messages, by their numbers."""

    delivered: set[int] = field(default_factory=set)
    removed: set[int] = field(default_factory=set)
    uncertain: set[int] = field(default_factory=set)
    kills: int = 0
    sessions: int = 0
    cut: int = 0

    def faults(self, stored: Counter[int]) -> list[str]:
        """What does not add up."""
        found = [f"message {number} is there {count} times" for number, count in stored.items() if count > 1]
        found += [f"message {number} was never delivered" for number in stored.keys() - self.delivered]
        found += [f"message {number} came back" for number in stored.keys() & self.removed]
        lost = self.delivered - stored.keys() - self.removed - self.uncertain
        return found + [f"message {number} is lost" for number in sorted(lost)]


def soak(house: House, seconds: float) -> tuple[Account, list[str]]:
    """Run it; what happened, and what does not add up."""
    account, over = Account(), threading.Event()
    work = [(_serve, LIFE), (_deliver, 0.0), (_empty, 0.0), (_cut, 0.0)]
    threads = [threading.Thread(target=task, args=(house, account, over, life)) for task, life in work]
    for thread in threads:
        thread.start()
    time.sleep(seconds)      # a soak lasts as long as it is told to
    over.set()
    for thread in threads:
        thread.join()
    stored = Counter(int(number) for text in house.stored("fred") for number in NUMBER.findall(text))
    return account, account.faults(stored)


def _serve(house: House, account: Account, over: threading.Event, life: float) -> None:
    """Servers, one after the other, each killed."""
    while not over.is_set():
        with house.process() as server:
            over.wait(random.uniform(0.2, life))
            server.send_signal(signal.SIGKILL)
            server.wait()
        account.kills += 1


def _deliver(house: House, account: Account, over: threading.Event, _: float) -> None:
    """Deliveries by the real command: exit 0 is a promise."""
    number = 0
    while not over.is_set():
        number += 1
        letter = b"X-Number: %d\r\n\r\n" % number + b"x" * (number % 5000)
        command = [MTQ, "--config", str(house.file), "mailbox", "deliver", "fred"]
        if subprocess.run(command, input=letter, stderr=subprocess.DEVNULL).returncode == 0:
            account.delivered.add(number)


def _empty(house: House, account: Account, over: threading.Event, _: float) -> None:
    """Sessions that read what there is and remove most of it."""
    while not over.is_set():
        numbers: set[int] = set()
        asked = False
        try:
            with Client(house.pop3) as client:
                if not client.login().startswith(b"+OK"):
                    continue
                account.sessions += 1
                for row in range(1, int(client.ask(b"STAT").split()[1]) + 1):
                    client.ask(b"RETR %d" % row)
                    number = NUMBER.search(client.body())
                    if number and row % 3 and client.ask(b"DELE %d" % row).startswith(b"+OK"):
                        numbers.add(int(number[1]))
                asked = True
                answer = client.ask(b"QUIT")
                (account.removed if answer.startswith(b"+OK") else account.uncertain).update(numbers)
        except (OSError, AssertionError, IndexError, ValueError):      # the server was killed
            if asked:
                account.uncertain.update(numbers)


def _cut(house: House, account: Account, over: threading.Event, _: float) -> None:
    """Sessions that mark everything and are gone without QUIT."""
    while not over.is_set():
        with suppress(OSError, AssertionError, IndexError, ValueError), Client(house.pop3) as client:
            if client.login().startswith(b"+OK"):
                for row in range(1, int(client.ask(b"STAT").split()[1]) + 1):
                    client.ask(b"DELE %d" % row)
                client.reset()
                account.cut += 1
        over.wait(0.05)


def main() -> int:
    """Soak, say what happened, and end with 1 if something does not add up."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 120.0
    with tempfile.TemporaryDirectory() as folder:
        house = prepared(Path(folder))
        account, faults = soak(house, seconds)
    sys.stdout.write(
        f"{len(account.delivered)} delivered, {len(account.removed)} removed, {len(account.uncertain)} uncertain; "
        f"{account.sessions} sessions, {account.cut} cut, {account.kills} servers killed\n"
    )
    sys.stdout.writelines(f"{fault}\n" for fault in faults)
    return 1 if faults else 0


def prepared(folder: Path) -> House:
    """A house whose only user is fred."""
    house = House(folder)
    house.user("fred", "secret")
    return house


if __name__ == "__main__":
    sys.exit(main())
