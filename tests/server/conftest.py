"""The house that most tests of the server start from."""

from pathlib import Path

import pytest

from tests.house import House


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A house with one user, fred, whose password is `secret`."""
    house = House(tmp_path)
    house.user("fred", "secret")
    return house
