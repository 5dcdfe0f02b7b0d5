"""A house that tells how it is."""

from pathlib import Path

import pytest

from tests.house import House, free_port


class Telling(House):
    """A house with metrics."""

    metrics: int


@pytest.fixture
def house(tmp_path: Path) -> Telling:
    """A house with metrics and one user, fred, whose password is `secret`."""
    port = free_port()
    house = Telling(tmp_path, server=f'metrics_listen = "127.0.0.1:{port}"')
    house.metrics = port
    house.user("fred", "secret")
    return house
