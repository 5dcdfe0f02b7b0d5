"""What the server has to say."""

from collections.abc import Sequence
from itertools import islice
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from ..desk import Desk
from ..log_pane import LogPane
from ..topics import Topic
from ..wording import shown
from .view import View


class LogView(View):
    """See the module's first lines."""

    NAME = "log"
    TOPICS = frozenset({Topic.LOG})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "pause", "Pause", tooltip="Leave what is seen as it is; again: go on"),
        Binding("f", "follow", "Follow", tooltip="Stay with the newest line"),
        Binding("slash", "filter", "Search", key_display="/", tooltip="Show only lines with these words"),
    ]

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._seen = 0          # lines that the pane was given, of all that ever came
        self._paused = False

    def content(self) -> Sequence[Widget]:
        """The lines."""
        return [LogPane()]

    def show(self) -> None:
        """Show what is known now, unless it was told to pause."""
        picture = self.desk.picture
        new = picture.line_count - self._seen
        if not self._paused and new:
            if self._seen <= picture.begun_at:
                self._pane.show(picture.lines)
            else:
                self._pane.add(islice(picture.lines, max(0, len(picture.lines) - new), None))
            self._seen = picture.line_count
        self.entitle()

    def entitle(self) -> None:
        """Say whether it follows or pauses, and what it searches for."""
        if self._paused:
            state = f"paused, {self.desk.picture.line_count - self._seen} more since: space goes on"
        else:
            state = "following" if self._pane.following else "not following: f follows"
        wanted = self.query_one(".filter", Input).value
        search = f"  with {shown(wanted)} in it" if wanted else ""
        self.put_title(Text.assemble(("Log", "bold"), f"  {state}{search}"))

    @property
    def main(self) -> Widget:
        """What keys go to."""
        return self._pane

    @property
    def _pane(self) -> LogPane:
        return self.query_one(LogPane)

    def narrow(self, wanted: str) -> None:
        """Show only lines that have these words in them."""
        self._pane.filter(wanted)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Everything can be done always."""
        return True

    @on(LogPane.Followed)
    def _followed(self) -> None:
        self.entitle()

    def action_pause(self) -> None:
        """Leave what is seen as it is; or go on."""
        self._paused = not self._paused
        self.show()

    def action_follow(self) -> None:
        """Stay with the newest line from now on."""
        self._paused = False
        self.show()
        self._pane.follow(True)
