"""What a command line does to the house."""

import pytest
import typer

from mtq.commands import main
from mtq.commands.shells.tree import describe
from mtq.tui.shell.effects import HARMS, LOOKS, harms, only_looks, unsuited

COMMANDS = {command.path[1:] for command in describe(typer.Context(typer.main.get_command(main.app))).all()}
LATER = {("lock", "list"), ("lock", "show"), ("lock", "release"), ("proxy", "test"), ("proxy", "failures"),
         ("proxy", "status"), ("proxy", "allow", "list"), ("proxy", "allow", "remove")}      # fmt: skip
"""Commands of the contract that this version may not have yet."""


@pytest.mark.parametrize("command", sorted(LOOKS | HARMS), ids=" ".join)
def test_every_command_that_is_known_here_is_one(command: tuple[str, ...]) -> None:
    assert command in COMMANDS | LATER


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


@pytest.mark.parametrize("line", ["serve", "serve --demo", "tui dashboard", "log -f", "log --follow", "log -fn5"])
def test_what_does_not_end_is_not_run_here(line: str) -> None:
    assert unsuited(line.split())


@pytest.mark.parametrize("line", ["log", "log -n 5", "log --json", "serve --help", "status"])
def test_what_ends_is_run_here(line: str) -> None:
    assert not unsuited(line.split())
