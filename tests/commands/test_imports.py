"""What a command loads. A mail server runs `deliver` once a message, cron runs others: they must be quick."""

import subprocess
import sys

import pytest

from tests.house import House

HEAVY = ["rich", "textual", "asyncio", "ssl", "pydantic", "tomlkit", "uvloop", "argon2", "trustme", "cryptography"]

LOADED = f"""
import sys
from mtq.commands.main import main
assert main(sys.argv[1:]) == 0
print(*sorted(set(sys.modules) & set({HEAVY!r})), file=sys.stderr)
"""


QUICK = [
    ("mailbox", "deliver", "fred"),
    ("mailbox", "list", "--json"),
    ("user", "list", "--json"),
    ("config", "path"),
    ("completion", "names", "users"),
    ("completion", "names", "services"),
]


@pytest.mark.parametrize("arguments", QUICK)
def test_a_quick_command_loads_nothing_heavy(house: House, arguments: tuple[str, ...]) -> None:
    command = [sys.executable, "-c", LOADED, "--config", str(house.file), *arguments]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    assert done.stderr == "\n"
