"""The memory of refused APOP."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from mtq.access.servers import Server
from mtq.proxy import failures as module
from mtq.proxy.failures import Failure, Failures

ISP, ISP_110, OTHER = Server("pop.isp.com", 995), Server("pop.isp.com", 110), Server("2001:db8::1", 995)
BEGIN = datetime(2026, 11, 1, tzinfo=UTC)


def clock() -> Iterator[datetime]:
    """A minute passes with every look."""
    at = BEGIN
    while True:
        yield at
        at += timedelta(minutes=1)


def three() -> Failures:
    """Three pairs."""
    ticks = clock()
    failures = Failures(lambda: next(ticks))
    for server, user in ((ISP, "fred"), (ISP_110, "gerd"), (OTHER, "fred")):
        failures.remember(server, user)
    return failures


def test_a_pair_is_known_by_server_port_and_user() -> None:
    failures = three()
    assert failures.known(ISP, "fred")
    assert not failures.known(ISP, "gerd")
    assert not failures.known(ISP_110, "fred")
    assert not failures.known(ISP, "FRED")


def test_all_are_told_the_latest_first() -> None:
    assert three().all()[0] == Failure(OTHER, "fred", BEGIN + timedelta(minutes=2))
    assert [str(failure.server) for failure in three().all()] == [
        "[2001:db8::1]:995", "pop.isp.com:110", "pop.isp.com:995"
    ]


def test_a_pair_keeps_its_time() -> None:
    failures = three()
    failures.remember(ISP, "fred")
    assert failures.all()[-1] == Failure(ISP, "fred", BEGIN)


@pytest.mark.parametrize(
    ("server", "user", "stay"),
    [
        (None, None, []),
        (Server("pop.isp.com"), None, [OTHER]),
        (ISP, None, [OTHER, ISP_110]),
        (ISP, "gerd", [OTHER, ISP_110, ISP]),
        (Server("pop.isp.com"), "gerd", [OTHER, ISP]),
        (None, "fred", [ISP_110]),
        (Server("2001:db8::1"), None, [ISP_110, ISP]),
        (Server("isp.com"), None, [OTHER, ISP_110, ISP]),
    ],
)
def test_pairs_are_forgotten(server: Server | None, user: str | None, stay: list[Server]) -> None:
    failures = three()
    assert failures.forget(server, user) == 3 - len(stay)
    assert [failure.server for failure in failures.all()] == stay


def test_the_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAIRS", 3)
    failures = three()
    failures.remember(ISP, "hans")
    assert [failure.user for failure in failures.all()] == ["hans", "fred", "gerd"]
