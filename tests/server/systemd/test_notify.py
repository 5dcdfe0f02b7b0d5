"""What systemd is told of a server, and what it is not."""

import asyncio
import os
import time
from pathlib import Path

import pytest

from mtq.ledger import Event, Ledger, Remark, ServiceState
from mtq.server.systemd.notify import SPARE, Notifier, Reports, from_environment
from tests.server.systemd.listener import Listener, listening
from tests.server.turning import run, settle, turning


def reports(listener: Listener, watchdog: float | None = None, ledger: Ledger | None = None) -> Reports:
    listener.callers.append(notifier := Notifier(listener.address, watchdog))
    return Reports(notifier, ledger or Ledger(), lambda: "pop3 running")


@pytest.mark.parametrize("abstract", [False, True])
def test_a_server_that_is_up_says_so_and_how_its_services_are(tmp_path: Path, abstract: bool) -> None:
    with listening(tmp_path, abstract) as listener, reports(listener).serving():
        assert listener.hear() == {"READY": "1", "STATUS": "pop3 running"}
        assert listener.sender == os.getpid()


def test_a_reload_is_told_with_its_moment_and_its_end(tmp_path: Path) -> None:
    with listening(tmp_path) as listener:
        before = time.monotonic_ns() // 1000
        with reports(listener).reloading():
            told = listener.hear()
        assert told["RELOADING"] == "1"
        assert before <= int(told["MONOTONIC_USEC"]) <= time.monotonic_ns() // 1000
        assert listener.hear()["READY"] == "1"


def test_a_reload_that_fails_is_over_all_the_same(tmp_path: Path) -> None:
    with listening(tmp_path) as listener:
        with pytest.raises(ValueError, match="wrong"), reports(listener).reloading():
            raise ValueError("wrong")
        assert [next(iter(message)) for message in listener.heard_all()] == ["RELOADING", "READY"]


def test_an_end_takes_as_long_as_sessions_may_and_a_bit(tmp_path: Path) -> None:
    with listening(tmp_path) as listener:
        reports(listener).stopping(600)
        told = listener.hear()
        assert told["STOPPING"] == "1"
        assert int(told["EXTEND_TIMEOUT_USEC"]) == (600 + SPARE) * 1_000_000


def test_a_change_of_a_service_is_told_while_the_server_is_up(tmp_path: Path) -> None:
    ledger = Ledger()
    with listening(tmp_path) as listener:
        with reports(listener, ledger=ledger).serving():
            listener.hear()
            ledger.enter(ServiceState("pop3", "failed", "why"))
            assert listener.hear() == {"STATUS": "pop3 running"}
        ledger.enter(ServiceState("pop3", "stopped", "why"))
        assert listener.heard_all() == []


def test_the_event_loop_says_that_it_lives_well_within_the_time_it_has(tmp_path: Path) -> None:
    async def test() -> None:
        with listening(tmp_path) as listener:
            told = reports(listener, watchdog=30.0)
            with told.serving():
                assert [list(message) for message in listener.heard_all()] == [["READY", "STATUS"], ["WATCHDOG"]]
                for _ in range(3):
                    turning().turn(15.0)
                    await settle()
                    assert listener.heard_all() == [{"WATCHDOG": "1"}]
            told.close()
            turning().turn(30.0)
            await settle()
            assert listener.heard_all() == []

    run(test())


def test_a_systemd_that_cannot_be_told_is_remarked_once_and_serving_goes_on(tmp_path: Path) -> None:
    said: list[Event] = []
    ledger = Ledger()
    ledger.listen(lambda _, event: said.append(event))
    told = Reports(Notifier(str(tmp_path / "nobody")), ledger, lambda: "pop3 running")
    with told.serving(), told.reloading():
        pass
    told.close()
    assert said == [Remark("warning", "systemd cannot be told how the server is: no such file or directory")]


def test_a_systemd_that_does_not_read_holds_nothing_up(tmp_path: Path) -> None:
    with listening(tmp_path) as listener:
        told = reports(listener)
        for _ in range(5000):
            told.stopping(1)


# What the environment says


def test_the_environment_names_socket_and_watchdog_and_keeps_them_from_our_children() -> None:
    environment = {"NOTIFY_SOCKET": "/run/systemd/notify", "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"}
    assert from_environment(environment, 7).watchdog == 30.0
    assert environment == {}


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"WATCHDOG_USEC": "30000000"},
        {"NOTIFY_SOCKET": "/run/notify"},
        {"NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "0"},
        {"NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "soon"},
        {"NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "8"},
        {"NOTIFY_SOCKET": "vsock:2:1234", "WATCHDOG_USEC": "30000000"},
    ],
)
def test_there_is_no_watchdog_where_none_is_asked_of_this_process(environment: dict[str, str]) -> None:
    assert from_environment(environment, 7).watchdog is None


def test_without_systemd_nothing_is_sent_and_nothing_said() -> None:
    async def test() -> None:
        told = Reports(from_environment({}, 7), Ledger(), lambda: "")
        with told.serving(), told.reloading():
            await asyncio.sleep(0)

    run(test())
