"""What was typed on the command line and what came of it."""

from rich.text import Text

from mtq.tui.shell.command import Outcome
from mtq.tui.shell.transcript import KEPT, Transcript


def told(out: str = "", err: str = "", code: int = 0) -> list[Text]:
    """The lines that a command's end makes."""
    transcript = Transcript()
    transcript.came(Outcome(code, out, err))
    return list(transcript.lines)


def plain(lines: list[Text]) -> list[str]:
    """The lines without their styles."""
    return [line.plain for line in lines]


def test_data_comes_before_narration_and_an_exit_code_that_is_no_success_last() -> None:
    assert plain(told("one\r\ntwo\r\n", "mtq: no\n", 1)) == ["one", "two", "mtq: no", "exit code 1"]


def test_a_command_that_says_nothing_leaves_nothing() -> None:
    assert told() == []


def test_bold_is_kept_and_ends_where_it_ended() -> None:
    [line] = told("\x1b[1mname\x1b[0m fred")
    assert line.plain == "name fred"
    assert [(span.start, span.end, span.style) for span in line.spans] == [(0, 4, "bold")]


def test_no_other_terminal_code_is_obeyed() -> None:
    assert plain(told("\x1b[2Jfred\x07\x1b]0;title\x07")) == ["\ufffd[2Jfred\ufffd\ufffd]0;title\ufffd"]


def test_markup_is_text() -> None:
    [line] = told("[bold]fred[/bold] [@click=app.quit]x[/]")
    assert line.plain == "[bold]fred[/bold] [@click=app.quit]x[/]"
    assert not line.spans


def test_columns_by_tabs_stay_columns() -> None:
    assert plain(told("a\tb\nabcdefgh\tb")) == ["a       b", "abcdefgh        b"]


def test_what_was_typed_is_shown_as_it_was() -> None:
    transcript = Transcript()
    transcript.typed("user list")
    assert plain(list(transcript.lines)) == [": user list"]


def test_the_transcript_is_kept_within_bounds() -> None:
    transcript = Transcript()
    transcript.came(Outcome(0, "\n".join(map(str, range(KEPT + 5))), ""))
    assert (len(transcript.lines), transcript.lines[0].plain) == (KEPT, "5")
