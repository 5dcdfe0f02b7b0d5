"""Opening large mailboxes, as a Markdown table.

    python benchmarks/opening.py [MESSAGES...]

For each number of messages two mailboxes are made, one whose file names tell the wire size (`,W=`) and one whose
names do not. Each is opened cold (no index), warm (with the index that the first opening left) and after a delivery.
Every opening runs in a process of its own, in a thread of it, as a running server does it; meanwhile the main thread
tries to run twice a millisecond, and its pause is the longest time that it could not. (Python gives a thread five
milliseconds at a time.) CPU is that of the thread that opens, or that answers STAT, LIST and UIDL. The memory is what
the process has grown at its highest, and what the open session keeps. Messages are in the page cache. Each figure is
the best of a few rounds: what else the machine does only adds to it.
"""

import gc
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from mtq.mail.indexes import Indexes
from mtq.mail.lock import Holder, Locks
from mtq.mail.maildrop import Maildrop, Settings, open_maildrop
from mtq.protocol.asks import Features
from mtq.protocol.session import Session

ROUNDS = 3
TRY = 0.0005
"""Seconds between two tries of the other thread to run."""

LONG_AGO = 1_700_000_000
TEXT = b"Subject: benchmark\nMessage-ID: <%d.benchmark@example.com>\n\n" + b"Yabba dabba doo, yabba dabba doo\n" * 120

T = TypeVar("T")


def fill(mailbox: str, messages: int, sizes: bool) -> None:
    """Make a mailbox of so many messages, four kilobytes each, a third of them flagged."""
    for folder in ("tmp", "new", "cur"):
        os.makedirs(os.path.join(mailbox, folder))
    for number in range(messages):
        text = TEXT % number
        name = f"{LONG_AGO + number * 37}.M{number * 7919 % 10**6:06}P{1000 + number}.mail.example.com"
        if sizes:
            name += f",S={len(text)},W={len(text) + text.count(10)}"
        with open(os.path.join(mailbox, "cur", name + (":2,", ":2,S", ":2,")[number % 3]), "wb") as file:
            file.write(text)
    rest(mailbox)


def rest(mailbox: str) -> None:
    """Make the mailbox one in which nothing has happened for long."""
    for folder in ("new", "cur"):
        os.utime(os.path.join(mailbox, folder), (LONG_AGO, LONG_AGO))


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """What the work gives, and the CPU seconds that it took this thread."""
    began = time.thread_time()
    return work(), time.thread_time() - began


def watched(work: Callable[[], T]) -> tuple[T, float, float]:
    """The same for work done in another thread, and the longest pause of this one meanwhile."""
    done: list[tuple[T, float]] = []
    worker = threading.Thread(target=lambda: done.append(timed(work)))
    longest, last = 0.0, time.perf_counter()
    worker.start()
    while worker.is_alive():
        time.sleep(TRY)
        now = time.perf_counter()
        longest, last = max(longest, now - last - TRY), now
    return *done[0], longest


def answers(maildrop: Maildrop) -> None:
    """Have the session answer STAT, LIST and UIDL."""
    session = Session(Features())
    session.receive(b"USER fred\r\nPASS secret\r\n")
    session.answer(maildrop.listing)
    session.take()
    session.receive(b"STAT\r\nLIST\r\nUIDL\r\n")
    while session.take() and session.full:
        session.receive(b"")


def once(mailbox: str) -> dict[str, float]:
    """Open the mailbox in this process."""
    holder = Holder("fred", "pop3", "1", "192.0.2.1", "2026-01-01T00:00:00Z")
    before = _resident()
    maildrop, opening, pause = watched(
        lambda: open_maildrop(os.fsencode(mailbox), Settings(), Locks(), Indexes(), holder)
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    gc.collect()
    kept = _resident()
    _, answering = timed(lambda: answers(maildrop))
    _, closing = timed(maildrop.close)
    return {
        "opening": opening, "pause": pause, "peak": peak - before, "kept": kept - before,
        "answering": answering, "closing": closing,
    }


def _resident() -> float:
    """Megabytes this process has in memory now."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 2**20


def best(mailbox: str, prepare: Callable[[], None]) -> dict[str, float]:
    """The least of each figure over a few rounds, each in a fresh process."""
    rounds = []
    for _ in range(ROUNDS):
        prepare()
        told = subprocess.run([sys.executable, __file__, "--once", mailbox], check=True, capture_output=True)
        rounds.append(json.loads(told.stdout))
    return {key: min(each[key] for each in rounds) for key in rounds[0]}


def row(name: str, figures: dict[str, float]) -> str:
    """A line of the table."""
    milliseconds = " | ".join(f"{figures[key] * 1000:.1f} ms" for key in ("opening", "pause", "answering", "closing"))
    return f"| {name} | {milliseconds} | {figures['peak']:.0f} MB | {figures['kept']:.0f} MB |"


def report(messages: int, sizes: bool) -> None:
    """The lines of one mailbox."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_FOLDER")) as folder:
        mailbox = os.path.join(folder, "fred")
        fill(mailbox, messages, sizes)
        index = os.path.join(mailbox, "mtq-index")
        kind = f"{messages:,} {'with' if sizes else 'without'} `W=`"

        def forget() -> None:
            if os.path.exists(index):
                os.unlink(index)

        def deliver() -> None:
            with open(os.path.join(mailbox, "new", f"{time.time()}.late"), "wb") as file:
                file.write(TEXT % 0)

        def quiet() -> None:
            rest(mailbox)

        print(row(f"{kind}, cold", best(mailbox, forget)))
        print(row(f"{kind}, warm", best(mailbox, quiet)))
        print(row(f"{kind}, one delivered", best(mailbox, deliver)))
        shutil.rmtree(mailbox)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--once"]:
        print(json.dumps(once(sys.argv[2])))
    else:
        print("| messages | opening, CPU | longest pause | answers | closing | memory, peak | memory, kept |")
        print("|---|---:|---:|---:|---:|---:|---:|")
        for count in [int(argument) for argument in sys.argv[1:]] or [20, 10_000, 100_000]:
            for with_sizes in (True, False):
                report(count, with_sizes)
