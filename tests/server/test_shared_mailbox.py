"""Two sessions that share a mailbox, because it is not locked: each order in which they may log in, mark and quit."""

from itertools import combinations
from pathlib import Path

import pytest

from tests.house import House
from tests.server.pop import Client

MESSAGES = {"1": b"one\n", "2": b"two\n", "3": b"three\n", "4": b"four\n"}
MARKS = {"A": ["1", "2"], "B": ["2", "3"]}
STEPS = ["login", "mark", "mark", "end"]

ORDERS = [
    "".join("A" if turn in turns else "B" for turn in range(2 * len(STEPS)))
    for turns in combinations(range(2 * len(STEPS)), len(STEPS))
]
"""Whose turn it is, one order a string."""


class Session:
    """One of the two, and what it must know and not know."""

    def __init__(self, house: House, marks: list[str]) -> None:
        self._client = Client(house.pop3)
        self._marks = iter(marks)
        self._numbers: dict[str, int] = {}
        self._open = False
        self.marked: set[str] = set()

    def login(self) -> set[str]:
        """Log in, and say what there is."""
        assert self._client.login().startswith(b"+OK")
        assert self._client.ask(b"UIDL") == b"+OK"
        rows = [row.decode().split() for row in self._client.body().splitlines()]
        self._numbers = {name: int(number) for number, name in rows}
        self._open = True
        return set(self._numbers)

    def mark(self) -> None:
        """Mark the next message, if it was there at the login."""
        name = next(self._marks)
        if name in self._numbers:
            assert self._client.ask(b"DELE %d" % self._numbers[name]).startswith(b"+OK")
            self.marked.add(name)

    def quit(self) -> None:
        """End the session; what was marked is not there any more, whoever removed it."""
        assert self._client.ask(b"QUIT") == b"+OK bye"
        self.cut()

    def cut(self) -> None:
        """Hang up."""
        self._client.sock.close()
        self._open = False

    def check(self, there: set[str]) -> None:
        """Read everything that it was told of."""
        for name, number in self._numbers.items() if self._open else ():
            answer = self._client.ask(b"RETR %d" % number)
            if name in self.marked:
                assert answer == b"-ERR no such message"
            elif name not in there:
                assert answer == b"-ERR this message is not there any more"
            else:
                assert answer == b"+OK %d octets" % (len(MESSAGES[name]) + 1)
                assert self._client.body() == MESSAGES[name].replace(b"\n", b"\r\n")


def together(house: House, order: str, ends: dict[str, str]) -> None:
    """Have two sessions take their steps in this order."""
    house.lay("fred", **MESSAGES)
    there = set(MESSAGES)
    sessions = {who: Session(house, marks) for who, marks in MARKS.items()}
    steps = {who: iter(STEPS) for who in sessions}
    for who in order:
        session = sessions[who]
        match next(steps[who]), ends[who]:
            case "login", _:
                assert session.login() == there
            case "mark", _:
                session.mark()
            case "end", "quit":
                session.quit()
                there -= session.marked
            case "end", _:
                session.cut()
        for either in sessions.values():
            either.check(there)
    assert {file.name.partition(":")[0] for file in (house.mailbox("fred") / "cur").iterdir()} == there


@pytest.mark.parametrize("ends", [("quit", "quit"), ("quit", "cut"), ("cut", "quit")], ids="-".join)
def test_in_every_order_goes_what_was_marked_and_committed_and_nothing_else(
    tmp_path: Path, ends: tuple[str, str]
) -> None:
    house = House(tmp_path, settings="lock_mailboxes = false")
    house.user("fred", "secret")
    assert len(ORDERS) == 70
    with house.serving():
        for order in ORDERS:
            together(house, order, dict(zip(MARKS, ends, strict=True)))
