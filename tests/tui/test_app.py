"""The dashboard as a whole: getting about, being without a server, hostile words, the mouse, the palette."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import pytest
from rich.cells import cell_len

from mtq.control.wire import VERSION
from mtq.tui.app import Dashboard
from tests.tui.actor import Actor, Row
from tests.tui.script import ANSWERS, STATUS, lock, second, session
from tests.tui.sitting import Sitting, sitting

Act = Callable[[Sitting, Actor], Awaitable[None]]

HOSTILE = "[bold red]x[/]\x1b[2J\x1b]0;t\x07[@click=app.quit]y[/]\N{RIGHT-TO-LEFT OVERRIDE}"
HARMLESS = "[bold red]x[/]\ufffd[2J\ufffd]0;t\ufffd[@click=app.quit]y[/]\ufffd"


@pytest.fixture
def actor(tmp_path: Path) -> Actor:
    """An actor that has something of everything."""
    file = tmp_path / "mtq.toml"
    file.write_text("[services.pop3]\n")
    return Actor(tmp_path / "control.sock", {**ANSWERS, "server.status": {**STATUS, "config": str(file)}})


def with_actor(actor: Actor, act: Act, width: int = 80, height: int = 24, plays: bool = True) -> Dashboard:
    """Have somebody sit at the dashboard of an actor's server; `plays`: it is there from the start."""
    dashboard = Dashboard(actor.path, actor.path.with_name("mtq.toml"))

    async def sit() -> None:
        if plays:
            await actor.begin()
        try:
            async with sitting(dashboard, width, height) as person:
                if plays:
                    await person.sees("connected", "Worth a look", "pop3")
                await act(person, actor)
        finally:
            await actor.leave()

    asyncio.run(sit())
    return dashboard


# Getting about


def test_each_view_has_its_number(actor: Actor) -> None:
    async def act(person: Sitting, actor: Actor) -> None:
        for number, name in enumerate(
            ("Overview", "Services", "Sessions", "Locks", "Firewall", "Proxy", "Log"), 1
        ):
            await person.press(str(number))
            await person.sees(f"[{number} {name}]")

    with_actor(actor, act)


def test_a_click_on_a_views_name_goes_there(actor: Actor) -> None:
    async def act(person: Sitting, actor: Actor) -> None:
        await person.click(person.lines()[1].index("Locks"), 1)
        await person.sees("[4 Locks]", "held from")

    with_actor(actor, act)


def test_a_click_on_a_key_does_what_the_key_does(actor: Actor) -> None:
    async def act(person: Sitting, actor: Actor) -> None:
        await person.press("4")
        await person.sees("wilma")
        await person.click(person.lines()[-1].index("Release"), 23)
        await person.sees("Release the mailbox of wilma?")

    with_actor(actor, act)


def test_from_a_concern_one_goes_to_its_row(actor: Actor) -> None:
    actor.answers["lock.list"] = {
        "locks": [lock(2, "fred", "198.51.100.7", 700.0, 9.0), lock(1, "wilma", "192.0.2.66", 612.0, 9.0)]
    }

    async def act(person: Sitting, actor: Actor) -> None:
        await person.sees("wilma's mailbox is locked")
        await person.press("down", "down", "down", "enter")
        await person.sees("[4 Locks]")
        await person.press("r")
        await person.sees("Release the mailbox of wilma?")

    with_actor(actor, act)


def test_from_a_services_gauge_one_goes_to_the_service(actor: Actor) -> None:
    async def act(person: Sitting, actor: Actor) -> None:
        await person.press("shift+tab", "down", "down", "enter")
        await person.sees("[2 Services]")
        await person.press("x")
        await person.sees("Stop service till?")

    with_actor(actor, act)


def test_enter_shows_everything_about_a_row(actor: Actor) -> None:
    async def act(person: Sitting, actor: Actor) -> None:
        await person.press("3")
        await person.sees("wilma")
        await person.press("enter")
        await person.sees("bytes out", "18230", "2026-03-01T12:00:01.000Z")
        await person.press("escape")
        await person.sees_no("18230")

    with_actor(actor, act)


