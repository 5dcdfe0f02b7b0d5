"""Changing the file: one at a time, validated, whole or not at all."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mtq.config.document import Document, Unchangeable
from mtq.config.edit import Change, Rejected, edit
from mtq.config.model import Config
from mtq.config.read import load
from mtq.errors import ConfigInvalid, Exit, MtqError
from tests.commands.desk import tree
from tests.config.lived_in import LAYOUTS, LIVED_IN
from tests.mail import outsider

LIMIT = ("services", "pop3s", "max_connections")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A configuration in a folder of its own."""
    folder = tmp_path / "folder"
    folder.mkdir()
    file = folder / "mtq.toml"
    file.write_bytes(LIVED_IN.encode())
    return file


def limit(number: int) -> Change:
    """A change: so many connections."""
    return lambda document, config: document.set(LIMIT, number)


def test_a_change_is_written_and_told(file: Path) -> None:
    outcome = edit(file, limit(99))
    assert outcome.changed
    assert outcome.config == load(file)
    assert outcome.config.services["pop3s"].max_connections == 99
    assert (outcome.before, outcome.after) == (LIVED_IN, file.read_text())


def test_the_change_is_told_what_is_in_force(file: Path) -> None:
    seen = []
    edit(file, lambda document, config: seen.append((document.text, config)))
    assert seen == [(LIVED_IN, load(file))]


@pytest.mark.parametrize("text", LAYOUTS.values(), ids=LAYOUTS)
def test_line_ends_stay_as_they_are(file: Path, text: str) -> None:
    file.write_bytes(text.encode())
    edit(file, limit(99))
    assert file.read_bytes() == text.replace("max_connections = 25", "max_connections = 99").encode()


def test_the_difference_is_a_unified_one(file: Path) -> None:
    file.write_bytes(LIVED_IN.replace("\n", "\r\n").encode())
    assert edit(file, limit(99)).difference() == [
        f"--- {file}",
        f"+++ {file}",
        "@@ -35,7 +35,7 @@",
        ' ["services" . pop3s]',
        ' listen = ["127.0.0.1:1995","[::1]:1995"]',
        " tls = 'implicit'",
        "-max_connections = 25                # 1 to 999",
        "+max_connections = 99                # 1 to 999",
        " firewall = [ ]                      # nobody yet",
        " idle_timeout = 60                   # seconds",
        " [services.pop3s.proxy]",
    ]


def test_what_changes_nothing_writes_nothing(file: Path) -> None:
    before = file.stat()
    outcome = edit(file, limit(25))
    assert not outcome.changed
    assert outcome.difference() == []
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_dry_run_writes_nothing_at_all(file: Path) -> None:
    before = tree(file.parent)
    outcome = edit(file, limit(99), dry_run=True)
    assert outcome.changed
    assert outcome.config.services["pop3s"].max_connections == 99
    assert tree(file.parent) == before


# What must not be changed


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (limit(1000), r"services.pop3s.max_connections: found 1000; allowed is .*; nothing was changed\Z"),
        (lambda d, _: d.set(("server", "hostnam"), "x"), r'server.hostnam: unknown key; did you mean "hostname"\?'),
        (lambda d, _: d.set(("tls", "key"), "x"), "tls: certificate and key come together; nothing was changed"),
        (lambda d, _: d.set(("services", "pop3s", "listen"), ["[::1]:1", 1110]),
         "services.pop3s.listen: port 1110 is taken by services.pop3"),
    ],
)  # fmt: skip
def test_a_change_that_would_make_it_wrong_is_rejected(
    file: Path, change: Change, said: str, dry_run: bool
) -> None:
    with pytest.raises(Rejected, match=said) as caught:
        edit(file, change, dry_run)
    assert caught.value.exit == Exit.USAGE
    assert file.read_text() == LIVED_IN


def test_each_problem_is_a_line(file: Path) -> None:
    def change(document: Document, config: Config) -> None:
        document.set(LIMIT, 0)
        document.set(("server", "log_level"), "loud")

    with pytest.raises(Rejected) as caught:
        edit(file, change)
    assert [line.partition(":")[0] for line in str(caught.value).splitlines()] == [
        "server.log_level", "services.pop3s.max_connections"
    ]  # fmt: skip


