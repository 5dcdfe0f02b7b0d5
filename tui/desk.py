"""What every view works with: what is known, what can be done, and what this person may do."""

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from .deeds import Deeds
from .picture import Picture
from .wording import shown


class Need(Enum):
    """What an action needs."""

    LOOK = "the server, only to be asked"
    SERVER = "the server, to be changed"
    FILE = "the right to write the configuration"


@dataclass
class Desk:
    """See the module's first lines. `file` is the configuration as it was named at the start, `may_write` whether
    this person may write the one that the server uses."""

    socket: Path
    file: Path
    read_only: bool = False
    may_write: bool = False
    picture: Picture = field(default_factory=Picture)

    def __post_init__(self) -> None:
        self.deeds = Deeds(self.socket, self.configuration)

    def configuration(self) -> Path:
        """The configuration that the server uses, or that it would be started with."""
        used = self.picture.status.get("config")
        return Path(used) if isinstance(used, str) else self.file

    def allows(self, need: Need) -> bool | None:
        """Whether it may be done now. None: it may not, and is shown as not available; False: it is not shown."""
        if need is not Need.LOOK and self.read_only:
            return False
        if need is Need.FILE:
            return True if self.may_write else None
        return True if self.picture.attached else None

    def refusal(self) -> str:
        """Why the configuration may not be written; empty: it may."""
        if self.read_only or self.may_write:
            return ""
        return f"you may not write {shown(str(self.configuration()))}"
