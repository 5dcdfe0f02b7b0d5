"""The real server, where its log cannot be written: mail goes on, and whoever asks is told."""

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fcntl import F_SETPIPE_SZ, fcntl
from pathlib import Path

from tests.commands.desk import process
from tests.house import MTQ, House
from tests.mounts import fill, in_own_mounts, tmpfs
from tests.server.pop import Client
from tests.server.systemd.listener import listening

CANNOT = "the log cannot be written: {}"
AGAIN = b"the log can be written again; lines that were lost: "


@contextmanager
def logging_to(house: House, log: int, through: Sequence[str] = ()) -> Iterator["subprocess.Popen[bytes]"]:
    """The real server with this for its stderr. `through` is a command that runs the command after it."""
    with listening(house.folder) as manager:
        environment = {**os.environ, "NOTIFY_SOCKET": manager.address}
        command = [*through, MTQ, "--config", str(house.file), "serve"]
        with subprocess.Popen(command, stderr=log, env=environment) as server:
            try:
                manager.hear_of("READY")
                yield server
            finally:
                if server.poll() is None:
                    server.kill()


@contextmanager
def watched(house: House) -> Iterator[Iterator[str]]:
    """What `mtq log -f` prints."""
    command = [MTQ, "--config", str(house.file), "log", "-f", "--lines", "1000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as follower:
        assert follower.stdout is not None
        try:
            yield iter(follower.stdout.readline, "")
        finally:
            follower.kill()


def hear(lines: Iterator[str], text: str) -> str:
    """The next line with this in it."""
    return next(line for line in lines if text in line)


def read_mail(house: House) -> None:
    """A whole session, in which everything goes well."""
    with Client(house.pop3) as client:
        assert client.login().startswith(b"+OK")
        assert client.ask(b"RETR 1").startswith(b"+OK")
        client.body()
        assert client.ask(b"QUIT") == b"+OK bye"


def stop(server: "subprocess.Popen[bytes]") -> int:
    """Its exit code, asked to end."""
    server.send_signal(signal.SIGTERM)
    return server.wait()


def test_a_log_that_takes_nothing_is_told_of_and_changes_nothing_else(house: House) -> None:
    house.deliver("fred", b"one\n")
    with Path("/dev/full").open("wb") as full, logging_to(house, full.fileno()) as server, watched(house) as lines:
        read_mail(house)
        assert "error" in hear(lines, CANNOT.format("no space left on device; mail goes on"))
        read_mail(house)
        status = process("--config", str(house.file), "status")
        assert f"warning: {CANNOT.format('no space left on device; lines that were lost: 0')}\n" in status.err
        assert stop(server) == 0


def test_a_server_whose_stderr_is_closed_serves_and_is_asked_for_its_log(house: House) -> None:
    house.deliver("fred", b"one\n")
    closed = ["sh", "-c", 'exec "$@" 2>&-', "sh"]
    with logging_to(house, subprocess.DEVNULL, closed) as server:
        read_mail(house)
        assert ", as fred: quit; " in process("--config", str(house.file), "log").out
        assert stop(server) == 0


def test_a_log_that_nobody_reads_holds_up_nobody_and_goes_on_when_somebody_does(house: House) -> None:
    house.file.write_text(house.file.read_text().replace("[server]", '[server]\nlog_level = "debug"'))
    house.deliver("fred", b"one\n")
    fifo = house.folder / "log"
    os.mkfifo(fifo)
    with fifo.open("rb+", buffering=0) as reader, fifo.open("wb", buffering=0) as writer:
        fcntl(reader, F_SETPIPE_SZ, 4096)
        with logging_to(house, writer.fileno()) as server:
            for _ in range(180):
                read_mail(house)
            with watched(house) as lines:
                assert " error " in hear(lines, CANNOT.format("nobody reads it; mail goes on"))
            read = b""
            while AGAIN not in read:
                read += reader.read(4096)
            assert 0 < read.count(b": quit; ") < 180
            fcntl(reader, F_SETPIPE_SZ, 65536)
            read_mail(house)
            assert stop(server) == 0
            while not read.endswith(b" stopped\n"):
                read += reader.read(4096)


def check_log_and_mailboxes_on_a_full_disk(folder: Path) -> None:
    disk = folder / "disk"
    tmpfs(disk, "size=64k")
    house = House(folder, server=f'[mailboxes]\npath = "{disk}/mail/{{user}}"')
    house.user("fred", "secret")
    house.deliver("fred", b"one\n")
    house.certify()      # else the making of it is told of, in words without a date
    with (disk / "log").open("ab") as log, logging_to(house, log.fileno()) as server, watched(house) as lines:
        fill(disk)
        for _ in range(60):      # what a page of the file has room for, and more
            read_mail(house)
        hear(lines, CANNOT.format("no space left on device; mail goes on"))
        with Client(house.pop3) as client:
            client.login()
            client.ask(b"DELE 1")
            assert client.ask(b"QUIT") == b"+OK bye"
        assert house.stored("fred") == []
        (disk / "ballast").unlink()
        assert hear(lines, AGAIN.decode()).endswith(": 0\n")
        assert stop(server) == 0
    written = (disk / "log").read_text()
    assert written.count(", as fred: quit;") == 61
    assert written.endswith(" stopped\n")
    assert all(line[:2] == "20" for line in written.splitlines())


def test_on_a_full_disk_mail_goes_on_and_lines_wait_for_room(tmp_path: Path) -> None:
    in_own_mounts(check_log_and_mailboxes_on_a_full_disk, tmp_path)
