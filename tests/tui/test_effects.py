"""What a command line does to the house."""

import pytest
import typer

from mtq.commands import main
from mtq.commands.shells.tree import describe
from mtq.tui.shell.effects import HARMS, LOOKS, SHOWN_ELSEWHERE, harms, only_looks, unsuited

ALL = describe(typer.Context(typer.main.get_command(main.app))).all()
COMMANDS = {command.path[1:] for command in ALL if not command.commands}

CHANGES = {
    tuple(line.split())
    for line in (
        "init", "reload", "cert create", "config set", "firewall add", "firewall import", "mailbox adopt",
        "mailbox import", "penalty forget", "proxy allow add", "proxy forget", "service add", "service enable",
        "service set", "service start", "user add", "user passwd",
    )
}      # fmt: skip
"""Commands that change something and take nothing from anybody."""


def test_of_every_command_it_is_known_what_it_does() -> None:
    known = LOOKS | HARMS | CHANGES | SHOWN_ELSEWHERE.keys()
    assert {command for command in COMMANDS if not any(command[: len(one)] == one for one in known)} == set()


@pytest.mark.parametrize("command", sorted(LOOKS | HARMS | CHANGES | SHOWN_ELSEWHERE.keys()), ids=" ".join)
def test_every_command_of_which_something_is_known_is_one(command: tuple[str, ...]) -> None:
    assert any(one[: len(command)] == command for one in COMMANDS)


@pytest.mark.parametrize(
    "line",
    [
        "status",
        "service list --json",
        "log -n 5",
        "firewall test 192.0.2.7 --service pop3",
        "--config /tmp/other.toml user list",
        "user remove fred --dry-run",
        "service stop --help",
        "--version",
        "",
    ],
)
def test_what_only_looks_is_allowed_to_who_only_looks(line: str) -> None:
    assert only_looks(line.split())


@pytest.mark.parametrize(
    "line",
    ["stop", "reload", "service set pop3 max_connections=5", "user add fred", "--config status stop", "unheard of"],
)
def test_whatever_may_change_something_is_not(line: str) -> None:
    assert not only_looks(line.split())


@pytest.mark.parametrize("line", ["stop", "service stop pop3", "session kick 7", "--config x user remove fred"])
def test_what_harms_is_asked_about(line: str) -> None:
    assert harms(line.split())


@pytest.mark.parametrize("line", ["service start pop3", "user remove fred --dry-run", "stop --help", "service list"])
def test_what_does_not_harm_is_not(line: str) -> None:
    assert not harms(line.split())


@pytest.mark.parametrize(
    "line",
    ["serve", "serve --demo", "tui dashboard", "log -f", "log --follow", "log -fn5", "mailbox deliver fred"],
)
def test_what_does_not_end_is_not_run_here(line: str) -> None:
    assert unsuited(line.split())


@pytest.mark.parametrize("line", ["log", "log -n 5", "log --json", "serve --help", "status"])
def test_what_ends_is_run_here(line: str) -> None:
    assert not unsuited(line.split())
