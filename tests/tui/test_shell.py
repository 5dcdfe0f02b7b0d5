"""The command line of the dashboard: typing, completing, going back, running, stopping."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest
import typer

from mtq.commands import main
from mtq.commands.place import Place
from mtq.commands.shells.dashboard import completer
from mtq.commands.shells.keys import known
from mtq.commands.shells.tree import describe
from mtq.commands.subordinate import subordinate
from mtq.tui.app import Dashboard
from mtq.tui.shell.command import Candidate, Outcome
from tests.house import House
from tests.tui.sitting import Sitting, sitting

NAMES = ("serve", "service", "session", "status", "stop", "user")
COMMANDS = [Candidate(name, f"the command {name}") for name in NAMES]

Act = Callable[[Sitting], Awaitable[None]]


class Desk:
    """Runs nothing: says what it was asked to run, or never ends."""

    def __init__(self) -> None:
        self.ran: list[tuple[list[str], bytes]] = []
        self.stopped = 0
        self.endless = False

    async def run(self, arguments: Sequence[str], columns: int, stdin: bytes) -> Outcome:
        """As if a command had run."""
        self.ran.append((list(arguments), stdin))
        if self.endless:
            try:
                await asyncio.Event().wait()
            finally:
                self.stopped += 1
        return Outcome(0, f"{' '.join(arguments)} was run in {columns} columns\n", "")


@pytest.fixture
def desk() -> Desk:
    """A desk that nothing was run at yet."""
    return Desk()


def at(desk: Desk, folder: Path, act: Act, read_only: bool = False) -> None:
    """Have somebody open the command line of a dashboard without a server."""

    def complete(words: Sequence[str]) -> Sequence[Candidate]:
        return COMMANDS if len(words) == 1 else [Candidate("pop3"), Candidate("pop3s")]

    async def sit() -> None:
        dashboard = Dashboard(
            folder / "control.sock", folder / "mtq.toml", read_only=read_only, run=desk.run, complete=complete
        )
        async with sitting(dashboard) as person:
            await person.press(":")
            await person.sees("Type any mtq command without the mtq")
            await act(person)

    asyncio.run(sit())


def test_a_command_is_run_and_its_output_shown_in_place(desk: Desk, tmp_path: Path) -> None:
    async def act(person: Sitting) -> None:
        await person.type("service list")
        await person.press("enter")
        await person.sees(": service list", "service list was run in 76 columns")

    at(desk, tmp_path, act)
    assert desk.ran == [(["service", "list"], b"")]


def test_the_mtq_may_be_typed_too(desk: Desk, tmp_path: Path) -> None:
    async def act(person: Sitting) -> None:
        await person.type("mtq status")
        await person.press("enter")
        await person.sees("status was run")

    at(desk, tmp_path, act)
    assert desk.ran == [(["status"], b"")]


def test_words_are_quoted_as_in_a_shell(desk: Desk, tmp_path: Path) -> None:
    async def act(person: Sitting) -> None:
        await person.type("user add 'fred f'")
        await person.press("enter")
        await person.sees("was run")
        await person.type("user 'add")
        await person.press("enter")
        await person.sees("no closing quotation")

    at(desk, tmp_path, act)
    assert desk.ran == [(["user", "add", "fred f"], b"")]


def test_what_could_be_typed_is_shown_and_tab_completes_it(desk: Desk, tmp_path: Path) -> None:
    async def act(person: Sitting) -> None:
        await person.type("s")
        await person.sees("the command service", "the command stop")
        assert "the command user" not in person.text()
        await person.type("er")
        await person.press("tab")
        await person.sees(": serv")
        await person.type("i")
        await person.sees_no("the command serve\n")
        await person.press("tab")
        await person.sees(": service", "pop3s")

    at(desk, tmp_path, act)


def test_what_was_typed_is_gone_back_to(desk: Desk, tmp_path: Path) -> None:
    async def act(person: Sitting) -> None:
        for line in ("status", "user list"):
            await person.type(line)
            await person.press("enter")
            await person.sees(f"{line} was run")
        await person.type("ses")
        await person.press("up", "up")
        await person.until(lambda: person.lines()[-1] == ": status")
        await person.press("down", "down")
        await person.until(lambda: person.lines()[-1] == ": ses")

    at(desk, tmp_path, act)


def test_who_leaves_and_comes_again_finds_what_was_there(desk: Desk, tmp_path: Path) -> None:
    async def act(person: Sitting) -> None:
        await person.type("status")
        await person.press("enter")
        await person.sees("status was run")
        await person.press("escape")
        await person.sees_no("status was run")
        await person.press(":")
        await person.sees("status was run")
        await person.press("up")
        await person.until(lambda: person.lines()[-1] == ": status")

    at(desk, tmp_path, act)


def test_long_output_is_looked_through(desk: Desk, tmp_path: Path) -> None:
    async def act(person: Sitting) -> None:
        for number in range(20):
            await person.type(f"x{number}")
            await person.press("enter")
            await person.sees(f"x{number} was run")
        assert "x0 was run" not in person.text()
        await person.press("pageup", "pageup", "pageup", "pageup")
        await person.sees("x0 was run")
        await person.press("pagedown", "pagedown", "pagedown", "pagedown")
        await person.sees("x19 was run")

    at(desk, tmp_path, act)


@pytest.mark.parametrize(("answer", "ran"), [("y", 1), ("n", 0)])
def test_what_harms_is_asked_about_before(desk: Desk, tmp_path: Path, answer: str, ran: int) -> None:
    async def act(person: Sitting) -> None:
        await person.type("service stop pop3")
        await person.press("enter")
        await person.sees("mtq service stop pop3: do it?")
        assert desk.ran == []
        await person.press(answer)
        await person.sees("was run" if ran else "not done")

    at(desk, tmp_path, act)
    assert len(desk.ran) == ran


def test_a_password_is_typed_unseen_and_goes_to_the_commands_input(desk: Desk, tmp_path: Path) -> None:
    async def act(person: Sitting) -> None:
        await person.type("user add barney --password-stdin")
        await person.press("enter")
        await person.sees("Password")
        await person.type("secret")
        assert "secret" not in person.text()
        await person.press("enter")
        await person.sees("was run")
        assert "secret" not in person.text()

    at(desk, tmp_path, act)
    assert desk.ran == [(["user", "add", "barney", "--password-stdin"], b"secret\n")]


def test_without_a_password_nothing_is_run(desk: Desk, tmp_path: Path) -> None:
    async def act(person: Sitting) -> None:
        await person.type("user add barney --password-stdin")
        await person.press("enter")
        await person.sees("Password")
        await person.press("escape")
        await person.sees("not done")

    at(desk, tmp_path, act)
    assert desk.ran == []


def test_a_command_that_takes_long_is_stopped(desk: Desk, tmp_path: Path) -> None:
    desk.endless = True

    async def act(person: Sitting) -> None:
        await person.type("status")
        await person.press("enter")
        await person.sees("running; Ctrl+C stops it")
        await person.press("ctrl+c")
        await person.sees("stopped")
        await person.until(lambda: desk.stopped == 1)
        desk.endless = False
        await person.type("status")
        await person.press("enter")
        await person.sees("status was run")

    at(desk, tmp_path, act)


def test_to_leave_stops_the_command_too(desk: Desk, tmp_path: Path) -> None:
    desk.endless = True

    async def act(person: Sitting) -> None:
        await person.type("status")
        await person.press("enter")
        await person.sees("running; Ctrl+C stops it")
        await person.press("escape")
        await person.until(lambda: desk.stopped == 1)

    at(desk, tmp_path, act)


@pytest.mark.parametrize(("line", "why"), [("serve", "terminal of its own"), ("log -f", "followed in its view")])
def test_what_does_not_end_is_not_begun(desk: Desk, tmp_path: Path, line: str, why: str) -> None:
    async def act(person: Sitting) -> None:
        await person.type(line)
        await person.press("enter")
        await person.sees(why)

    at(desk, tmp_path, act)
    assert desk.ran == []


def test_who_only_looks_changes_nothing_here_either(desk: Desk, tmp_path: Path) -> None:
    async def act(person: Sitting) -> None:
        await person.type("service stop pop3")
        await person.press("enter")
        await person.sees("started with --read-only: it changes nothing")
        await person.type("service list")
        await person.press("enter")
        await person.sees("service list was run")

    at(desk, tmp_path, act, read_only=True)
    assert desk.ran == [(["service", "list"], b"")]


# The real commands


def test_the_very_commands_are_run_and_their_tables_are_tables(served: House) -> None:
    root = describe(typer.Context(typer.main.get_command(main.app), info_name="mtq"))

    async def sit() -> None:
        dashboard = Dashboard(
            served.config.server.control_socket,
            served.file,
            run=subordinate(Place(served.file, named=True)),
            complete=completer(root, known(), lambda _: ["pop3", "pop3s"]),
        )
        async with sitting(dashboard) as person:
            await person.sees("connected")
            await person.press(":")
            await person.type("user l")
            await person.press("tab", "enter")
            await person.sees("│ fred", "│ wilma", "scheme")
            await person.type("firewall add 192.0.2.66 --excl")
            await person.press("tab")
            await person.type("--service pop3s")
            await person.press("enter")
            await person.sees("service pop3s: !192.0.2.66 added")
            await person.type("firewall test 192.0.2.66 --service pop3s")
            await person.press("enter")
            await person.sees("is not let in by service pop3s", "exit code 1")
            await person.press("escape", "5")
            await person.sees("!192.0.2.66")

    asyncio.run(sit())
