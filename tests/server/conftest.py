"""The house that most tests of the server start from."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house import House


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A house with one user, fred, whose password is `secret`."""
    house = House(tmp_path)
    house.user("fred", "secret")
    return house


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder of root's that every user can enter; pytest's own are for the one who runs it."""
    assert os.geteuid() == 0, "these tests look at what root does for another user: run them as root"
    folder = Path(tempfile.mkdtemp(prefix="mtq-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)
