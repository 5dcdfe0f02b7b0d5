"""What is wrong with certificates."""

from datetime import UTC, datetime, timedelta

import pytest

from mtq.proxy.certificates import Certificate, faults

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def certificate(*names: str, begins: int = -10, ends: int = 10, issuer: str = "CN=authority") -> Certificate:
    """One whose days are counted from now."""
    return Certificate("CN=leaf", issuer, names, NOW + timedelta(days=begins), NOW + timedelta(days=ends))


@pytest.mark.parametrize(
    ("names", "host", "covered"),
    [
        (["pop.isp.com"], "pop.isp.com", True),
        (["POP.isp.com"], "pop.isp.com", True),
        (["*.isp.com"], "pop.isp.com", True),
        (["*.isp.com"], "isp.com", False),
        (["*.isp.com"], "a.pop.isp.com", False),
        (["isp.com", "192.0.2.7"], "192.0.2.7", True),
        (["2001:db8::7"], "2001:db8::7", True),
        ([], "pop.isp.com", False),
    ],
)
def test_whom_a_certificate_is_for(names: list[str], host: str, covered: bool) -> None:
    assert certificate(*names).covers(host) is covered


@pytest.mark.parametrize(
    ("own", "fault"),
    [
        (certificate("other.com"), "it is not for pop.isp.com but for other.com"),
        (certificate(), "it is not for pop.isp.com but for no host"),
        (certificate("pop.isp.com", ends=-1), "CN=leaf has expired on 2026-10-31"),
        (certificate("pop.isp.com", begins=1), "CN=leaf is not valid before 2026-11-02"),
        (certificate("pop.isp.com", issuer="CN=leaf"), "it is self-signed"),
    ],
)
def test_each_fault_is_named(own: Certificate, fault: str) -> None:
    assert faults([own], "pop.isp.com", NOW) == [fault]


def test_a_good_one_has_none() -> None:
    assert faults([certificate("pop.isp.com")], "pop.isp.com", NOW) == []


def test_one_further_up_may_have_expired() -> None:
    chain = [certificate("pop.isp.com"), certificate(ends=-1)]
    assert faults(chain, "pop.isp.com", NOW) == ["CN=leaf has expired on 2026-10-31"]


def test_none_at_all_is_a_fault() -> None:
    assert faults([], "pop.isp.com", NOW) == ["there is none that can be read"]
