"""What the tests of the dashboard start from."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house import House


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A house with fred and wilma, who have a letter each. Their password is `secret`."""
    folder = tmp_path / "house"
    folder.mkdir()
    house = House(folder)
    for user in ("fred", "wilma"):
        house.user(user, "secret")
        house.deliver(user, b"Subject: bread\r\n\r\nPlease bring bread.\r\n")
    return house


@pytest.fixture
def served(house: House) -> Iterator[House]:
    """The same house, served by a process of its own."""
    house.certify()
    with house.process() as server:
        assert server.stderr is not None
        reader = threading.Thread(target=server.stderr.read)      # its log does not fill a pipe
        reader.start()
        yield house
        server.kill()
        reader.join()