def test_rows_are_filtered_by_words_and_shown_again(actor: Actor) -> None:
    async def act(person: Sitting, actor: Actor) -> None:
        await person.press("3")
        await person.sees("wilma", "fred")
        await person.press("/")
        await person.type("wilma")
        await person.sees_no("fred")
        await person.sees("1 of 5", "with wilma in it")
        await person.press("enter", "k")
        await person.sees("End session 1 of wilma")
        await person.press("n")
        await person.press("escape")
        await person.sees("fred")

    with_actor(actor, act)


def test_the_graphs_may_tell_of_a_longer_time(actor: Actor) -> None:
    async def act(person: Sitting, actor: Actor) -> None:
        for text in ("a column of the graphs is 5 s", "is 30 s", "is 1 s"):
            await person.press("t")
            await person.sees(text)

    with_actor(actor, act)


def test_help_tells_the_keys_of_the_view(actor: Actor) -> None:
    async def act(person: Sitting, actor: Actor) -> None:
        await person.press("4")
        await person.sees("wilma")
        await person.press("?")
        await person.sees("End the session that holds the mailbox", "Everywhere")
        await person.press("escape")
        await person.sees_no("Everywhere")

    with_actor(actor, act)


def test_the_palette_knows_views_and_actions(actor: Actor) -> None:
    async def act(person: Sitting, actor: Actor) -> None:
        await person.press("4")
        await person.sees("wilma")
        await person.press("ctrl+p")
        await person.type("release")
        await person.sees("End the session that holds the mailbox")
        await person.press("enter")
        await person.sees("Release the mailbox of wilma?")

    with_actor(actor, act)


def test_q_leaves(actor: Actor) -> None:
    async def act(person: Sitting, actor: Actor) -> None:
        await person.press("q")

    assert with_actor(actor, act).return_code == 0


# The log


def test_the_log_is_followed_paused_and_searched(actor: Actor) -> None:
    def line(text: str) -> Row:
        return {"event": "log", "at": "2026-03-01T12:01:00.000Z", "level": "info", "text": text}

    async def act(person: Sitting, actor: Actor) -> None:
        await person.press("7")
        await person.sees("ready", "following")
        await actor.tell(line("fred came"))
        await person.sees("fred came")
        await person.press(" ")
        await person.sees("paused, 0 more since")
        await actor.tell(line("wilma came"))
        await person.sees("paused, 1 more since")
        assert "wilma came" not in person.text()
        await person.press(" ")
        await person.sees("wilma came", "following")
        await person.press("/")
        await person.type("wilma")
        await person.sees_no("fred came")
        await person.press("enter")
        await person.sees("wilma came", "with wilma in it")
        await person.press("escape")
        await person.sees("fred came")
        await person.press("home")
        await person.sees("not following")
        await person.press("f")
        await person.sees("  following")

    with_actor(actor, act)


# Without a server


def test_the_dashboard_may_be_there_before_the_server(actor: Actor) -> None:
    async def act(person: Sitting, actor: Actor) -> None:
        await person.sees("NOT CONNECTED", "no server is running", "start it with `mtq serve`")
        await actor.begin()
        await person.sees("connected", "mail.example.com")
        assert "NOT CONNECTED" not in person.text()

    with_actor(actor, act, plays=False)


def test_without_a_server_it_is_not_said_that_all_is_well(actor: Actor) -> None:
    async def act(person: Sitting, actor: Actor) -> None:
        await person.sees("not known while the server is not there")
        await actor.begin()
        await person.sees("lan has failed")

    with_actor(actor, act, plays=False)


