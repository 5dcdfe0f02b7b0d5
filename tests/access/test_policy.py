"""A policy as time goes by: what has expired and what has not resolved neither lets in nor keeps out."""

import ipaddress
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtq.access.policy import CLOSED, LOOK, Entry, Policy, Row
from mtq.access.ranges import IPv4, IPv6, client_address, parse
from mtq.access.rules import Decision, Mode

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
PAST, FUTURE = NOW - timedelta(seconds=1), NOW + timedelta(seconds=1)
OUTSIDER = "192.0.2.7"


def entry(written: str, until: datetime | None = None, comment: str = "") -> Entry:
    return Entry(parse(written), until, comment)


def names(**found: str) -> Mapping[str, Sequence[IPv4 | IPv6]]:
    """One address for each name."""
    return {host: [client_address(address)] for host, address in found.items()}


def allowed(policy: Policy, now: datetime = NOW, address: str = OUTSIDER) -> bool:
    return policy.standing(now, {}).decide(client_address(address)).allowed


def test_nobody_is_let_in_before_anything_is_compiled() -> None:
    assert not CLOSED.decide(client_address("127.0.0.1")).allowed


def test_a_policy_that_time_and_names_do_not_touch_has_to_be_compiled_once_all_the_same() -> None:
    assert not Policy(Mode.FIREWALL, []).holds(CLOSED, NOW, {})


# Expiry


def test_a_range_counts_until_its_moment() -> None:
    policy = Policy(Mode.FIREWALL, [entry("192.0.2.*", NOW)])
    assert allowed(policy, NOW - timedelta(microseconds=1))
    assert not allowed(policy, NOW)


def test_an_exclusion_that_has_expired_keeps_nobody_out() -> None:
    policy = Policy(Mode.FIREWALL, [entry("192.0.2.*"), entry("!192.0.2.7", NOW)])
    assert policy.standing(PAST, {}).decide(client_address(OUTSIDER)).range == "!192.0.2.7"
    assert policy.standing(NOW, {}).decide(client_address(OUTSIDER)).range == "192.0.2.*"


def test_an_end_may_be_told_in_any_time_zone() -> None:
    noon_in_utc = datetime(2026, 6, 1, 14, tzinfo=timezone(timedelta(hours=2)))
    policy = Policy(Mode.FIREWALL, [entry("192.0.2.*", noon_in_utc)])
    assert (allowed(policy, PAST), allowed(policy, NOW)) == (True, False)


def test_a_range_of_the_lan_expires_too() -> None:
    policy = Policy(Mode.FIREWALL_AND_LAN, [], lan=[entry("192.0.2.*", NOW)])
    assert (allowed(policy, PAST), allowed(policy, NOW)) == (True, False)


def test_a_list_of_which_all_has_expired_says_so() -> None:
    policy = Policy(Mode.FIREWALL, [entry("192.0.2.*", PAST)])
    assert policy.standing(NOW, {}).decide(client_address(OUTSIDER)) == Decision(False, None, "no range is in force")


def test_a_moment_at_which_nothing_expired_changes_nothing() -> None:
    policy = Policy(Mode.FIREWALL, [entry("192.0.2.*", NOW)])
    standing = policy.standing(NOW - timedelta(days=1), {})
    assert policy.holds(standing, PAST, {})
    assert not policy.holds(standing, NOW, {})


def test_a_clock_that_is_set_back_brings_a_range_back() -> None:
    policy = Policy(Mode.FIREWALL, [entry("192.0.2.*", NOW)])
    assert not policy.holds(policy.standing(FUTURE, {}), PAST, {})


@pytest.mark.parametrize(
    ("until", "seconds"),
    [
        (NOW + timedelta(seconds=7), 7.0),
        (NOW + timedelta(seconds=LOOK), LOOK),
        (NOW + timedelta(days=365), LOOK),      # the clock may be set meanwhile
        (NOW, LOOK),                            # and may be set back
        (None, None),
    ],
)
def test_when_the_clock_is_looked_at_again(until: datetime | None, seconds: float | None) -> None:
    assert Policy(Mode.FIREWALL, [entry("10.*"), entry("192.0.2.*", until)]).look_again(NOW) == seconds


def test_the_next_end_is_the_earliest_that_is_not_over() -> None:
    ends = [NOW + timedelta(seconds=seconds) for seconds in (30, -5, 9, 20)]
    assert Policy(Mode.FIREWALL, [entry("10.*", end) for end in ends]).look_again(NOW) == 9.0


# Names


def test_the_names_of_all_lists_are_needed_once_each() -> None:
    policy = Policy(
        Mode.FIREWALL_AND_LAN, [entry("a.example"), entry("!B.example")], [parse("c.example")], [entry("a.example")]
    )
    assert policy.hosts == {"a.example", "b.example", "c.example"}


def test_the_names_of_the_lan_are_not_needed_where_it_does_not_count() -> None:
    assert Policy(Mode.FIREWALL, [], lan=[entry("a.example")]).hosts == frozenset()


