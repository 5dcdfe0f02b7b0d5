"""Access control with few and with many ranges, as a Markdown table.

    python benchmarks/ranges.py [RANGES...]

The file is read and the ranges are compiled in a thread, as a running server does it. Meanwhile another thread tries
to run twice a millisecond; its pause is the longest time that it could not. (Python gives a thread five milliseconds
at a time.) Each figure is the best of a few rounds: what else the machine does only adds to it.
"""

import random
import sys
import threading
import time
from collections.abc import Callable
from ipaddress import IPv4Address, ip_network

from mtq.access.ranges import parse_file
from mtq.access.rules import Mode, Rules

ROUNDS = 5
CHECKS = 20_000
TRY = 0.0005
"""Seconds between two tries of the other thread to run."""


def written(number: int) -> str:
    """A file of so many ranges in each form of IPv4, a third of them exclusive, in no order."""
    chance = random.Random(number)
    lines = []
    for _ in range(number):
        address = IPv4Address(chance.getrandbits(32))
        network = ip_network(f"{address}/{chance.randint(16, 31)}", strict=False)
        wildcard = str(address).rpartition(".")[0] + ".*"
        form = chance.choice((f"{address}", f"{network}", f"{network[0]}-{network[-1]}", wildcard))
        lines.append(chance.choice(("", "", "!")) + form)
    return "\n".join(lines)


def best(measure: Callable[[], tuple[float, ...]]) -> tuple[float, ...]:
    """The least of each figure over a few rounds."""
    return tuple(map(min, zip(*(measure() for _ in range(ROUNDS)), strict=True)))


def in_thread(work: Callable[[], object]) -> tuple[float, float]:
    """The seconds that the work takes, and the longest pause of this thread meanwhile."""
    took = 0.0

    def timed() -> None:
        nonlocal took
        began = time.perf_counter()
        work()
        took = time.perf_counter() - began

    worker = threading.Thread(target=timed)
    longest, last = 0.0, time.perf_counter()
    worker.start()
    while worker.is_alive():
        time.sleep(TRY)
        now = time.perf_counter()
        longest, last = max(longest, now - last - TRY), now
    return took, longest


def checks(rules: Rules) -> tuple[float]:
    """Seconds for the check of one address."""
    chance = random.Random(0)
    addresses = [IPv4Address(chance.getrandbits(32)) for _ in range(CHECKS)]
    began = time.perf_counter()
    for address in addresses:
        rules.decide(address)
    return ((time.perf_counter() - began) / CHECKS,)


def row(number: int) -> str:
    """A line of the table."""
    text = written(number)
    reading, while_reading = best(lambda: in_thread(lambda: parse_file(text)))
    parsed = parse_file(text)
    compiling, while_compiling = best(lambda: in_thread(lambda: Rules(Mode.FIREWALL, parsed)))
    rules = Rules(Mode.FIREWALL, parsed)
    (check,) = best(lambda: checks(rules))
    return (
        f"| {number:,} | {reading * 1000:.1f} ms | {while_reading * 1000:.1f} ms "
        f"| {compiling * 1000:.1f} ms | {while_compiling * 1000:.1f} ms | {check * 1e6:.2f} µs |"
    )


if __name__ == "__main__":
    print("| ranges | file read | longest pause | compiled | longest pause | a check |")
    print("|---:|---:|---:|---:|---:|---:|")
    for number in [int(argument) for argument in sys.argv[1:]] or [10, 1_000, 100_000]:
        print(row(number))
