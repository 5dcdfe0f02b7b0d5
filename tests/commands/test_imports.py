"""What a command loads. A mail server runs `deliver` once a message, cron runs others: they must be quick."""

import subprocess
import sys

import pytest

from tests.house import House

HEAVY = {"rich", "textual", "asyncio", "ssl", "pydantic", "tomlkit", "uvloop", "argon2", "trustme", "cryptography"}
NEEDLESS = {"socket", "hashlib", "json"}
"""Not heavy, and yet a tenth of the time that a delivery takes."""

LOADED = """
import sys
from mtq.commands.main import main
assert main(sys.argv[1:]) == 0
print(*sys.modules, file=sys.stderr)
"""


def loaded(house: House, arguments: tuple[str, ...]) -> set[str]:
    """All that a command loads that goes well."""
    command = [sys.executable, "-c", LOADED, "--config", str(house.file), *arguments]
    done = subprocess.run(command, input="secret\n", capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stderr.splitlines()[-1].split())


QUICK = [
    ("mailbox", "deliver", "fred"),
    ("mailbox", "list", "--json"),
    ("mailbox", "status", "fred"),
    ("lock", "list", "--json"),
    ("user", "list", "--json"),
    ("user", "add", "wilma", "--password-stdin", "--scheme", "plain"),
    ("user", "passwd", "fred", "--password-stdin", "--scheme", "plain"),
    ("user", "remove", "fred"),
    ("service", "list", "--json"),
    ("service", "set", "pop3", "max_connections=7"),
    ("firewall", "list", "--json"),
    ("firewall", "test", "127.0.0.1", "--service", "pop3"),
    ("config", "path"),
    ("completion", "names", "users"),
    ("completion", "names", "services"),
    ("config", "get", "services.pop3.listen", "--json"),
    ("config", "get", "services.pop3.max_connections"),
    ("config", "get", "server.hostname"),
    ("config", "set", "services.pop3.max_connections", "7"),
    ("config", "set", "services.pop3.max_connections", "25", "--dry-run"),
    ("proxy", "allow", "list", "--json"),
    ("proxy", "allow", "remove", "pop.isp.com", "--service", "pop3"),
]


@pytest.mark.parametrize("arguments", QUICK)
def test_a_quick_command_loads_nothing_heavy(house: House, arguments: tuple[str, ...]) -> None:
    assert loaded(house, arguments) & HEAVY == set()


AT_A_SERVER = [
    ("status", "--json"),
    ("session", "list", "--json"),
    ("reload", "--quiet"),
    ("service", "restart", "pop3"),
    ("firewall", "test", "127.0.0.1", "--service", "pop3"),
]


@pytest.mark.parametrize("arguments", AT_A_SERVER)
def test_a_command_that_asks_the_server_loads_nothing_heavy(house: House, arguments: tuple[str, ...]) -> None:
    with house.serving():
        assert loaded(house, arguments) & HEAVY == set()


WITH_TOMLKIT = [
    ("firewall", "add", "192.0.2.7", "--service", "pop3"),
    ("config", "show"),
    ("config", "get", "services.pop3"),
    ("config", "set", "server.hostname", "mail.example.com"),
    ("config", "set", "services.pop3.firewall", '["10.*"]', "--dry-run"),
    ("proxy", "allow", "add", "pop.isp.com", "--service", "pop3", "--dry-run"),
]


@pytest.mark.parametrize("arguments", WITH_TOMLKIT)
def test_a_command_that_writes_toml_loads_what_writes_it_alone(house: House, arguments: tuple[str, ...]) -> None:
    assert loaded(house, arguments) & HEAVY == {"tomlkit"}


def test_a_delivery_loads_nothing_needless(house: House) -> None:
    assert loaded(house, ("mailbox", "deliver", "fred")) & (HEAVY | NEEDLESS) == set()


def test_an_import_off_a_terminal_does_not_load_its_bar(house: House) -> None:
    mbox = house.folder / "mbox"
    mbox.write_bytes(b"From fred\nSubject: hi\n")
    assert loaded(house, ("mailbox", "import", "--quiet", "fred", str(mbox))) & HEAVY == set()
