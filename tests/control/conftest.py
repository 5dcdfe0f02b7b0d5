"""The station that most tests of the control socket start from."""

import asyncio
from pathlib import Path

import pytest
import uvloop

from tests.control.station import Station
from tests.house import LoopFactory


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a control socket may be, in a folder that is not there yet."""
    return tmp_path / "run" / "control.sock"


@pytest.fixture
def station(path: Path) -> Station:
    """A station that knows `server.status`, `log.tail` and `events.subscribe`."""
    return Station(path)


@pytest.fixture(params=[uvloop.new_event_loop, asyncio.new_event_loop], ids=["uvloop", "asyncio"])
def loop(request: pytest.FixtureRequest) -> LoopFactory:
    """The event loops that a server runs on."""
    factory: LoopFactory = request.param
    return factory