def test_a_server_that_goes_is_missed_at_once_and_is_back_by_itself(actor: Actor) -> None:
    async def act(person: Sitting, actor: Actor) -> None:
        await person.press("4")
        await person.sees("wilma", "r Release")
        await actor.leave()
        await person.sees("NOT CONNECTED", "What is shown is how it was", "wilma", "(r Release)")
        actor.answers["lock.list"] = {"locks": [lock(9, "barney", "192.0.2.9", 1.0, 59.0)]}
        await actor.begin()
        await person.sees("barney", " r Release")
        assert "wilma" not in person.text()
        assert "NOT CONNECTED" not in person.text()

    with_actor(actor, act)


def test_a_server_of_another_protocol_is_refused_politely(actor: Actor) -> None:
    actor.answers["server.status"] = {**STATUS, "protocol": VERSION + 1}

    async def act(person: Sitting, actor: Actor) -> None:
        await person.sees("NOT CONNECTED", f"speaks version {VERSION + 1}", "restart the")

    async def later(person: Sitting, actor: Actor) -> None:
        await actor.begin()
        await act(person, actor)

    with_actor(actor, later, plays=False)


# What comes from the network


@pytest.mark.parametrize("view", ["1", "3", "4", "7"])
def test_hostile_words_are_shown_as_text(actor: Actor, view: str) -> None:
    actor.answers["session.list"] = {"sessions": [session(1, HOSTILE, "192.0.2.66", 612.0)]}
    actor.answers["lock.list"] = {"locks": [lock(1, HOSTILE, "192.0.2.66", 612.0, 9.0)]}
    actor.answers["log.tail"] = {
        "lines": [{"at": "2026-03-01T12:00:00.000Z", "level": "info", "text": f"login failed for {HOSTILE}"}]
    }

    async def act(person: Sitting, actor: Actor) -> None:
        await person.press(view)
        await person.sees("[bold red]x[/]\ufffd[2J")
        assert "\x1b" not in person.text()

    with_actor(actor, act, width=160)


def test_hostile_words_in_questions_details_and_outcomes_are_shown_as_text(actor: Actor) -> None:
    actor.answers["session.list"] = {"sessions": [session(1, HOSTILE, "192.0.2.66", 612.0)]}
    actor.answers["session.kick"] = {"sessions": []}

    async def act(person: Sitting, actor: Actor) -> None:
        await person.press("3")
        await person.sees("[bold red]x")
        await person.press("enter")
        await person.sees(f"  {HARMLESS}", "bytes out")
        await person.press("escape", "k")
        await person.sees("End session 1 of [bold", HARMLESS[6:])
        await person.press("y")
        await person.is_told(f"session 1 of {HARMLESS} from 192.0.2.66 was ended")
        await person.sees("[bold red]x[/]")

    with_actor(actor, act, width=160)


def test_what_the_server_says_wrong_does_not_end_the_dashboard(actor: Actor) -> None:
    actor.answers["session.list"] = {"sessions": [{}, {"id": 7, "idle_seconds": "long", "since": 5}, None, "x"]}
    actor.answers["lock.list"] = {"locks": "none"}

    async def act(person: Sitting, actor: Actor) -> None:
        await actor.tell({"event": "metrics", "services": [{"name": None}]}, {"event": 5}, {}, second(1))
        for view in "1234567":
            await person.press(view)
            await person.sees(f"[{view} ")
        await person.press("3")
        await person.sees("Sessions  2")

    with_actor(actor, act)


# Sizes


def is_shown(person: Sitting, view: str) -> bool:
    """Whether the view of this number is."""
    return f" {view} " not in person.lines()[1]


@pytest.mark.parametrize("size", [(80, 24), (200, 60), (40, 10)], ids=str)
def test_every_view_can_be_drawn_in_any_size(actor: Actor, size: tuple[int, int]) -> None:
    async def act(person: Sitting, actor: Actor) -> None:
        for view in "1234567":
            await person.press(view)
            await person.until(partial(is_shown, person, view))
            assert [len(person.lines()), max(map(cell_len, person.lines())) <= size[0]] == [size[1], True]

    async def small(person: Sitting, actor: Actor) -> None:
        await person.resize(*size)
        await act(person, actor)

    with_actor(actor, small)
