"""The dashboard with many sessions and a busy log, and what it costs the server, as a Markdown table.

    python benchmarks/dashboard.py [SESSIONS]

Clients log in and stay; others come and go, a hundred lines of the log a second. The server's CPU is measured without
a dashboard and with one in each view. The dashboard's pause is the longest time in which its event loop, which should
have had its turn every ten milliseconds, had none.
"""

import asyncio
import os
import resource
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from processes import cpu

from mtq.config.read import load
from mtq.tui.app import Dashboard
from mtq.users import passwd_file

MTQ = str(Path(sys.executable).with_name("mtq"))
SECONDS = 10.0
LINES = 100
"""Lines of the log a second: a client that only says QUIT leaves one."""

TURN = 0.01
VIEWS = {"overview": "1", "sessions": "3", "locks": "4", "log": "7"}

CONFIGURATION = """\
[server]
state_dir = "state"
control_socket = "control.sock"

[services.one]
listen = ["127.0.0.1:{one}"]
max_connections = 999
idle_timeout = 3600

[services.two]
listen = ["127.0.0.1:{two}"]
max_connections = 999
idle_timeout = 3600
"""


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def server(folder: Path, users: int) -> Iterator[tuple[Path, list[int], int]]:
    """A server with users; its configuration, its ports and its process."""
    ports = [free_port(), free_port()]
    file = folder / "mtq.toml"
    file.write_text(CONFIGURATION.format(one=ports[0], two=ports[1]))
    config = load(file)
    config.users.file.write_text("".join(f"user{number}:{{PLAIN}}secret\n" for number in range(users)))
    assert len(passwd_file.read(config.users.file)) == users
    with subprocess.Popen([MTQ, "--config", str(file), "serve"], stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        while b"ready" not in process.stderr.readline():
            pass
        threading.Thread(target=process.stderr.read, daemon=True).start()
        try:
            yield file, ports, process.pid
        finally:
            process.kill()


def session(port: int, number: int) -> socket.socket:
    """A client that has logged in."""
    sock = socket.create_connection(("127.0.0.1", port))
    answers = sock.makefile("rb")
    answers.readline()
    for command in (f"USER user{number}", "PASS secret"):
        sock.sendall(f"{command}\r\n".encode())
        assert answers.readline().startswith(b"+OK"), number
    return sock


@contextmanager
def coming_and_going(port: int) -> Iterator[None]:
    """Clients that say QUIT at once, so many a second."""
    over = threading.Event()

    def go() -> None:
        while not over.wait(1 / LINES):
            with socket.create_connection(("127.0.0.1", port)) as sock:
                sock.sendall(b"QUIT\r\n")
                sock.recv(4096)

    thread = threading.Thread(target=go)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


async def watched(file: Path, key: str, pid: int) -> tuple[float, float, float]:
    """The server's share of a CPU, the dashboard's, and its longest pause in milliseconds."""
    dashboard = Dashboard(load(file).server.control_socket, file)
    async with dashboard.run_test(size=(120, 40)) as pilot:
        await pilot.press(key)
        await asyncio.sleep(3)
        servers, own, began, pause = cpu(pid), time.thread_time(), time.monotonic(), 0.0
        while (before := time.monotonic()) - began < SECONDS:
            await asyncio.sleep(TURN)
            pause = max(pause, time.monotonic() - before - TURN)
        lasted = time.monotonic() - began
        return (cpu(pid) - servers) / lasted, (time.thread_time() - own) / lasted, 1000 * pause


def alone(pid: int) -> float:
    """The server's share of a CPU while nobody looks."""
    before, began = cpu(pid), time.monotonic()
    time.sleep(SECONDS)
    return (cpu(pid) - before) / (time.monotonic() - began)


def main() -> None:
    """Measure, and print the table."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 3 * number + 500), most))
    os.environ.pop("NO_COLOR", None)
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        file, ports, pid = stack.enter_context(server(Path(name), number))
        for each in range(number):
            stack.enter_context(session(ports[each % 2], each))
        stack.enter_context(coming_and_going(ports[0]))
        print(f"{number} sessions, {LINES} lines of the log a second\n")
        print("| view | server's CPU | dashboard's CPU | longest pause |")
        print("|---|---|---|---|")
        print(f"| no dashboard | {alone(pid):.1%} | | |")
        for view, key in VIEWS.items():
            servers, own, pause = asyncio.run(watched(file, key, pid))
            print(f"| {view} | {servers:.1%} | {own:.1%} | {pause:.0f} ms |")


if __name__ == "__main__":
    main()
