"""A page of the docs as its reader works through it: one shell, a new user, an empty home."""

import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from tests import loopback

TOP = Path(__file__).parent.parent.parent
DOCS = TOP / "docs"

# Root would write to /etc: there it goes by the name of nobody, in a user namespace of its own. Whoever listens
# on the ports of the examples is on another network.
AS_A_USER = (
    ["unshare", "--net", sys.executable, loopback.__file__, "unshare", "--user"] if os.geteuid() == 0 else []
)

IN_ITS_OWN_TERMINAL = "mtq serve"

SERVE = """
exec {server}< <(exec mtq serve 2>&1)
serving=$!
trap 'kill $serving || true; cat <&$server' EXIT    # the end of its output is the end of the server
line=
until [[ $line == *ready* ]]; do
    read -r line <&$server      # at its end, this fails
    printf 'mtq serve: %s\\n' "$line"
done
"""
"""`mtq serve`, until it says that it is ready."""


def blocks(page: Path, language: str) -> list[str]:
    """The blocks of a page that are in this language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)


def script(page: Path) -> str:
    """All examples of a page as one script, then its crontab's commands."""
    examples = [SERVE if block.strip() == IN_ITS_OWN_TERMINAL else block for block in blocks(page, "sh")]
    return "\n".join(["set -euo pipefail", *examples, *_jobs(page)])


def work_through(page: Path, home: Path) -> str:
    """Run all examples of a page, and say what they said. Each must succeed."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {"HOME": str(home), "PATH": path, "LC_ALL": "C.UTF-8"}
    with subprocess.Popen(
        [*AS_A_USER, "bash", "-c", script(page)],
        cwd=home,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as shell:
        try:
            said, _ = shell.communicate(timeout=100)
        finally:
            with suppress(ProcessLookupError):      # all have ended by themselves
                os.killpg(shell.pid, signal.SIGKILL)
    assert shell.returncode == 0, said
    return said


def _jobs(page: Path) -> list[str]:
    """The commands of a crontab, each as cron runs it: in sh, with little more than a home and a path."""
    lines = [line for block in blocks(page, "crontab") for line in block.splitlines() if re.match(r"[*0-9]", line)]
    commands = [line.split(maxsplit=5)[5] for line in lines]
    return [f"env -i HOME=\"$HOME\" PATH=\"$PATH\" sh -c '{command}'" for command in commands]
