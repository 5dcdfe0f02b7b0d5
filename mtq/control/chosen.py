"""Which sessions are meant: by id, by user or by address."""

from dataclasses import dataclass
from enum import Enum


class Key(Enum):
    """What sessions are chosen by."""

    ID = "id"
    USER = "user"
    ADDRESS = "address"


@dataclass(frozen=True)
class Chosen:
    """Sessions that have this under that key. An address is written as the server writes it."""

    key: Key
    value: str

    def means(self, id: str, user: str | None, address: str) -> bool:
        """Whether a session is meant. Names of users are the same in any case."""
        match self.key:
            case Key.ID:
                return id == self.value
            case Key.USER:
                return user is not None and user.lower() == self.value.lower()
            case Key.ADDRESS:
                return address == self.value

    def nobody(self) -> str:
        """What to say if no session is meant."""
        match self.key:
            case Key.ID:
                return f"there is no session {self.value}"
            case Key.USER:
                return f"{self.value} has no session"
            case Key.ADDRESS:
                return f"there is no session from {self.value}"


def chosen(id: str | None, user: str | None, address: str | None) -> Chosen | None:
    """What is chosen by the one of these that is given; None if it is not just one."""
    given = [(Key.ID, id), (Key.USER, user), (Key.ADDRESS, address)]
    found = [Chosen(key, value) for key, value in given if value is not None]
    return found[0] if len(found) == 1 else None
