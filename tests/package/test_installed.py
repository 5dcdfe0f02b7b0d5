"""The wheel installed as docs/install.md says, by pipx and by uv, in an empty home; and what is there then."""

import os
import pwd
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.page import AS_A_USER, DOCS, blocks

PAGE = DOCS / "install.md"
CALLS = [call.strip() for block in blocks(PAGE, "text") for call in block.splitlines() if " install dist/" in call]
[SHARE] = [block.strip() for block in blocks(PAGE, "text") if block.startswith("share=")]

BEGIN = r"""
mtq --version
mtq init
echo secret | mtq user add fred --password-stdin
printf 'Subject: bread\n\n' | mtq mailbox deliver fred
mtq mailbox list
"""

OWN_CACHE = Path(pwd.getpwuid(os.geteuid()).pw_dir, ".cache")
"""Of whoever runs the tests: the home is an empty one, but what was fetched once need not be fetched again."""


def in_shell(script: str, home: Path, *by: str) -> str:
    """Run it in an empty home; `/opt` and `/usr/local` are folders in it. What it says. `by`: as whom, and where."""
    moved = re.sub(r"/(?=opt/|usr/local/)", f"{home}/", script)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    environment = {
        **inherited,        # how indexes are reached from here
        "HOME": str(home),
        "PATH": f"{home}/.local/bin:{home}/usr/local/bin:{Path(sys.executable).parent}:/usr/bin:/bin",
        "UV_CACHE_DIR": str(OWN_CACHE / "uv"),
        "LC_ALL": "C.UTF-8",
    }
    command = [*by, "bash", "-euo", "pipefail", "-c", moved]
    done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_page_shows_both_programs_for_oneself_and_for_a_server() -> None:
    assert [re.findall(r"pipx|uv", call)[-1] for call in CALLS] == ["pipx", "uv", "pipx", "uv"]


@pytest.mark.parametrize("call", CALLS)
def test_it_runs_as_installed_and_brings_what_belongs_to_it(call: str, wheel: Path, tmp_path: Path) -> None:
    (tmp_path / "dist").mkdir()
    shutil.copy(wheel, tmp_path / "dist")
    in_shell(call, tmp_path)
    assert in_shell("command -v mtq", tmp_path).startswith(str(tmp_path))
    begun = in_shell(BEGIN, tmp_path, *AS_A_USER)
    assert re.match(r"mtq \d+\.\d+\.\d+\nPython 3\.", begun)
    assert re.search(r"^fred +1 ", begun, re.MULTILINE)
    share = Path(in_shell(f'{SHARE}; echo "$share"', tmp_path).strip())
    places = re.findall(r"`((?:man|bash-completion|zsh|fish|mtq)/[^`]+)`", PAGE.read_text())
    assert len(places) == 7
    assert [place for place in places if not (share / place).exists()] == []
    if call.startswith("pipx"):
        assert (tmp_path / ".local/share/man/man1/mtq.1").exists()
