"""A clock that jumps under a running server: what follows the time of day follows it, and nothing else notices."""

import os
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mtq.commands.console import rows_of
from mtq.control.client import Client as Server
from tests.house import MTQ, House, wait_for_line
from tests.server.pop import Client

DAY = 86400
LETTER = b"Subject: bread\n\nPlease bring bread.\n"
FORWARD_AND_BACK = pytest.mark.parametrize("jump", [30 * DAY, -30 * DAY], ids=["forward", "back"])


class Clock:
    """The time of day of one process, which a test sets. The clock that only counts seconds goes on as ever."""

    def __init__(self, folder: Path) -> None:
        [library] = Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")
        self._file = folder / "clock"
        self.set(0)
        self.through = [
            "env", f"LD_PRELOAD={library}", f"FAKETIME_TIMESTAMP_FILE={self._file}", "FAKETIME_NO_CACHE=1",
            "FAKETIME_DONT_FAKE_MONOTONIC=1",
        ]

    def set(self, seconds: int) -> None:
        """From now on it goes before, or after, by so many seconds."""
        draft = self._file.with_suffix(".draft")
        draft.write_text(f"{seconds:+}\n")
        draft.replace(self._file)
        self._ahead = timedelta(seconds=seconds)

    @property
    def today(self) -> str:
        """The date by it."""
        return (datetime.now(UTC) + self._ahead).date().isoformat()


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    return Clock(tmp_path)


def listed(house: House, method: str, name: str) -> list[Mapping[str, Any]]:  # Any: what JSON holds is of any type
    """What the server lists over its control socket."""
    with Server.connect(house.config.server.control_socket) as server:
        return rows_of(server.call(method), name)


@FORWARD_AND_BACK
def test_a_session_goes_on_and_took_as_long_as_it_did(house: House, clock: Clock, jump: int) -> None:
    house.deliver("fred", LETTER, LETTER)
    with house.process(clock.through) as server, Client(house.pop3) as client, Client(house.pop3) as greeted:
        assert client.login().startswith(b"+OK 2 ")
        greeted.line()
        clock.set(jump)
        assert client.ask(b"RETR 1").startswith(b"+OK")
        assert client.body() == LETTER.replace(b"\n", b"\r\n")
        assert client.ask(b"DELE 2").startswith(b"+OK")
        assert greeted.ask(b"CAPA").startswith(b"+OK")
        assert client.ask(b"QUIT") == b"+OK bye"
        line = wait_for_line(server, ": quit; ")
        assert line.startswith(clock.today)
        assert float(line.split()[-2]) < 60
    assert house.stored("fred") == [LETTER]


@FORWARD_AND_BACK
def test_a_lock_and_a_penalty_last_as_long_as_they_would_have(house: House, clock: Clock, jump: int) -> None:
    house.deliver("fred", LETTER)
    with house.process(clock.through), Client(house.pop3) as client, Client(house.pop3) as second:
        client.login()
        assert second.login("wilma").startswith(b"-ERR [AUTH] ")
        clock.set(jump)
        [lock], [penalty] = listed(house, "lock.list", "locks"), listed(house, "penalty.list", "penalties")
        assert 0 <= lock["idle_seconds"] < 60
        assert 0 < lock["releases_in"] <= 60
        left = datetime.fromisoformat(penalty["until"]) - datetime.now(UTC) - timedelta(seconds=jump)
        assert timedelta(0) < left < timedelta(hours=1)
        second.ask(b"USER fred")
        assert second.ask(b"PASS secret").startswith(b"-ERR [IN-USE] ")


def test_an_index_is_right_whatever_the_clock_does(house: House, clock: Clock) -> None:
    with house.process(clock.through):
        for number, jump in enumerate([0, 30 * DAY, -30 * DAY, 3 * DAY, 0]):
            clock.set(jump)
            house.deliver("fred", LETTER)
            for _ in range(2):
                with Client(house.pop3) as client:
                    assert client.login().startswith(b"+OK %d " % (number + 1))
                    assert client.ask(b"QUIT") == b"+OK bye"


def test_a_range_ends_by_the_clock(house: House, clock: Clock) -> None:
    until = (datetime.now(UTC) + timedelta(days=2)).isoformat(timespec="seconds")
    entry = f'firewall = [{{ range = "192.0.2.7", until = {until} }}]'
    house.file.write_text(house.file.read_text().replace("[services.pop3]", f"[services.pop3]\n{entry}"))
    with house.process(clock.through):
        for days, counts in ((0, True), (3, False), (1, True)):
            clock.set(days * DAY)
            [row] = [row for row in listed(house, "firewall.list", "ranges") if row["range"] == "192.0.2.7"]
            assert row["in_force"] is counts


def test_at_one_moment_that_does_not_pass_every_delivery_has_a_name_of_its_own(house: House, clock: Clock) -> None:
    still = [*clock.through[:2], "FAKETIME=2026-11-25 12:00:00"]
    command = [*still, MTQ, "--config", str(house.file), "mailbox", "deliver", "fred"]

    def deliver(_: int) -> int:
        return subprocess.run(command, input=LETTER).returncode

    with ThreadPoolExecutor(3) as crowd:
        assert list(crowd.map(deliver, range(6))) == [0] * 6
    assert house.stored("fred") == [LETTER] * 6
    assert len({name.split(".")[0] for name in os.listdir(house.mailbox("fred") / "new")}) == 1
