"""The wheel that these tests are about, built once."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """By way of the source archive: what an earlier build has left in the tree cannot stand in for a missing file."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [str(Path(sys.executable).with_name("uv")), "build", "--out-dir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return next(folder.glob("*.whl"))
