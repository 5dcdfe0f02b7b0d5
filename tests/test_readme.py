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
DEMO, DEMO_CLIENT, SET_UP, SERVE, CLIENT = BLOCKS

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


def test_the_first_screen_has_a_picture_and_the_two_commands_that_show_it() -> None:
    first = README.partition("\n## ")[0]
    assert f"```sh\n{DEMO}```" in first
    assert f"```sh\n{DEMO_CLIENT}```" in first
    pictures = re.findall(r"!\[.+\]\((.*)\)", README)
    assert pictures[0] in first
    assert [picture for picture in pictures if not (ROOT / picture).is_file()] == []


def test_the_demonstration_shows_a_message(environment: dict[str, str]) -> None:
    # `make demo` installs first; here the environment that runs the tests stands in for the new one.
    demonstration = re.search(r"\$\(VENV\)/bin/(mtq serve --demo)", (ROOT / "Makefile").read_text())
    assert DEMO == "make demo\n"
    assert demonstration is not None
    with running(demonstration.group(1), environment):
        assert "Subject: " in run(DEMO_CLIENT, environment)


def test_a_new_user_serves_a_first_message(environment: dict[str, str]) -> None:
    assert re.search(r"^fred +1 ", run(SET_UP, environment), re.MULTILINE)
    with running(SERVE, environment):
        shown = run(CLIENT, environment)
    assert "Please bring bread." in shown
    assert "pop3s" in shown


def test_the_comparison_has_a_cell_for_each_program_in_every_row() -> None:
    rows = [line for line in README.splitlines() if line.startswith("|") and line.count("|") > 4]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    assert cells[0][1:] == ["mtq", "Dovecot", "Perdition", "nginx, mail", "email-oauth2-proxy"]
    assert [row[0] for row in cells if len(row) != 6 or "" in row[1:]] == []
