"""The house and the desk that the tests of the command line start from."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mtq.commands.main import main
from tests.commands.desk import Outcome, Run
from tests.house import House
from tests.proxy.dovecot import Dovecot
from tests.proxy.dovecot import dovecot as running_dovecot

pytest.register_assert_rewrite("tests.proxy.remote")


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A house with one user, fred, whose password is `secret`."""
    folder = tmp_path / "house"
    folder.mkdir()
    house = House(folder)
    house.user("fred", "secret")
    return house


@pytest.fixture
def run(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Runs `mtq` in this process, on the house's configuration."""
    typed = tmp_path / "stdin"

    def run(*arguments: str, stdin: bytes = b"") -> Outcome:
        typed.write_bytes(stdin)
        with typed.open() as file:
            monkeypatch.setattr(sys, "stdin", file)
            code = main(["--config", str(house.file), *arguments])
        return Outcome(code, *capsys.readouterr())

    return run


@pytest.fixture
def ordinary(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests, mtq takes them for an ordinary user: nothing of the system is touched."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """A real server to proxy to; tests do not change what is in it."""
    with running_dovecot() as server:
        yield server
