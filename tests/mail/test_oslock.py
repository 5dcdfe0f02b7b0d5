"""The operating system's lock on an open file, of both kinds that systems have."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from mtq.mail import oslock


@pytest.fixture(params=[True, False], ids=["of descriptions", "flock"], autouse=True)
def _kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A system that has locks of open file descriptions, and one that has none."""
    monkeypatch.setattr(oslock, "OF_DESCRIPTIONS", request.param and oslock.OF_DESCRIPTIONS)


@pytest.fixture
def descriptors(tmp_path: Path) -> Iterator[list[int]]:
    """One file, opened three times: twice to write and once to read alone."""
    path = tmp_path / "file"
    path.touch()
    opened = [os.open(path, how) for how in (os.O_RDWR, os.O_RDWR, os.O_RDONLY)]
    yield opened
    for fd in opened:
        os.close(fd)


def test_a_lock_is_one_descriptor_s(descriptors: list[int]) -> None:
    one, other, _ = descriptors
    assert oslock.take(one)
    with pytest.raises(BlockingIOError):
        oslock.take(other)


def test_taking_what_one_has_is_no_harm(descriptors: list[int]) -> None:
    one, other, _ = descriptors
    assert oslock.take(one)
    assert oslock.take(one)
    assert oslock.is_taken(other)


def test_whether_it_is_taken_can_be_asked_by_who_may_only_read(descriptors: list[int]) -> None:
    one, _, reader = descriptors
    assert not oslock.is_taken(reader)
    oslock.take(one)
    assert oslock.is_taken(reader)


def test_asking_takes_nothing(descriptors: list[int]) -> None:
    one, _, reader = descriptors
    oslock.is_taken(reader)
    assert oslock.take(one)


def test_the_lock_goes_with_the_descriptor(descriptors: list[int], tmp_path: Path) -> None:
    fd = os.open(tmp_path / "file", os.O_RDWR)
    oslock.take(fd)
    os.close(fd)
    assert oslock.take(descriptors[0])
