"""Completion of the dashboard's command line."""

import os
from collections.abc import Iterable
from pathlib import Path

import pytest
import typer

from mtq.commands import main
from mtq.commands.shells.dashboard import completer
from mtq.commands.shells.keys import known
from mtq.commands.shells.takes import Source
from mtq.commands.shells.tree import describe
from mtq.tui.shell.command import Candidate

ROOT = describe(typer.Context(typer.main.get_command(main.app), info_name="mtq"))


def names(source: Source) -> Iterable[str]:
    """The services and the users of a house."""
    return {Source.SERVICES: ["pop3", "pop3s"], Source.USERS: ["fred", "wilma"]}[source]


def offered(*words: str) -> list[str]:
    """The words that could stand in place of the last one, which has begun."""
    found = completer(ROOT, known(), names)(words)
    return [candidate.word for candidate in found if candidate.word.startswith(words[-1])]


def test_commands_are_offered_with_what_they_are_for() -> None:
    found = completer(ROOT, known(), names)(("",))
    assert [candidate.word for candidate in found] == list(main.MODULES)
    assert Candidate("service", "Add, change, start and stop services") in found


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("ser", ["serve", "service"]),
        ("service st", ["start", "stop"]),
        ("service stop ", ["pop3", "pop3s"]),
        ("service stop pop3s", ["pop3s"]),
        ("user passwd ", ["fred", "wilma"]),
        ("user passwd fred --pass", ["--password-stdin"]),
        ("firewall add 192.0.2.7 --service ", ["pop3", "pop3s"]),
        ("firewall add --service pop3 --exc", ["--exclude"]),
        ("firewall add --service=pop3", ["--service=pop3", "--service=pop3s"]),
        ("firewall mode ", ["any", "firewall", "firewall+lan"]),
        ("service set pop3 max_conn", ["max_connections=", "max_connections_per_address="]),
        ("service set pop3 tls=", ["tls=off", "tls=starttls", "tls=implicit"]),
        ("config get services.pop3s.id", ["services.pop3s.idle_timeout"]),
        ("config set server.log_level w", ["warning"]),
        ("config set server.log_level warning server.log_f", ["server.log_format"]),
        ("--config x service stop ", ["pop3", "pop3s"]),
        ("status ", []),
        ("unheard of ", []),
    ],
)
def test_what_could_be_typed_next_is_offered(line: str, words: list[str]) -> None:
    assert offered(*line.split(" ")) == words


def test_files_and_folders_are_offered_where_a_path_is_wanted(tmp_path: Path) -> None:
    (tmp_path / "mbox").touch()
    (tmp_path / "Mail").mkdir()
    assert offered("mailbox", "import", "fred", f"{tmp_path}/") == [f"{tmp_path}/Mail/", f"{tmp_path}/mbox"]


def test_a_folder_that_cannot_be_read_offers_nothing(tmp_path: Path) -> None:
    assert offered("mailbox", "import", "fred", f"{tmp_path}/nowhere/") == []


def test_a_file_with_a_name_that_a_terminal_would_obey_is_not_offered(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\x1b[2J")).touch()
    assert offered("mailbox", "import", "fred", f"{tmp_path}/") == []
