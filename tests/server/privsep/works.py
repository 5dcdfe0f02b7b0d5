"""Work for a worker: `python -m tests.server.privsep.works WORK CONFIGURATION`, as root, starts what a test looks at.

A work prints what it finds, a line of JSON at a time, and reads from its standard input when to go on.
"""

import json
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

from mtq import tls
from mtq.config.kinds import Listen
from mtq.config.read import load
from mtq.errors import MtqError
from mtq.server import hangup
from mtq.server.privsep import wire
from mtq.server.privsep.privileges import Privileges
from mtq.server.privsep.start import Work, run


def say(**found: object) -> None:
    """Tell the test."""
    sys.stdout.write(f"{json.dumps(found)}\n")
    sys.stdout.flush()


def outcome(attempt: Callable[[], object]) -> str:
    """What comes of it: `done`, or the kind of error and its text."""
    try:
        attempt()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "done"


def status(pid: int | str) -> dict[str, str]:
    """What the system says of a process."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def lines() -> Iterator[str]:
    """What the test sends."""
    for line in sys.stdin:
        yield line.strip()


def identity(privileges: Privileges) -> int:
    """Who works here, and who could it become?"""
    say(ready=os.getpid())
    say(parent=os.getppid(), home=os.environ["HOME"])
    say(root=outcome(lambda: os.setuid(0)), group=outcome(lambda: os.setgid(0)))
    say(root=outcome(lambda: os.setresuid(-1, 0, -1)), group=outcome(lambda: os.setgroups([0])))
    for _ in lines():
        return 0
    return 1


def asking(privileges: Privileges) -> int:
    """Ask for what the test names."""
    say(ready=os.getpid())
    for line in lines():
        verb, *words = line.split()
        try:
            match verb:
                case "config":
                    say(config=sorted(privileges.config().services))
                case "peek":
                    say(config=sorted(privileges.peek().services))
                case "bind":
                    address, port = words
                    listen = Listen(int(port), None if address == "*" else address)
                    bound = privileges.bind(listen)
                    say(bound=[sock.getsockname()[:2] for sock in bound], blocking=bound[0].getblocking())
                    served(bound)
                case "read":
                    say(content=privileges.read(Path(words[0])).decode())
                case "context":
                    certificate, key = map(Path, words)
                    tls.server_context(certificate, key, "1.2", privileges.read)
                    say(context="made")
        except (MtqError, OSError) as error:
            say(failed=f"{type(error).__name__}: {error}")
    return 0


def served(bound: list[socket.socket]) -> None:
    """One client on each socket."""
    for sock in bound:
        with sock, socket.socket(sock.family) as client:
            client.connect(sock.getsockname())
            sock.setblocking(True)
            sock.accept()[0].close()


def signals(privileges: Privileges) -> int:
    """Tell which signals come, until one that ends it."""

    def heard(number: int, frame: FrameType | None) -> None:
        say(signal=signal.Signals(number).name)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, heard)
    hangup.let_through()
    say(ready=os.getpid())
    for _ in lines():
        pass
    return 7


def until_killed(privileges: Privileges) -> int:
    """Work on."""
    say(ready=os.getpid())
    while True:
        time.sleep(60)


def failing(privileges: Privileges) -> int:
    """Fail as the server does where no port can be had."""
    say(ready=os.getpid())
    privileges.bind(Listen(1))
    return 0


def stumbling(privileges: Privileges) -> int:
    """Fail by an error of the system."""
    say(ready=os.getpid())
    Path("/none").read_bytes()
    return 0


def crowded(privileges: Privileges) -> int:
    """Ask when this process can open no further file, and once it can again."""
    say(ready=os.getpid())
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    next_one = os.dup(0)
    os.close(next_one)
    for allowed in (next_one, most):
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, most))
        say(config=outcome(privileges.config))
    return 0


def taken_over(privileges: Privileges) -> int:
    """Say to the root process what the test wants it to hear, past what a worker would."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    control = control_socket()
    say(ready=os.getpid())
    for line in lines():
        control.sendall(bytes.fromhex(line))
        answers = wire.Messages()
        while (message := answers.next()) is None:
            data = control.recv(wire.LIMIT)
            if not data:
                say(answer="cut off")
                return 7
            answers.feed(data)
        say(answer=message.decode(errors="replace").split("\0"), open=len(os.listdir("/proc/self/fd")))
    return 0


def flooding(privileges: Privileges) -> int:
    """Ask and ask, and read no answer."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    control = control_socket()
    say(ready=os.getpid())
    try:
        while True:
            control.sendall(wire.encode(wire.Configuration()))
    except OSError:
        say(answer="cut off")
    return 7


def control_socket() -> socket.socket:
    """The way to the root process, as a stranger would find it."""
    found = [fd for fd in range(3, 64) if Path(f"/proc/self/fd/{fd}").is_socket()]
    return socket.socket(fileno=os.dup(found[0]))


def signals_of_a_terminal(privileges: Privileges) -> int:
    """The same, for one who sits at a terminal: it ends at SIGTERM."""

    def heard(number: int, frame: FrameType | None) -> None:
        say(signal=signal.Signals(number).name)
        if number == signal.SIGTERM:
            os._exit(7)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, heard)
    say(ready=os.getpid())
    while True:
        time.sleep(60)


WORKS: dict[str, Work] = {
    work.__name__: work
    for work in (
        identity,
        asking,
        crowded,
        signals,
        signals_of_a_terminal,
        until_killed,
        failing,
        stumbling,
        taken_over,
        flooding,
    )
}


def main(work: str, file: Path) -> int:
    """Start as `mtq serve` does."""
    config = load(file)
    try:
        return run(config, file, lambda: WORKS[work])
    except (MtqError, OSError) as error:
        sys.stderr.write(f"mtq: {type(error).__name__}: {error}\n")
        return 3
    finally:
        say(cleared_away_by=os.getpid())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
