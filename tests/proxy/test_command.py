"""Commands of the administrator: what is said when they fail, and that none outlives its time."""

import os
import select
import signal
import threading
from pathlib import Path

import pytest

from mtq.proxy.command import Command
from tests.house import WAIT


def shell(script: str, seconds: float = WAIT) -> Command:
    """A command whose work is this script."""
    return Command(("/bin/sh", "-c", script), seconds)


def test_exit_code_0_is_success() -> None:
    assert shell("echo much; exit 0").run() is None


@pytest.mark.parametrize(
    ("script", "failure"),
    [
        ("exit 3", "exit code 3"),
        ("echo out; echo err >&2; exit 1", "exit code 1: out err"),
        ("printf '\\033[31mred\\n\\nlines\\n'; exit 1", "exit code 1: ?[31mred lines"),
        ("kill -9 $$", "ended by SIGKILL"),
    ],
)
def test_a_failure_is_told_with_what_the_command_said(script: str, failure: str) -> None:
    assert shell(script).run() == f"/bin/sh -c {script}: {failure}"


def test_only_the_end_of_much_output_is_told() -> None:
    failure = shell("seq 100000; echo the end; exit 1").run()
    assert failure is not None
    assert failure.endswith("the end")
    assert len(failure) < 1000


def test_a_command_that_is_not_there() -> None:
    assert Command(("/no/such/program", "isp"), WAIT).run() == "/no/such/program isp: no such file or directory"


def test_no_shell_reads_the_arguments(tmp_path: Path) -> None:
    file = tmp_path / "file"
    assert Command(("/bin/echo", "$(touch", str(file), ")", ";", "touch", str(file)), WAIT).run() is None
    assert not file.exists()


def test_what_a_command_leaves_running_is_not_waited_for(tmp_path: Path) -> None:
    # As pppd stays when pon has ended, with its output still open.
    pid = tmp_path / "pid"
    assert shell(f"sleep 60 & echo $! > {pid}").run() is None
    os.kill(int(pid.read_text()), signal.SIGKILL)


@pytest.mark.parametrize("script", ["sleep 60", "trap '' TERM; sleep 60 & wait; sleep 60"], ids=["mild", "stubborn"])
def test_a_command_that_takes_too_long_is_killed_with_all_that_it_has_started(tmp_path: Path, script: str) -> None:
    pids = tmp_path / "pids"
    failure = shell(f"echo $$ > {pids}; sleep 60 & echo $! >> {pids}; {script}", 0.3).run()
    assert failure is not None
    assert failure.endswith("not done within 0.3 seconds")
    own, child = map(int, pids.read_text().split())
    with pytest.raises(ProcessLookupError):      # no zombie either
        os.kill(own, 0)
    wait_for_the_end(child)


def test_a_command_may_be_ended_from_another_thread() -> None:
    command = shell("sleep 60")
    outcomes: list[str | None] = []
    thread = threading.Thread(target=lambda: outcomes.append(command.run()))
    thread.start()
    command.end(signal.SIGKILL)      # perhaps before it has begun
    thread.join(WAIT)
    assert outcomes == ["/bin/sh -c sleep 60: ended by SIGKILL"]


def wait_for_the_end(pid: int) -> None:
    """Wait until a process that is not our child has ended."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    ended, _, _ = select.select([process], [], [], WAIT)
    os.close(process)
    assert ended
