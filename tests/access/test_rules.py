"""Who is let in: the three modes, exclusion over inclusion, host names, and any ranges against a plain scan."""

import ipaddress
import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtq.access.ranges import Range, client_address, parse
from mtq.access.rules import PORTION, Addresses, Decision, Mode, Rules


def decide(
    address: str,
    *ranges: str,
    mode: Mode = Mode.FIREWALL,
    names: Addresses | None = None,
    lan: Sequence[str] = (),
) -> Decision:
    """The decision over a client."""
    return Rules(mode, map(parse, ranges), names, map(parse, lan)).decide(client_address(address))


def test_any_lets_everyone_in() -> None:
    assert decide("192.0.2.7", "!192.0.2.7", mode=Mode.ANY) == Decision(True, None, 'access is "any"')


LISTS = pytest.mark.parametrize("mode", [Mode.FIREWALL, Mode.FIREWALL_AND_LAN])


@LISTS
def test_an_empty_list_lets_nobody_in(mode: Mode) -> None:
    for address in ("127.0.0.1", "::1", "192.0.2.7"):
        assert decide(address, mode=mode) == Decision(False, None, "no range is in force")


@LISTS
def test_who_is_covered_is_let_in(mode: Mode) -> None:
    found = decide("192.0.2.7", "10.0.0.0/8", "192.0.2.*", mode=mode)
    assert found == Decision(True, "192.0.2.*", "covered by 192.0.2.*")


@LISTS
def test_who_is_not_covered_is_not_let_in(mode: Mode) -> None:
    assert decide("192.0.3.7", "10.0.0.0/8", "192.0.2.*", mode=mode) == Decision(False, None, "no range covers it")


def test_the_lan_counts_in_its_own_mode_alone() -> None:
    lan = ("10.0.0.0/8", "!10.0.0.13")
    assert decide("10.0.0.1", mode=Mode.FIREWALL_AND_LAN, lan=lan).allowed
    assert not decide("10.0.0.1", mode=Mode.FIREWALL, lan=lan).allowed
    assert not decide("10.0.0.13", "10.0.0.13", mode=Mode.FIREWALL_AND_LAN, lan=lan).allowed
    assert decide("10.0.0.13", "10.0.0.13", mode=Mode.FIREWALL, lan=lan).allowed


def test_a_range_of_the_lan_is_said_to_be_one() -> None:
    lan = ("10.0.0.0/8", "!10.0.0.13")
    assert decide("10.0.0.1", mode=Mode.FIREWALL_AND_LAN, lan=lan) == Decision(
        True, "10.0.0.0/8", "covered by 10.0.0.0/8, a range of the LAN"
    )
    assert decide("10.0.0.13", mode=Mode.FIREWALL_AND_LAN, lan=lan).reason == (
        "excluded by !10.0.0.13, a range of the LAN"
    )


@pytest.mark.parametrize("ranges", [("192.0.2.*", "!192.0.2.7"), ("!192.0.2.7", "192.0.2.*")])
def test_exclusion_wins_in_any_order(ranges: tuple[str, str]) -> None:
    assert decide("192.0.2.7", *ranges) == Decision(False, "!192.0.2.7", "excluded by !192.0.2.7")
    assert decide("192.0.2.8", *ranges).allowed


def test_exclusion_wins_over_a_narrower_range() -> None:
    assert not decide("192.0.2.7", "192.0.2.7", "!192.0.0.0/16").allowed


def test_exclusions_alone_let_nobody_in() -> None:
    assert not decide("192.0.2.8", "!192.0.2.7").allowed


@pytest.mark.parametrize(
    ("address", "allowed"),
    [("10.0.0.4", False), ("10.0.0.5", True), ("10.0.0.9", True), ("10.0.0.10", False)],
)
def test_both_ends_of_a_span_belong_to_it(address: str, allowed: bool) -> None:
    assert decide(address, "10.0.0.5-10.0.0.9").allowed is allowed


def test_the_first_and_the_last_address_there_is() -> None:
    for address in ("0.0.0.0", "255.255.255.255", "::", "ffff:" * 7 + "ffff"):
        assert decide(address, "0.0.0.0/0", "::/0").allowed


def test_ipv4_on_an_ipv6_socket_counts_as_ipv4() -> None:
    assert decide("::ffff:192.0.2.7", "192.0.2.0/24").allowed
    assert not decide("::ffff:192.0.2.7", "::/0").allowed
    assert not decide("::ffff:192.0.2.7", "0.0.0.0/0", "!::ffff:192.0.2.0/120").allowed


