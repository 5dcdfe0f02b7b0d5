"""What every test stands on: hypothesis profiles, and no proxy or configuration of the person who runs them."""

import os

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
