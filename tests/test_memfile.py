"""Octets as a file without a name."""

import os
from pathlib import Path

import pytest

from mtq.memfile import memfile, name_of


@pytest.fixture(params=["in memory", "where there is no memfd_create"], autouse=True)
def system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A system, and its folder for temporary files."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    if request.param != "in memory":
        monkeypatch.delattr(os, "memfd_create")
    return tmp_path


def test_it_is_read_from_its_start() -> None:
    with memfile(b"secret" * 10_000) as file:
        assert file.read() == b"secret" * 10_000


def test_its_name_opens_it_at_its_start() -> None:
    with memfile(b"secret") as file, open(name_of(file), "rb") as again:
        assert again.read() == b"secret"


def test_it_is_in_no_folder(system: Path) -> None:
    with memfile(b"secret"):
        assert not list(system.iterdir())


def test_a_program_that_is_started_does_not_get_it() -> None:
    with memfile(b"secret") as file:
        assert not os.get_inheritable(file.fileno())
