"""Each view as it looks, in a small terminal and in a larger one, held against what is kept in `snapshots`.

`MTQ_SNAPSHOTS=write pytest tests/tui/test_snapshots.py` keeps how they look now: look at the difference then.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from mtq.tui.app import Dashboard
from tests.tui.actor import Actor
from tests.tui.script import ANSWERS, STATUS, second
from tests.tui.sitting import Sitting, sitting

SNAPSHOTS = Path(__file__).parent / "snapshots"
SECONDS = 90

CONFIGURATION = """\
[services.pop3.proxy]
enabled = true
allow = ["pop.isp.com", "*.example.org"]

[services.till]
listen = ["1110"]
"""

VIEWS = {
    "overview": ("1", "2 locks", "203.0.113.99", "serving as root", "lan has failed"),
    "services": ("2", "192.168.1.1"),
    "sessions": ("3", "mister", "203.0.113.250"),
    "locks": ("4", "10m12s"),
    "firewall": ("5", "203.0.113.99", "mail.example.net"),
    "proxy": ("6", "pop.isp.com:995", "on              1"),
    "log": ("7", "120 octets"),
}
"""The key of each view, and what has to be seen in it before it is complete."""


async def played(folder: Path, look: Callable[[Sitting], Awaitable[str]], size: tuple[int, int]) -> str:
    """What somebody sees of the actor's server."""
    file = folder / "mtq.toml"
    file.write_text(CONFIGURATION)
    answers = {**ANSWERS, "server.status": {**STATUS, "config": str(file)}}
    events = [second(number) for number in range(1, SECONDS + 1)]
    actor = Actor(folder / "control.sock", answers, events)
    async with actor.playing(), sitting(Dashboard(actor.path, file), *size) as person:
        return await look(person)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
@pytest.mark.parametrize("view", VIEWS)
def test_a_view_looks_as_it_did(tmp_path: Path, view: str, size: tuple[int, int]) -> None:
    key, *shown = VIEWS[view]

    async def look(person: Sitting) -> str:
        await person.until(lambda: len(person.dashboard.desk.picture.history) == SECONDS)
        await person.press(key)
        await person.sees(*shown)
        return person.text() + "\n"

    seen = asyncio.run(played(tmp_path, look, size))
    kept = SNAPSHOTS / f"{view}-{size[0]}x{size[1]}.txt"
    if os.environ.get("MTQ_SNAPSHOTS") == "write":
        kept.write_text(seen)
    assert seen == kept.read_text()
