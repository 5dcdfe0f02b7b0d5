"""Lines of a log: wrapped, bounded, followed or left where they are."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from textual.app import App, ComposeResult

from mtq.tui.log_pane import KEPT, LogPane
from mtq.tui.topics import Row
from tests.tui.sitting import Sitting, sitting


class Stage(App[None]):
    """A log and nothing else."""

    CSS = "LogPane { height: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self.pane = LogPane()

    def compose(self) -> ComposeResult:
        """The log."""
        yield self.pane

    def on_mount(self) -> None:
        """Keys go to it."""
        self.pane.focus()


def lines(*texts: object, level: str = "info") -> list[Row]:
    """Lines of a log."""
    return [{"at": "2026-03-01T12:00:00.000Z", "level": level, "text": str(text)} for text in texts]


Act = Callable[[Sitting, LogPane], Awaitable[None]]


def with_lines(rows: Sequence[Row], act: Act, width: int = 50, height: int = 6) -> None:
    """Somebody at a log with these lines."""
    stage = Stage()

    async def sit() -> None:
        async with sitting(stage, width, height) as person:
            stage.pane.show(rows)
            await person.until(lambda: True)
            await act(person, stage.pane)

    asyncio.run(sit())


def test_a_line_has_its_time_its_level_and_its_text() -> None:
    async def act(person: Sitting, pane: LogPane) -> None:
        assert person.lines()[0] == "12:00:00 info    ready"

    with_lines(lines("ready"), act)


def test_a_long_line_goes_on_below_its_text_between_words() -> None:
    async def act(person: Sitting, pane: LogPane) -> None:
        first, second, *_ = person.lines()
        assert first == "12:00:00 info    one two three four five six"
        assert second == "                 seven eight nine"

    with_lines(lines("one two three four five six seven eight nine"), act)


def test_a_word_that_is_too_long_is_cut() -> None:
    async def act(person: Sitting, pane: LogPane) -> None:
        assert "".join(line[17:] for line in person.lines()) == "x" * 80

    with_lines(lines("x" * 80), act)


def test_the_newest_line_is_followed() -> None:
    async def act(person: Sitting, pane: LogPane) -> None:
        pane.add(lines("last of all"))
        await person.sees("last of all")
        assert person.lines()[-1].endswith("last of all")

    with_lines(lines(*range(100)), act)


def test_who_looks_up_stays_there_until_he_follows_again() -> None:
    async def act(person: Sitting, pane: LogPane) -> None:
        await person.press("home")
        await person.sees("info    0")
        pane.add(lines("last of all"))
        await person.until(lambda: not pane.following)
        assert "last of all" not in person.text()
        await person.press("end")
        await person.sees("last of all")
        assert pane.following

    with_lines(lines(*range(100)), act)


def test_only_lines_that_fit_are_shown_those_that_come_later_too() -> None:
    async def act(person: Sitting, pane: LogPane) -> None:
        pane.filter("fred !quit")
        pane.add(lines("fred again", "wilma again"))
        await person.sees("fred again")
        assert [line[17:] for line in person.lines() if line] == ["fred came", "fred again"]
        pane.filter("")
        await person.sees("wilma again")

    with_lines(lines("fred came", "wilma came", "fred quit"), act)


def test_a_level_is_found_too() -> None:
    async def act(person: Sitting, pane: LogPane) -> None:
        pane.filter("error")
        await person.sees_no("fine")
        assert "broken" in person.text()

    with_lines([*lines("fine"), *lines("broken", level="error")], act)


def test_another_width_wraps_the_lines_anew() -> None:
    async def act(person: Sitting, pane: LogPane) -> None:
        await person.resize(80, 6)
        await person.sees("one two three four five six seven eight nine")

    with_lines(lines("one two three four five six seven eight nine"), act)


def test_the_log_is_kept_within_bounds() -> None:
    async def act(person: Sitting, pane: LogPane) -> None:
        pane.add(lines(*range(KEPT)))
        await person.press("home")
        await person.until(lambda: pane.virtual_size.height == KEPT)
        assert person.lines()[0] == f"12:00:00 info    {0}"

    with_lines(lines(*(f"old {number}" for number in range(KEPT))), act)


def test_who_looks_at_old_lines_goes_on_seeing_them_when_older_ones_are_dropped() -> None:
    async def act(person: Sitting, pane: LogPane) -> None:
        await person.press("pageup")
        seen = [line[:30] for line in person.lines()]       # without the scroll bar
        pane.add(lines(*range(KEPT // 5)))
        await person.until(lambda: pane.virtual_size.height == KEPT)
        assert [line[:30].rstrip() for line in person.lines()] == [line.rstrip() for line in seen]

    with_lines(lines(*(f"old {number}" for number in range(KEPT))), act)


def test_what_comes_from_the_network_is_text() -> None:
    async def act(person: Sitting, pane: LogPane) -> None:
        assert "user [bold]\ufffd[2J[/]" in person.text()

    with_lines(lines("user [bold]\x1b[2J[/]"), act)
