"""mtq beside the servers that people run today, on the same mailboxes: a Markdown table.

    python benchmarks/compare.py [--quick] [--rounds N] [--only TEXT]

Every server does each piece of work in turn, in every round, so that what else the machine does falls on all.
The figures are the server's own: CPU of all its processes (not of the server behind a proxy), or memory. Each is the
median of the rounds. mtq's share is its figure by the other server's of the same round: the median, and
in brackets the least and the largest. Messages are in the page cache. `--quick` takes a minute or two, does less of
everything and leaves the largest mailboxes out; `--only` does the work whose name has this text. What a whole run has
found is kept in results.json, which plot.py draws.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import mailboxes
import processes
from client import Job
from peers import AS_USER, Peer, Place, proxies, servers, versions
from results import Result, Run

from mtq import tls

CLIENT = str(Path(__file__).with_name("client.py"))
IDLE = 150
Figure = Callable[[Peer], float]


@dataclass(frozen=True)
class Work:
    """A piece of work, the unit of its figure, and mtq's share of the best other's figure that is aimed at."""

    name: str
    unit: str
    figure: Figure
    target: str
    proxied: bool = False
    fresh: bool = False
    """Done by servers that have done nothing before: memory that was freed after other work would count for none."""


class Failed(Exception):
    """What the load client has said in the end."""


def client(job: Job) -> int:
    """Have the load client do it; the octets that came."""
    done = subprocess.run([sys.executable, CLIENT], input=job.written(), capture_output=True)
    if done.returncode:
        raise Failed(done.stderr.decode().rstrip().rpartition("\n")[2])
    octets: int = json.loads(done.stdout)["octets"]
    return octets


def spent(peer: Peer, job: Job) -> tuple[float, int]:
    """Seconds of CPU that a job costs the server, and the octets that came."""
    before = processes.cpu(peer.pid)
    octets = client(job)
    return processes.cpu(peer.pid) - before, octets


def job_of(peer: Peer, kind: str, number: int, sessions: int, inside_tls: bool = False) -> Job:
    """A job for the users of a kind of mailbox."""
    users = [peer.user(name) for name in mailboxes.names(kind, number)]
    return Job(peer.tls_port if inside_tls else peer.port, users, sessions, inside_tls)


def login(kind: str, number: int, sessions: int, inside_tls: bool = False) -> Figure:
    """Milliseconds of CPU a session that logs in, asks STAT and quits. Each user has logged in before."""

    def figure(peer: Peer) -> float:
        client(job_of(peer, kind, number, number, inside_tls))
        return spent(peer, job_of(peer, kind, number, sessions, inside_tls))[0] * 1000 / sessions

    return figure


def drain(sessions: int) -> Figure:
    """Milliseconds of CPU a session that lists a mailbox and fetches its twenty messages."""

    def figure(peer: Peer) -> float:
        job = replace(job_of(peer, "user", 100, sessions), ask=["STAT", "LIST", "UIDL"], messages=20)
        client(replace(job, sessions=20))
        return spent(peer, job)[0] * 1000 / sessions

    return figure


def fetching(kind: str, number: int, messages: int, sessions: int, window: int = 1) -> Figure:
    """Milliseconds of CPU a megabyte of RETR."""

    def figure(peer: Peer) -> float:
        job = replace(job_of(peer, kind, number, sessions), at_once=4, messages=messages, window=window)
        client(replace(job, sessions=number))
        seconds, octets = spent(peer, job)
        return seconds * 1000 / (octets / 1e6)

    return figure


def opening(mailbox: str, times: int, cold: bool) -> Figure:
    """Milliseconds of CPU a session that opens a mailbox, asks STAT and quits; cold: for the first time."""

    def figure(peer: Peer) -> float:
        job, seconds = Job(peer.port, [mailbox], 1, at_once=1), 0.0
        mailboxes.forget(peer.place.mail / mailbox)
        if cold:
            for _ in range(times):
                mailboxes.forget(peer.place.mail / mailbox)
                seconds += spent(peer, job)[0]
        else:
            client(replace(job, sessions=2))
            seconds = spent(peer, replace(job, sessions=times))[0]
        return seconds * 1000 / times

    return figure


def idle(inside_tls: bool) -> Figure:
    """Kilobytes a session that has logged in and waits."""

    def figure(peer: Peer) -> float:
        job = replace(job_of(peer, "user", IDLE + 40, IDLE, inside_tls), stay=True)
        client(replace(job, stay=False, sessions=2 * IDLE))
        # What a server takes once, with its first sessions, is not to count.
        with staying(replace(job, users=job.users[IDLE:], sessions=40)):
            before = processes.memory(peer.pid)
            with staying(job):
                return (processes.memory(peer.pid) - before) / IDLE

    return figure


class staying:      # a context, read like a function
    """A client whose sessions stay meanwhile."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def __enter__(self) -> None:
        self._process = subprocess.Popen([sys.executable, CLIENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(self._job.written())
        self._process.stdin.flush()
        if self._process.stdout.readline() != b"ready\n":
            raise SystemExit("the load client could not log in")

    def __exit__(self, *_: object) -> None:
        self._process.communicate()


def works(quick: bool, large: tuple[int, ...]) -> list[Work]:
    """All the work there is."""
    many = 1 if quick else 3
    found = [
        Work("memory of an idle session", "KB", idle(inside_tls=False), "nginx's", fresh=True),
        Work("memory of an idle session, TLS", "KB", idle(inside_tls=True), "nginx's", fresh=True),
        Work("memory of a proxied idle session", "KB", idle(inside_tls=False), "nginx's", True, True),
        Work("login cycle", "ms", login("user", 200, 800 * many), "0.33"),
        Work("login cycle, TLS", "ms", login("user", 200, 200 * many, inside_tls=True), "0.50"),
        Work("login cycle, SHA512-CRYPT, not the first", "ms", login("hash", 20, 200 * many), "0.10"),
        Work("RETR 4 KB, one by one", "ms/MB", fetching("small", 8, 200, 40 * many), "0.60"),
        Work("RETR 4 KB, pipelined", "ms/MB", fetching("small", 8, 200, 60 * many, window=20), "0.50"),
        Work("RETR 75 KB", "ms/MB", fetching("middle", 8, 50, 40 * many), "0.30"),
        Work("RETR 5 MB", "ms/MB", fetching("huge", 4, 3, 12 * many), "0.30"),
        Work("drain of 20 messages", "ms", drain(150 * many), "0.40"),
    ]
    for messages in large:
        times = {1_000: 80, 10_000: 20}.get(messages, 5)
        for kind, named in (("told", "with `W=`"), ("plain", "without `W=`")):
            cold = "0.50" if kind == "told" else "0.70"
            box = f"{kind}{messages}"
            found.append(Work(f"open {messages:,} {named}, cold", "ms", opening(box, max(2, times // 8), True), cold))
            found.append(Work(f"open {messages:,} {named}, warm", "ms", opening(box, times, False), "0.30"))
    found += [
        Work("proxied login cycle", "ms", login("user", 200, 500 * many), "nginx's", proxied=True),
        Work("proxied RETR 75 KB", "ms/MB", fetching("middle", 8, 50, 40 * many), "0.60", proxied=True),
        Work("proxied RETR 5 MB", "ms/MB", fetching("huge", 4, 3, 16 * many), "0.50", proxied=True),
    ]
    return found


def afresh(peer: Peer, work: Work) -> float:
    """The figure of another such server, started for this."""
    other = type(peer)(peer.place)
    try:
        return work.figure(other)
    finally:
        other.stop()


def compare(place: Place, todo: list[Work], rounds: int) -> list[Result]:
    """Start the servers, do the work and print the table."""
    found = []
    with ExitStack() as stack:

        def started(kind: type[Peer], where: Place) -> Peer:
            peer = kind(where)
            stack.callback(peer.stop)
            return peer

        serving = [started(kind, place) for kind in servers()]
        behind = replace(place, backend=next((peer for peer in serving[1:]), serving[0]).port)
        relaying = [started(kind, behind) for kind in proxies()]
        print("| work | mtq | other | its figure | mtq's share | at most |")
        print("|---|---:|---|---:|---:|---:|", flush=True)
        for work in todo:
            peers = relaying if work.proxied else serving
            figures: dict[str, list[float]] = {peer.name: [] for peer in peers}
            for number in range(rounds):
                for peer in peers if number % 2 else peers[::-1]:
                    try:
                        figure = afresh(peer, work) if work.fresh else work.figure(peer)
                    except Failed as failed:
                        raise SystemExit(f"{work.name}: {peer.name}: {failed}") from None
                    figures[peer.name].append(figure)
            found.append(Result(work.name, work.unit, work.target, figures))
            print("\n".join(found[-1].lines()), flush=True)
    return found


def main() -> None:
    """See the module's first lines."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--only", default="")
    chosen = parser.parse_args()
    large = (1_000, 10_000) if chosen.quick else (1_000, 10_000, 100_000)
    todo = [work for work in works(chosen.quick, large) if chosen.only in work.name]
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_FOLDER"), prefix="mtq-bench-") as folder:
        place = Place(Path(folder))
        place.folder.chmod(0o755)
        place.mail.mkdir()
        mailboxes.make(place.mail, large if any("open" in work.name for work in todo) else ())
        place.users.write_text(mailboxes.users_file(place.mail))
        place.certificate.parent.mkdir()
        tls.make_if_due(place.certificate, place.key, "localhost")
        if os.geteuid() == 0:
            for path in [place.mail, *place.mail.rglob("*")]:
                shutil.chown(path, AS_USER, AS_USER)
            shutil.chown(place.users, AS_USER)
        rounds = chosen.rounds or (3 if chosen.quick else 5)
        found = compare(place, todo, rounds)
        if not chosen.only:
            Run(time.strftime("%Y-%m-%d"), processes.machine(), versions(), rounds, found).write()


if __name__ == "__main__":
    main()