def test_an_ipv6_range_covers_no_ipv4_client_with_the_same_number() -> None:
    assert not decide("0.0.0.7", "::7").allowed
    assert not decide("::7", "0.0.0.7").allowed


def test_a_zone_does_not_matter() -> None:
    assert decide("fe80::7%eth0", "fe80::/10").allowed


def test_a_host_name_stands_for_its_addresses() -> None:
    names = {"printer.example": [ipaddress.ip_address("192.0.2.7"), ipaddress.ip_address("2001:db8::7")]}
    for address in ("192.0.2.7", "2001:db8::7"):
        assert decide(address, "Printer.example", names=names) == Decision(
            True, "Printer.example", "covered by Printer.example"
        )
    assert not decide("192.0.2.8", "printer.example", names=names).allowed


def test_a_host_name_may_exclude() -> None:
    names = {"bad.example": [ipaddress.ip_address("192.0.2.7")]}
    assert decide("192.0.2.7", "*", "!bad.example", names=names).range == "!bad.example"


def test_a_host_name_that_has_not_resolved_is_not_in_force() -> None:
    assert not decide("192.0.2.7", "printer.example").allowed
    assert decide("192.0.2.7", "*", "!bad.example").allowed


@pytest.mark.parametrize("written", ["10.0.0.0/28", "10.0.0.2-10.0.0.13"])
def test_a_range_goes_on_after_one_that_lies_within_it(written: str) -> None:
    ranges = (written, "10.0.0.4", "10.0.0.6-10.0.0.8")
    assert all(decide(f"10.0.0.{last}", *ranges).allowed for last in range(2, 14))


# Any ranges: few addresses, so that ranges overlap, touch and lie within each other.

FAMILIES = {4: "10.0.0.{}", 6: "2001:db8::{:x}"}
numbers = st.integers(0, 30)


@st.composite
def some_range(draw: st.DrawFn) -> Range:
    """A span of one to thirty addresses, to exclude or not."""
    form = FAMILIES[draw(st.sampled_from([4, 6]))]
    low, high = sorted((draw(numbers), draw(numbers)))
    return parse(f"{draw(st.sampled_from(['', '!']))}{form.format(low)}-{form.format(high)}")


def covers(range: Range, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    assert range.span is not None
    return range.span.version == address.version and range.span.low <= int(address) <= range.span.high


def all_addresses() -> Sequence[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    return [ipaddress.ip_address(form.format(number)) for form in FAMILIES.values() for number in range(32)]


@given(st.lists(some_range(), max_size=12))
def test_the_decision_is_that_of_a_plain_scan(ranges: list[Range]) -> None:
    rules = Rules(Mode.FIREWALL, ranges)
    for address in all_addresses():
        covering = [found for found in ranges if covers(found, address)]
        excluding = [found.text for found in covering if found.exclude]
        including = [found.text for found in covering if not found.exclude]
        decision = rules.decide(address)
        assert decision.allowed is (bool(including) and not excluding)
        if covering:
            assert decision.range in (excluding or including)
        else:
            assert decision.range is None


@given(st.lists(some_range(), max_size=8).flatmap(lambda found: st.tuples(st.just(found), st.permutations(found))))
def test_order_does_not_matter(orders: tuple[list[Range], list[Range]]) -> None:
    one, other = (Rules(Mode.FIREWALL, ranges) for ranges in orders)
    assert [one.decide(a).allowed for a in all_addresses()] == [other.decide(a).allowed for a in all_addresses()]


@pytest.mark.parametrize("form", FAMILIES.values())
def test_a_list_that_is_sorted_in_portions_decides_like_a_short_one(form: str) -> None:
    chance = random.Random(7)
    spans = []
    for _ in range(3 * PORTION):
        low = chance.randrange(2**16)
        spans.append((low, min(2**16 - 1, low + chance.choice([0, 0, 1, 5]))))
    first = int(client_address(form.format(0)))
    family = ipaddress.IPv4Address if first < 2**32 else ipaddress.IPv6Address
    rules = Rules(Mode.FIREWALL, (parse(f"{family(first + low)}-{family(first + high)}") for low, high in spans))
    inside = {number for low, high in spans for number in range(low, high + 1)}
    assert 0 < len(inside) < 2**16
    found = {number for number in range(2**16) if rules.decide(family(first + number)).allowed}
    assert found == inside
