"""The memory of failed logins: answers come ever later to who fails, and nobody else notices."""

from ipaddress import IPv4Address, ip_address

import pytest

from mtq.users.throttle import ADDRESSES, FORGIVEN, LONGEST, Throttle

HERE = ip_address("192.0.2.7")
THERE = ip_address("192.0.2.8")


@pytest.fixture
def throttle() -> Throttle:
    """With two seconds for a first failure."""
    return Throttle(2.0)


def guesses(throttle: Throttle, count: int, now: float = 0.0) -> list[float]:
    """The delays of as many different wrong passwords."""
    return [throttle.failed(HERE, "fred", b"guess %d" % number, now) for number in range(count)]


def test_each_failure_is_answered_later_up_to_fifteen_seconds(throttle: Throttle) -> None:
    assert guesses(throttle, 6) == [2, 4, 8, 15, 15, 15]


def test_a_configured_delay_above_that_stays_as_it_is() -> None:
    assert guesses(Throttle(30.0), 3) == [30, 30, 30]


def test_without_a_delay_there_is_none_however_often() -> None:
    assert guesses(Throttle(0.0), 100)[-1] == 0


def test_thousands_of_failures_do_not_overflow(throttle: Throttle) -> None:
    assert guesses(throttle, 5000)[-1] == LONGEST


def test_the_same_wrong_password_again_counts_once(throttle: Throttle) -> None:
    assert [throttle.failed(HERE, "fred", b"old", minute * 60.0) for minute in range(30)] == [2.0] * 30


def test_two_devices_with_old_passwords_count_twice_at_most(throttle: Throttle) -> None:
    delays = [throttle.failed(HERE, user, b"old", 0.0) for user in ("fred", "wilma") * 10]
    assert max(delays) == 4


def test_the_same_password_for_another_user_is_another_guess(throttle: Throttle) -> None:
    assert [throttle.failed(HERE, f"user{n}", b"123456", 0.0) for n in range(3)] == [2, 4, 8]


def test_a_password_that_was_not_shown_counts_each_time(throttle: Throttle) -> None:
    assert [throttle.failed(HERE, "fred", None, 0.0) for _ in range(3)] == [2, 4, 8]


def test_an_address_pays_for_itself_alone(throttle: Throttle) -> None:
    guesses(throttle, 5)
    assert throttle.failed(THERE, "fred", b"guess", 0.0) == 2


def test_an_ipv6_subscriber_is_one_whatever_address_it_uses(throttle: Throttle) -> None:
    addresses = [ip_address(f"2001:db8:0:1::{n:x}") for n in range(1, 4)]
    assert [throttle.failed(a, "fred", b"%d" % n, 0.0) for n, a in enumerate(addresses)] == [2, 4, 8]


def test_the_network_next_to_it_is_another(throttle: Throttle) -> None:
    throttle.failed(ip_address("2001:db8:0:1::1"), "fred", b"a", 0.0)
    assert throttle.failed(ip_address("2001:db8:0:2::1"), "fred", b"b", 0.0) == 2


def test_an_address_that_keeps_quiet_is_forgiven(throttle: Throttle) -> None:
    guesses(throttle, 5)
    assert throttle.failed(HERE, "fred", b"new", FORGIVEN) == 2


def test_an_address_that_goes_on_is_not(throttle: Throttle) -> None:
    guesses(throttle, 5)
    throttle.failed(HERE, "fred", b"guess 0", FORGIVEN - 1)
    assert throttle.failed(HERE, "fred", b"new", 2 * FORGIVEN - 2) == LONGEST


def test_no_more_addresses_are_kept_than_the_bound(throttle: Throttle) -> None:
    for number in range(ADDRESSES + 100):
        throttle.failed(IPv4Address(number), "fred", b"guess", 0.0)
    assert len(throttle.penalties(0.0)) == ADDRESSES


def test_the_one_that_was_quiet_the_longest_goes_first(throttle: Throttle) -> None:
    throttle.failed(HERE, "fred", b"a", 0.0)
    throttle.failed(THERE, "fred", b"a", 0.0)
    throttle.failed(HERE, "fred", b"b", 0.0)
    for number in range(ADDRESSES - 1):
        throttle.failed(IPv4Address(number), "fred", b"guess", 1.0)
    kept = {penalty.address for penalty in throttle.penalties(1.0)}
    assert (str(HERE) in kept, str(THERE) in kept) == (True, False)


def test_a_penalty_says_what_will_be(throttle: Throttle) -> None:
    guesses(throttle, 3, now=100.0)
    [penalty] = throttle.penalties(160.0)
    assert (penalty.address, penalty.failures, penalty.delay, penalty.left) == ("192.0.2.7", 3, 8.0, FORGIVEN - 60)


def test_an_ipv6_penalty_names_the_network(throttle: Throttle) -> None:
    throttle.failed(ip_address("2001:db8::1"), "fred", b"a", 0.0)
    assert [penalty.address for penalty in throttle.penalties(0.0)] == ["2001:db8::/64"]


def test_a_forgotten_address_begins_anew(throttle: Throttle) -> None:
    guesses(throttle, 5)
    assert throttle.forget(HERE)
    assert throttle.failed(HERE, "fred", b"guess 0", 0.0) == 2


def test_forgetting_who_has_done_nothing_says_so(throttle: Throttle) -> None:
    assert not throttle.forget(HERE)


def test_a_shown_password_is_not_kept(throttle: Throttle) -> None:
    throttle.failed(HERE, "fred", b"tanstaaf", 0.0)
    assert "tanstaaf" not in repr(throttle._offenders)


def test_a_guess_that_was_made_before_is_known_before_it_is_counted_again(throttle: Throttle) -> None:
    assert not throttle.repeats(HERE, "fred", b"old")
    throttle.failed(HERE, "fred", b"old", 0)
    assert throttle.repeats(HERE, "fred", b"old")
    assert not throttle.repeats(HERE, "fred", b"other")
    assert not throttle.repeats(THERE, "fred", b"old")
    assert not throttle.repeats(HERE, "fred", None)


def test_addresses_are_counted_until_they_are_forgotten(throttle: Throttle) -> None:
    throttle.failed(HERE, "fred", b"old", 0)
    throttle.failed(THERE, "fred", b"old", 1)
    assert throttle.count(FORGIVEN) == 1
    assert throttle.count(FORGIVEN + 1) == 0
