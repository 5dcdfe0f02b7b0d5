"""A table: the cursor, the order, the filter, what is drawn, keys and mouse."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from textual.app import App, ComposeResult

from mtq.tui.columns import Column, Tone
from mtq.tui.table import Table
from mtq.tui.topics import Row
from tests.tui.sitting import Sitting, sitting

COLUMNS = [
    Column("id", "id", right=True, rank=9, least=2),
    Column("user", "user", rank=8),
    Column("address", "address", rank=2, least=12),
]


class Stage(App[None]):
    """A table and nothing else."""

    CSS = """
    Table { height: 1fr; }
    Table > .table--cursor { text-style: reverse; }
    Table > .table--bad { text-style: bold; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.table = Table(COLUMNS, lambda row: row["id"], tone=_tone, order="id", empty="nobody")
        self.chosen: list[Row] = []

    def compose(self) -> ComposeResult:
        """The table."""
        yield self.table

    def on_mount(self) -> None:
        """Keys go to it."""
        self.table.focus()

    def on_table_chosen(self, event: Table.Chosen) -> None:
        """Remember what was chosen."""
        self.chosen.append(event.row)


def _tone(row: Row) -> Tone:
    return Tone.BAD if row["user"] == "bad" else Tone.PLAIN


def users(*names: str) -> list[Row]:
    """Rows of users, numbered from 1."""
    return [{"id": str(at), "user": name, "address": f"10.0.0.{at}"} for at, name in enumerate(names, 1)]


MANY = users(*(f"user{number}" for number in range(1, 1001)))

Act = Callable[[Sitting, Table], Awaitable[None]]


def with_rows(rows: Sequence[Row], act: Act, width: int = 40, height: int = 10) -> Stage:
    """Somebody at a table with these rows."""
    stage = Stage()

    async def sit() -> None:
        async with sitting(stage, width, height) as person:
            stage.table.show(rows)
            await person.until(lambda: True)
            await act(person, stage.table)

    asyncio.run(sit())
    return stage


def test_rows_stand_under_their_headings_in_order() -> None:
    async def act(person: Sitting, table: Table) -> None:
        assert person.lines()[:4] == [
            "id↑  user   address",
            "  1  wilma  10.0.0.1",
            "  2  fred   10.0.0.2",
            "  3  bad    10.0.0.3",
        ]

    with_rows(users("wilma", "fred", "bad"), act)


def test_an_empty_table_says_why() -> None:
    async def act(person: Sitting, table: Table) -> None:
        assert person.lines()[1] == "nobody"
        assert table.row is None
        await person.press("down", "enter", "end", "o")

    assert with_rows([], act).chosen == []


def test_the_cursor_stays_on_its_row_when_others_come_and_go() -> None:
    async def act(person: Sitting, table: Table) -> None:
        await person.press("down")
        assert table.row == {"id": "2", "user": "fred", "address": "10.0.0.2"}
        table.show([{"id": "0", "user": "new", "address": ""}, *users("wilma", "fred", "barney")])
        assert table.row == {"id": "2", "user": "fred", "address": "10.0.0.2"}

    with_rows(users("wilma", "fred"), act)


def test_the_cursor_stays_at_its_height_when_its_row_goes() -> None:
    async def act(person: Sitting, table: Table) -> None:
        await person.press("down")
        table.show([users("wilma")[0], {"id": "3", "user": "barney", "address": ""}])
        assert table.row == {"id": "3", "user": "barney", "address": ""}
        table.show(users("wilma"))
        assert table.row == users("wilma")[0]
        table.show([])
        assert table.row is None

    with_rows(users("wilma", "fred"), act)


def test_a_row_is_gone_to_as_soon_as_it_is_there() -> None:
    async def act(person: Sitting, table: Table) -> None:
        table.go_to("700")
        table.show(MANY)
        assert table.row == MANY[699]
        await person.sees("user700")

    with_rows(users("wilma"), act)


def test_only_what_has_room_is_shown_and_the_cursor_is_kept_in_sight() -> None:
    async def act(person: Sitting, table: Table) -> None:
        await person.press("end")
        await person.sees("user1000", "user992")
        assert "user991" not in person.text()
        await person.press("pageup")
        assert table.row == MANY[991]
        await person.press("home")
        await person.sees("user1 ")

    with_rows(MANY, act)


def test_a_table_that_is_scrolled_by_the_wheel_stays_where_it_is() -> None:
    async def act(person: Sitting, table: Table) -> None:
        table.scroll_to(y=500, animate=False, force=True)
        await person.sees("user501")
        table.show(MANY[:-1])
        await person.until(lambda: table.counts == (999, 999))
        assert "user501" in person.text()

    with_rows(MANY, act)


def test_rows_are_put_in_order_by_the_next_column_and_the_other_way_round() -> None:
    async def act(person: Sitting, table: Table) -> None:
        await person.press("o")
        assert table.sorting == "by user"
        assert [line.split()[1] for line in person.lines()[1:4]] == ["bad", "fred", "wilma"]
        await person.press("O")
        assert table.sorting == "by user, descending"
        assert [line.split()[1] for line in person.lines()[1:4]] == ["wilma", "fred", "bad"]

    with_rows(users("wilma", "fred", "bad"), act)


def test_a_click_on_a_heading_puts_rows_in_order_and_a_second_turns_them_round() -> None:
    async def act(person: Sitting, table: Table) -> None:
        await person.click(6, 0)
        assert table.sorting == "by user"
        await person.click(6, 0)
        assert table.sorting == "by user, descending"

    with_rows(users("wilma", "fred"), act)


def test_a_click_puts_the_cursor_on_a_row_and_a_double_click_chooses_it() -> None:
    async def act(person: Sitting, table: Table) -> None:
        await person.click(6, 2)
        assert table.row == users("wilma", "fred")[1]
        await person.click(6, 9)        # below the rows
        assert table.row == users("wilma", "fred")[1]
        await person.click(6, 1, times=2)

    assert with_rows(users("wilma", "fred"), act).chosen == users("wilma")


def test_enter_chooses_the_row() -> None:
    async def act(person: Sitting, table: Table) -> None:
        await person.press("down", "enter")

    assert with_rows(users("wilma", "fred"), act).chosen == [users("wilma", "fred")[1]]


def test_only_rows_that_fit_the_filter_are_shown() -> None:
    async def act(person: Sitting, table: Table) -> None:
        table.filter("fred")
        await person.sees_no("wilma")
        assert (table.row, table.counts) == (users("wilma", "fred")[1], (1, 2))
        table.filter("nobody")
        await person.sees("nothing here has these words in it")
        table.filter("")
        await person.sees("wilma", "fred")

    with_rows(users("wilma", "fred"), act)


def test_where_there_is_no_room_the_columns_that_matter_are_shown() -> None:
    async def act(person: Sitting, table: Table) -> None:
        assert "address" in person.text()
        await person.resize(16, 10)
        await person.sees_no("address")
        assert "wilma" in person.text()

    with_rows(users("wilma"), act)


def test_what_comes_from_the_network_is_text() -> None:
    hostile = "[bold]\x1b[2J[@click=app.quit]x[/]"

    async def act(person: Sitting, table: Table) -> None:
        assert "[bold]\ufffd[2J[@click" in person.text()

    with_rows(users(hostile), act, width=60)


def test_wide_characters_do_not_push_the_next_column_away() -> None:
    async def act(person: Sitting, table: Table) -> None:
        from rich.cells import cell_len

        first, second = (person.line("10.0.0.1"), person.line("10.0.0.2"))
        assert cell_len(first[: first.index("10.")]) == cell_len(second[: second.index("10.")])

    with_rows(users("佛瑞德", "fred"), act)


def test_only_lines_that_have_changed_are_drawn() -> None:
    drawn: list[int] = []

    async def act(person: Sitting, table: Table) -> None:
        draw = table.render_line

        def render_line(y: int):  # type: ignore[no-untyped-def]  # as the table's own
            drawn.append(y)
            return draw(y)

        table.render_line = render_line  # type: ignore[method-assign]  # to look at what is drawn
        table.show(users("wilma", "fred", "barney"))
        await person.until(lambda: True)
        assert drawn == []
        table.show(users("wilma", "bam", "barney"))
        await person.sees("bam")
        assert drawn == [2]

    with_rows(users("wilma", "fred", "barney"), act)