def test_a_change_that_fails_on_its_way_changes_nothing(file: Path) -> None:
    def change(document: Document, config: Config) -> None:
        document.set(LIMIT, 99)
        document.set(("server",), 1)

    with pytest.raises(Unchangeable):
        edit(file, change)
    assert file.read_text() == LIVED_IN


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (b"[server]\nlan = 2\n", ":2: server.lan: found 2"),
        (b"[server\n", ":1: not TOML"),
        (b"# \xff\n", ":1: not UTF-8"),
    ],
)
def test_a_file_that_is_wrong_already_is_not_changed(file: Path, wrong: bytes, said: str, dry_run: bool) -> None:
    file.write_bytes(wrong)
    with pytest.raises(ConfigInvalid, match=f"{file}{said}"):
        edit(file, limit(99), dry_run)
    assert file.read_bytes() == wrong


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_file_that_is_not_there_is_not_made(file: Path, dry_run: bool) -> None:
    file.unlink()
    with pytest.raises(ConfigInvalid, match="there is no such file; `mtq init`"):
        edit(file, limit(99), dry_run)
    assert tree(file.parent) == {}


# The file as a thing of the system


def test_links_stay_and_what_they_lead_to_is_changed(file: Path, tmp_path: Path) -> None:
    link, second = tmp_path / "mtq.toml", tmp_path / "second"
    link.symlink_to("second")
    second.symlink_to("folder/mtq.toml")
    edit(link, limit(99))
    assert link.is_symlink()
    assert second.is_symlink()
    assert "max_connections = 99" in file.read_text()
    assert sorted(os.listdir(tmp_path)) == ["folder", "mtq.toml", "second"]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_owner_and_mode_stay(file: Path, mode: int) -> None:
    os.chown(file, outsider.SOMEBODY, -1)
    file.chmod(mode)
    before = file.stat()
    edit(file, limit(99))
    after = file.stat()
    assert after.st_ino != before.st_ino
    assert (after.st_uid, after.st_gid, after.st_mode) == (before.st_uid, before.st_gid, before.st_mode)


def test_where_one_may_not_write_nothing_is_changed_and_the_file_is_named() -> None:
    with outsider.public_folder() as folder:
        file = Path(os.fsdecode(folder)) / "mtq.toml"
        file.write_text(LIVED_IN)
        file.chmod(0o644)
        file.parent.chmod(0o555)
        with outsider.unprivileged(), pytest.raises(MtqError) as caught:
            edit(file, limit(99))
        assert str(caught.value) == f"{file}: cannot be changed: permission denied"
        assert file.read_text() == LIVED_IN
        with outsider.unprivileged():
            assert edit(file, limit(99), dry_run=True).changed


# Many at once, and sudden ends

ADD = """
import sys
from pathlib import Path
from mtq.config.edit import edit
print(flush=True)
sys.stdin.read(1)
for number in range(5):
    item = f"10.{sys.argv[2]}.{number}.*"
    edit(Path(sys.argv[1]), lambda document, config: document.append(("server", "lan"), [item]))
"""


def test_twenty_that_change_the_same_list_at_once_lose_nothing(file: Path) -> None:
    children = [outsider.python(ADD, str(file), str(number)) for number in range(20)]
    for child in children:
        assert child.stdout is not None
        child.stdout.readline()
    assert [child.communicate(b"\n")[1] for child in children] == [b""] * 20
    added = {entry.range.text for entry in load(file).server.lan} - {"127.0.0.0/8", "192.168.1.*", "!192.168.1.66"}
    assert added == {f"10.{number}.{step}.*" for number in range(20) for step in range(5)}
    edit(file, lambda document, config: document.discard(("server", "lan"), lambda item: str(item) in added))
    assert file.read_text() == LIVED_IN


DIE = """
import os, signal, sys
from pathlib import Path
from mtq.config.edit import edit
name, when = sys.argv[2:]
really = getattr(os, name)
def deadly(*arguments, **named):
    if when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    really(*arguments, **named)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(os, name, deadly)
edit(Path(sys.argv[1]), lambda document, config: document.set(("services", "pop3s", "max_connections"), 99))
"""


@pytest.mark.parametrize(
    ("call", "when", "number"),
    [
        ("write", "before", 25),
        ("write", "after", 25),
        ("fsync", "after", 25),
        ("rename", "before", 25),
        ("rename", "after", 99),
    ],
)
def test_killed_at_any_moment_the_file_is_the_old_or_the_new_one(
    file: Path, call: str, when: str, number: int
) -> None:
    command = [sys.executable, "-c", DIE, str(file), call, when]
    assert subprocess.run(command, cwd=outsider.ROOT).returncode == -signal.SIGKILL
    assert file.read_text() == LIVED_IN.replace("max_connections = 25", f"max_connections = {number}")
    edit(file, limit(7))
    assert load(file).services["pop3s"].max_connections == 7
