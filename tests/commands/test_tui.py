"""`mtq tui`: how the dashboard is started, and what is handed to it."""

import subprocess
import sys

import pytest

from tests.commands.desk import Run, process
from tests.house import House

LOADED = """
import sys
from mtq.commands.main import main
assert main(sys.argv[1:]) == 0
print("textual" in sys.modules, file=sys.stderr)
"""


def test_where_there_is_no_terminal_there_is_no_dashboard(house: House) -> None:
    outcome = process("--config", str(house.file), "tui", "dashboard")
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err == "mtq: the dashboard needs a terminal; `mtq status` shows the same without one\n"


def test_the_group_alone_shows_its_command(run: Run) -> None:
    outcome = run("tui")
    assert outcome.code == 2
    assert "dashboard" in outcome.err


@pytest.mark.parametrize("arguments", [("completion", "bash"), ("tui", "dashboard", "--help")])
def test_nothing_but_the_dashboard_itself_loads_textual(house: House, arguments: tuple[str, ...]) -> None:
    command = [sys.executable, "-c", LOADED, "--config", str(house.file), *arguments]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    assert done.stderr == "False\n"
