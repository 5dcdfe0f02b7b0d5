"""What relaying costs: CPU of the relay's process for each megabyte, copied by mtq's relay or spliced by the kernel.

    python benchmarks/relay.py [MEGABYTES]

Source and sink are processes of their own on the same machine. "small" is a source that sends one packet at a time.
"""

import asyncio
import fcntl
import multiprocessing
import os
import resource
import socket
import ssl
import sys
import tempfile
import time
from pathlib import Path

import trustme
import uvloop

from mtq.proxy.relay import Buffer, Relay

MEGABYTE = 1 << 20
SPLICE = os.SPLICE_F_MOVE | os.SPLICE_F_NONBLOCK


class Tally:
    bytes_in = bytes_out = 0


def source(ports: "multiprocessing.Queue[int]", size: int, block: int, pause: float, pem: str | None) -> None:
    """Send so much to whoever comes, inside TLS if there is a certificate."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        ports.put(listening.getsockname()[1])
        sock, _ = listening.accept()
        if pem is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(pem)
            sock = context.wrap_socket(sock, server_side=True)
        data = bytes(block)
        for _ in range(size // block):
            sock.sendall(data)
            if pause:
                time.sleep(pause)
        sock.close()


def sink(port: int) -> None:
    """Read to the end."""
    with socket.create_connection(("127.0.0.1", port)) as sock:
        while sock.recv(MEGABYTE):
            pass


class Splice:
    """One direction by way of a pipe."""

    def __init__(self, source: int, sink: int, size: int, done: asyncio.Event) -> None:
        self.loop, self.done, self.size, self.held = asyncio.get_running_loop(), done, size, 0
        self.source, self.sink = os.dup(source), os.dup(sink)
        self.out, self.into = os.pipe2(os.O_NONBLOCK)
        fcntl.fcntl(self.into, fcntl.F_SETPIPE_SZ, size)
        self.loop.add_reader(self.source, self.read)

    def read(self) -> None:
        try:
            moved = os.splice(self.source, self.into, self.size, flags=SPLICE)
        except BlockingIOError:
            return
        self.held += moved
        if not moved:
            self.loop.remove_reader(self.source)
            for fd in (self.source, self.sink, self.out, self.into):
                os.close(fd)
            self.done.set()
        elif not self.flush():
            self.loop.remove_reader(self.source)
            self.loop.add_writer(self.sink, self.write)

    def flush(self) -> bool:
        while self.held:
            try:
                self.held -= os.splice(self.out, self.sink, self.held, flags=SPLICE)
            except BlockingIOError:
                return False
        return True

    def write(self) -> None:
        if self.flush():
            self.loop.remove_writer(self.sink)
            self.loop.add_reader(self.source, self.read)


async def relay(mode: str, port: int, ports: "multiprocessing.Queue[int]", ca: str | None) -> None:
    """Relay one connection."""
    loop = asyncio.get_running_loop()
    listening = socket.create_server(("127.0.0.1", 0))
    listening.setblocking(False)
    ports.put(listening.getsockname()[1])
    client, _ = await loop.sock_accept(listening)
    remote = socket.create_connection(("127.0.0.1", port))
    for sock in (client, remote):
        sock.setblocking(False)
    done = asyncio.Event()
    if mode.startswith("splice"):
        Splice(remote.fileno(), client.fileno(), int(mode.split()[1]), done)
    else:
        context = ssl.create_default_context(cafile=ca) if ca else None
        ours, _ = await loop.create_connection(asyncio.Protocol, sock=client)
        theirs, _ = await loop.create_connection(
            asyncio.Protocol, sock=remote, ssl=context, server_hostname="localhost" if ca else None
        )
        Relay(Tally(), Buffer(), lambda reason: None, done.set).begin(ours, theirs)
    await done.wait()
    for sock in (client, remote, listening):
        sock.close()


def run(mode: str, port: int, ports: "multiprocessing.Queue[int]", ca: str | None, size: int) -> None:
    """Relay in this process and say what it has cost."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    began = time.perf_counter()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(relay(mode, port, ports, ca))
    seconds = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_SELF)
    user, system = after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime
    each = 1000 * MEGABYTE / size
    cost = f"{(user + system) * each:7.3f} ms/MB (user {user * each:.3f})"
    print(f"  {mode:16} {cost}  {size / seconds / 1e6:8.0f} MB/s")


def measure(mode: str, size: int, block: int, pause: float, files: tuple[str, str] | None) -> None:
    """One run."""
    pem, ca = files or (None, None)
    ports: multiprocessing.Queue[int] = multiprocessing.Queue()
    sending = multiprocessing.Process(target=source, args=(ports, size, block, pause, pem))
    sending.start()
    relaying = multiprocessing.Process(target=run, args=(mode, ports.get(), ports, ca, size))
    relaying.start()
    sink(ports.get())
    for process in (sending, relaying):
        process.join()


def main() -> None:
    """All of them, twice, to see how far one can trust a number."""
    size = int(sys.argv[1] if len(sys.argv) > 1 else 500) * MEGABYTE
    with tempfile.TemporaryDirectory() as folder:
        authority = trustme.CA()
        pem, ca = Path(folder) / "server.pem", Path(folder) / "ca.pem"
        authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(pem)
        authority.cert_pem.write_to_path(ca)
        for turn in (1, 2):
            print(f"turn {turn}: bulk")
            for mode in ("copy", "splice 65536", "splice 1048576"):
                measure(mode, size, MEGABYTE, 0.0, None)
            print(f"turn {turn}: bulk, the remote server inside TLS")
            measure("copy", size, MEGABYTE, 0.0, (str(pem), str(ca)))
            print(f"turn {turn}: small")
            for mode in ("copy", "splice 65536", "splice 1048576"):
                measure(mode, size // 50, 1448, 0.0002, None)


if __name__ == "__main__":
    main()
