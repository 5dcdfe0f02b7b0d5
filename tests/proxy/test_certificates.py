"""What is wrong with a remote server's certificates."""

from datetime import UTC, datetime, timedelta

import pytest
import trustme

from mtq import certificates
from mtq.proxy.certificates import faults

NOW = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Who vouches for them."""
    return trustme.CA()


def found(authority: trustme.CA, *names: str, begins: int = -10, ends: int = 10) -> list[str]:
    """What is wrong with a certificate for these names at pop.isp.com; its days are counted from now."""
    leaf = authority.issue_cert(
        *names, not_before=NOW + timedelta(days=begins), not_after=NOW + timedelta(days=ends)
    )
    pem = b"".join(pem.bytes() for pem in leaf.cert_chain_pems)
    return list(faults(certificates.parse_chain(pem), "pop.isp.com", NOW))


@pytest.mark.parametrize("name", ["pop.isp.com", "*.isp.com"])
def test_a_good_one_has_no_fault(authority: trustme.CA, name: str) -> None:
    assert found(authority, name) == []


@pytest.mark.parametrize(
    ("name", "begins", "ends", "fault"),
    [
        ("other.com", -10, 10, "it is not for pop.isp.com but for other.com"),
        ("pop.isp.com", -10, -1, "expired on 2026-10-31 00:00 UTC"),
        ("pop.isp.com", 1, 10, "is not valid before 2026-11-02 00:00 UTC; is this machine's clock right?"),
    ],
)
def test_each_fault_is_named(authority: trustme.CA, name: str, begins: int, ends: int, fault: str) -> None:
    assert found(authority, name, begins=begins, ends=ends) == [fault]


def test_one_that_vouches_for_itself(authority: trustme.CA) -> None:
    chain = certificates.parse_chain(authority.cert_pem.bytes())
    assert list(faults(chain, "pop.isp.com", NOW)) == [
        "it is not for pop.isp.com but for no host", "it is self-signed"
    ]
