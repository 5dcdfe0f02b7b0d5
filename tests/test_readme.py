"""The README's examples, run as they stand by a new user in an empty home."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.house import wait_for_line

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```sh\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
DEMO, DEMO_CLIENT, SET_UP, SERVE, CLIENT, PROXY, CHANGE, SERVICES, FIREWALL, GOING_ON = BLOCKS
[CRONTAB] = re.findall(r"^```crontab\n(.*?)^```", README, re.MULTILINE | re.DOTALL)

# Root would write to /etc: there it goes by the name of nobody, in a user namespace of its own.
AS_A_USER = ["unshare", "--user"] if os.geteuid() == 0 else []


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An empty home, with mtq on the path."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    venv = str(Path(sys.executable).parent.parent)
    found = {"HOME": str(tmp_path), "PATH": path, "LC_ALL": "C.UTF-8", "VENV": venv}
    if "PYTHONPATH" in os.environ:      # a source tree that is not the installed one
        found["PYTHONPATH"] = os.environ["PYTHONPATH"]
    return found


def run(block: str, environment: dict[str, str]) -> str:
    """Run the commands of a block; each must succeed."""
    command = [*AS_A_USER, "bash", "-euo", "pipefail", "-c", block]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def running(block: str, environment: dict[str, str]) -> Iterator[None]:
    """Run a block that goes on until it is interrupted."""
    command = [*AS_A_USER, "bash", "-c", f"exec {block}"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True) as server:
        try:
            wait_for_line(server, "ready")
            yield
        finally:
            server.terminate()
            server.communicate(timeout=30)


def test_the_demonstration_shows_a_message(environment: dict[str, str]) -> None:
    # `make demo` installs first; here the environment that runs the tests stands in for the new one.
    demonstration = re.search(r"\$\(VENV\)/bin/(mtq serve --demo)", (ROOT / "Makefile").read_text())
    assert DEMO == "make demo\n"
    assert demonstration is not None
    with running(demonstration.group(1), environment):
        shown = run(DEMO_CLIENT, environment)
    assert re.match(r"1 \d+\r?\n2 \d+", shown)
    assert "Subject: " in shown
    assert "To: Pearl <pearl@bedrock.example>" in shown


def test_a_new_user_serves_a_first_message(environment: dict[str, str]) -> None:
    assert "fred" in run(SET_UP, environment)
    with running(SERVE, environment):
        shown = run(CLIENT, environment)
        changed = run(CHANGE, environment)
    assert changed.startswith("50\n---")      # the value, and the difference of a dry run
    assert "Please bring bread." in shown
    assert '"scheme": "ARGON2ID"' in shown


def test_a_provider_is_allowed_to_be_logged_in_at(environment: dict[str, str]) -> None:
    run(SET_UP, environment)
    assert run(PROXY, environment).splitlines()[-1].split() == ["pop3", "pop.example.com"]
    run("mtq config check", environment)


def test_an_administrator_does_it_from_another_terminal(environment: dict[str, str]) -> None:
    run(SET_UP, environment)
    with running(SERVE, environment):
        services = run(SERVICES, environment)
        assert re.search(r"^printers +running +yes +127.0.0.1:2110 ", services, re.MULTILINE)
        firewall = run(FIREWALL, environment)
        assert "192.0.2.7 is let in by service pop3: covered by 192.0.2.0/24\n" in firewall
        assert "exit code 1: not let in\n" in firewall
        going_on = run(GOING_ON, environment)
        assert "exit code 1: has no session\n" in going_on
        assert "configuration read again: services.pop3.firewall changed" in going_on


def cron(environment: dict[str, str]) -> list[str]:
    """Run each command of the crontab as cron does; what it would mail of each."""
    mails = []
    path = f"PATH={Path(sys.executable).parent}:/usr/bin:/bin"      # for where mtq is installed
    bare = [f"{name}={environment[name]}" for name in ("HOME", "PYTHONPATH") if name in environment]
    for command in re.findall(r"^[\d*/]+ (?:[\d*/]+ +){4}(.*)$", CRONTAB, re.MULTILINE):
        line = ["env", "-i", path, *bare, "/bin/sh", "-c", command]
        done = subprocess.run([*AS_A_USER, *line], capture_output=True, text=True, timeout=60)
        mails.append(done.stdout + done.stderr)
    return mails


def test_cron_does_it_without_a_word_and_mails_when_no_server_runs(
    environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "blocklist.txt").write_text("192.0.2.7  # a list\n198.51.100.0/24\n")
    run(SET_UP, environment)
    with running(SERVE, environment):
        assert cron(environment) == ["", "", "", ""]
        assert "!198.51.100.0/24" in run("mtq firewall list --service pop3", environment)
    imported, status, cert, reload = cron(environment)
    assert (imported, cert) == ("", "")
    assert "no server is running" in status
    assert "no server is running" in reload
