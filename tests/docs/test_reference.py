"""The reference and the man pages: they are what would be written now, and man can read them."""

import subprocess
from pathlib import Path

import pytest

from mtq.commands.main import MODULES
from reference.written import files

TOP = Path(__file__).parent.parent.parent
FILES = files()
PAGES = [path for path in FILES if path.startswith("man/")]


@pytest.mark.parametrize("path", FILES)
def test_a_file_is_what_would_be_written_now(path: str) -> None:
    assert (TOP / path).read_text() == FILES[path], "`make reference` is due"


def test_no_page_is_left_of_a_command_that_is_gone() -> None:
    assert {f"man/{file.name}" for file in (TOP / "man").iterdir()} == set(PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_man_finds_no_fault_in_a_page(page: str) -> None:
    done = subprocess.run(["mandoc", "-T", "lint", TOP / page], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_man_shows_what_an_option_does() -> None:
    shown = subprocess.run(["mandoc", "-T", "ascii", TOP / "man/mtq-user.1"], capture_output=True, text=True).stdout
    plain = subprocess.run(["col", "-bx"], input=shown, capture_output=True, text=True).stdout
    assert "--password-stdin\n              Read the password from standard input, its first line." in plain


def test_every_command_and_every_option_is_in_the_reference() -> None:
    text = FILES["docs/commands.md"]
    assert [name for name in MODULES if f"\n## mtq {name}\n" not in text] == []
    assert "\n### mtq proxy allow add\n" in text
    assert "| `--listen WHERE` | Port, ADDRESS:PORT or [IPv6]:PORT; repeatable. " in text
    assert "| `-n, --lines COUNT` | How many of the last lines. Default: 20. |" in text


def test_every_table_and_key_is_in_the_reference() -> None:
    text = FILES["docs/configuration.md"]
    assert '## [services.NAME.proxy.targets."HOST"]' in text
    assert "| `max_connections` | most clients at a time | a whole number from 1 to 999 | `25` |" in text
    assert "| `firewall_file` | file with more ranges, one a line, # before a comment | a path | not set |" in text
