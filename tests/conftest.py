"""What every test stands on: hypothesis profiles, and no proxy or configuration of the person who runs them."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

pytest.register_assert_rewrite("tests.house", "tests.server.pop")

settings.register_profile("default", deadline=None, max_examples=100)
settings.register_profile("deep", deadline=None, max_examples=5000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: os.PathLike[str]) -> None:
    """Tests see neither the configuration nor the home of whoever runs them."""
    for name in ("MTQ_CONFIG", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", os.fspath(tmp_path))


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder of root's that every user can enter; pytest's own are for the one who runs it."""
    assert os.geteuid() == 0, "these tests look at what root does for another user: run them as root"
    folder = Path(tempfile.mkdtemp(prefix="mtq-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)