def test_other_addresses_of_a_name_are_a_change() -> None:
    policy = Policy(Mode.FIREWALL, [entry("printer")])
    standing = policy.standing(NOW, names(printer="192.0.2.7"))
    assert policy.holds(standing, NOW, names(printer="192.0.2.7"))
    assert not policy.holds(standing, NOW, names(printer="192.0.2.8"))


# Lists


def test_each_range_is_listed_as_it_was_written() -> None:
    policy = Policy(
        Mode.FIREWALL_AND_LAN,
        [entry("!192.0.2.7", FUTURE, "scans us"), entry("10.0.0.5 - 10.0.0.9")],
        [parse("2001:db8::/32")],
        [entry("127.0.0.0/8")],
    )
    assert policy.rows("pop3", NOW, {}) == [
        Row("!192.0.2.7", "pop3", True, FUTURE, "scans us", True),
        Row("10.0.0.5 - 10.0.0.9", "pop3", False, None, None, True),
        Row("2001:db8::/32", "pop3", False, None, None, True),
        Row("127.0.0.0/8", None, False, None, None, True),
    ]


def test_the_lan_is_listed_only_where_it_counts() -> None:
    assert Policy(Mode.FIREWALL, [], lan=[entry("127.0.0.0/8")]).rows("pop3", NOW, {}) == []


def test_what_has_expired_is_listed_as_not_in_force() -> None:
    policy = Policy(Mode.FIREWALL, [entry("10.*", NOW)])
    assert [policy.rows("pop3", now, {})[0].in_force for now in (PAST, NOW)] == [True, False]


@pytest.mark.parametrize("written", ["printer", "!printer"])
def test_a_name_that_has_not_resolved_is_listed_as_not_in_force(written: str) -> None:
    policy = Policy(Mode.FIREWALL, [entry(written)])
    found = names(printer="192.0.2.7")
    assert [policy.rows("pop3", NOW, known)[0].in_force for known in ({}, found)] == [False, True]


# Any policy: few addresses, moments and names, so that they meet.

ADDRESSES = [*(f"10.0.0.{last}" for last in range(8)), *(f"2001:db8::{last:x}" for last in range(8))]
MOMENTS = [NOW + timedelta(hours=hours) for hours in range(4)]
HOSTS = ["a.example", "b.example"]

low_high = st.tuples(st.integers(0, 7), st.integers(0, 7)).map(sorted)
forms = st.sampled_from(["10.0.0.{}-10.0.0.{}", "::ffff:10.0.0.{}-::ffff:10.0.0.{}", "2001:db8::{}-2001:db8::{}"])
spans = st.builds(lambda form, ends: str(form).format(*ends), forms, low_high)
written = st.builds(str.__add__, st.sampled_from(["", "!"]), spans | st.sampled_from(HOSTS))
lists = st.lists(st.builds(entry, written, st.none() | st.sampled_from(MOMENTS)), max_size=6)
known_names = st.dictionaries(
    st.sampled_from(HOSTS), st.lists(st.sampled_from(ADDRESSES).map(client_address), min_size=1, max_size=3)
)


def covers(one: Entry, address: IPv4 | IPv6, known: Mapping[str, Sequence[IPv4 | IPv6]]) -> bool:
    if one.range.host is not None:
        return address in known.get(one.range.host, ())
    span = one.range.span
    assert span is not None
    return span.version == address.version and int(address) in range(span.low, span.high + 1)


@given(st.sampled_from(Mode), lists, lists, lists, known_names, st.sampled_from(MOMENTS))
def test_the_decision_is_that_of_a_plain_scan(
    mode: Mode,
    own: list[Entry],
    file: list[Entry],
    lan: list[Entry],
    known: Mapping[str, Sequence[IPv4 | IPv6]],
    now: datetime,
) -> None:
    standing = Policy(mode, own, [one.range for one in file], lan).standing(now, known)
    counted = own + (lan if mode is Mode.FIREWALL_AND_LAN else [])
    in_force = [one for one in counted if one.until is None or now < one.until]
    in_force += [Entry(one.range) for one in file]
    for text in ADDRESSES + [f"::ffff:{text}" for text in ADDRESSES if "." in text]:
        address = client_address(text)
        covering = [one for one in in_force if covers(one, address, known)]
        keeping_out = {one.range.text for one in covering if one.range.exclude}
        letting_in = {one.range.text for one in covering if not one.range.exclude}
        decision = standing.decide(address)
        if mode is Mode.ANY:
            assert decision.allowed
            continue
        assert decision.allowed is (bool(letting_in) and not keeping_out)
        deciding = keeping_out or letting_in
        assert decision.range in deciding if deciding else decision.range is None


@given(lists, known_names, st.sampled_from(MOMENTS), st.sampled_from(MOMENTS))
def test_a_standing_that_holds_decides_as_a_new_one_would(
    own: list[Entry], known: Mapping[str, Sequence[IPv4 | IPv6]], then: datetime, now: datetime
) -> None:
    policy = Policy(Mode.FIREWALL, own)
    old, new = policy.standing(then, known), policy.standing(now, known)
    if policy.holds(old, now, known):
        for address in map(ipaddress.ip_address, ADDRESSES):
            assert old.decide(address) == new.decide(address)
    else:
        assert then != now
