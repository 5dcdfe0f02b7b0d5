"""From a user name to a target, and which targets may be used."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtq.access.servers import Server, parse, pattern
from mtq.proxy.refusals import NotAllowed
from mtq.proxy.settings import Auth, Exceptions, Settings, Tls
from mtq.proxy.target import Attempt, Policy, Target, objection, split

OWN = ("mail.example.com", "192.0.2.1", "2001:db8::1", "my_box")


@pytest.mark.parametrize(
    ("name", "user", "server"),
    [
        ("fred#pop.isp.com", "fred", "pop.isp.com"),
        ("Fred#POP.isp.com", "Fred", "pop.isp.com"),
        ("fred#pop.isp.com:995", "fred", "pop.isp.com:995"),
        ("fred@isp.com#pop.isp.com", "fred@isp.com", "pop.isp.com"),
        ("fr#ed#pop.isp.com", "fr#ed", "pop.isp.com"),
        ("#fred##pop.isp.com", "#fred#", "pop.isp.com"),
        ("fred smith#pop.isp.com", "fred smith", "pop.isp.com"),
        ("fr\udcffed#pop.isp.com", "fr\udcffed", "pop.isp.com"),
        ("fred#192.0.2.7:110", "fred", "192.0.2.7:110"),
        ("fred#[2001:db8::7]:110", "fred", "[2001:db8::7]:110"),
        ("fred#2001:db8::7", "fred", "[2001:db8::7]"),
        ("fred#münchen.example", "fred", "xn--mnchen-3ya.example"),
        ("fred#pop.isp.com@mail.example.com", "fred", "pop.isp.com"),
        ("fred#pop.isp.com:995@Mail.Example.COM.", "fred", "pop.isp.com:995"),
        ("fred#pop.isp.com@192.0.2.1", "fred", "pop.isp.com"),
        ("fred#[2001:db8::7]@[2001:db8::1]", "fred", "[2001:db8::7]"),
        ("fred#pop.isp.com@2001:DB8::0001", "fred", "pop.isp.com"),
        ("fred#pop.isp.com@::ffff:192.0.2.1", "fred", "pop.isp.com"),
        ("fred#pop.isp.com@MY_BOX", "fred", "pop.isp.com"),
    ],
)
def test_a_user_name_with_a_server(name: str, user: str, server: str) -> None:
    assert split(name, "#", OWN) == Target(user, parse(server))


@pytest.mark.parametrize("name", ["fred", "fred@mail.example.com", "", "fred%pop.isp.com", "fred@pop.isp.com:995"])
def test_a_user_of_this_server(name: str) -> None:
    assert split(name, "#", OWN) is None


@pytest.mark.parametrize("delimiter", ["%", "!", "/", "\\"])
def test_the_delimiter_is_a_setting(delimiter: str) -> None:
    assert split(f"fred{delimiter}pop.isp.com", delimiter, OWN) == Target("fred", Server("pop.isp.com"))
    assert split("fred#pop.isp.com", delimiter, OWN) is None


@pytest.mark.parametrize(
    "name",
    [
        "fred#",
        "#pop.isp.com",
        "#",
        "fred#127.1",
        "fred#2130706433",
        "fred#pop.isp.com:",
        "fred#pop.isp.com:99999",
        "fred#pop.isp.com@",
        "fred#pop.isp.com@other.example.com",
        "fred#pop.isp.com@other@mail.example.com",
        "fred#@mail.example.com",
        "fred#pop.isp.com\r\nDELE 1",
        "fred#\udcff",
    ],
)
def test_a_name_with_the_delimiter_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(NotAllowed) as raised:
        split(name, "#", OWN)
    assert raised.value.line.startswith(b"-ERR [AUTH] ")
    assert raised.value.counts


@given(st.text(max_size=60), st.sampled_from("#%/"))
def test_a_refusal_is_one_printable_line(name: str, delimiter: str) -> None:
    try:
        split(name, delimiter, OWN)
    except NotAllowed as refused:
        refusal = refused
    else:
        return
    assert refusal.line.isascii()
    assert refusal.line.decode().isprintable()
    assert refusal.cause.isprintable()


# The allow-list and ports


def policy(*allow: str, **settings: object) -> Policy:
    """What settings say."""
    return Policy(Settings(allow=tuple(map(pattern, allow)), **settings))  # type: ignore[arg-type]  # by name


def ports(policy: Policy, server: str) -> list[int]:
    """The ports that would be tried; none if it is refused."""
    try:
        return [attempt.port for attempt in policy.route(parse(server)).attempts]
    except NotAllowed:
        return []


@pytest.mark.parametrize(
    ("allow", "server", "expected"),
    [
        ([], "pop.isp.com", []),
        (["pop.isp.com"], "pop.isp.com", [995, 110]),
        (["pop.isp.com"], "pop.isp.com:995", [995]),
        (["pop.isp.com"], "pop.isp.com:110", [110]),
        (["pop.isp.com"], "pop.isp.com:2110", []),
        (["pop.isp.com"], "pop.isp.com:22", []),
        (["pop.isp.com"], "imap.isp.com", []),
        (["*.isp.com"], "pop.isp.com", [995, 110]),
        (["*.isp.com"], "isp.com", []),
        (["*.isp.com:2110"], "pop.isp.com:2110", [2110]),
        (["*.isp.com:2110"], "pop.isp.com", []),
        (["pop.isp.com:995"], "pop.isp.com", [995]),
        (["pop.isp.com:110"], "pop.isp.com", [110]),
        (["pop.isp.com:110"], "pop.isp.com:995", []),
        (["pop.isp.com", "*.isp.com:2110"], "pop.isp.com:2110", [2110]),
        (["192.0.2.7"], "192.0.2.7", [995, 110]),
        (["[2001:db8::7]:2110"], "[2001:db8:0::7]:2110", [2110]),
    ],
)
def test_what_the_allow_list_admits(allow: list[str], server: str, expected: list[int]) -> None:
    assert ports(policy(*allow), server) == expected


@pytest.mark.parametrize(
    ("allow", "server", "expected"),
    [
        ([], "pop.isp.com", [995, 110]),
        ([], "pop.isp.com:2110", []),
        (["pop.isp.com:2110"], "pop.isp.com:2110", [2110]),
        (["pop.isp.com:2110"], "pop.isp.com:995", [995]),
        (["pop.isp.com:2110"], "pop.other.com:2110", []),
    ],
)
def test_without_only_allowed_an_unusual_port_still_has_to_be_named(
    allow: list[str], server: str, expected: list[int]
) -> None:
    assert ports(policy(*allow, only_allowed=False), server) == expected


def test_the_port_of_a_targets_own_table_need_not_be_named() -> None:
    one = policy("pop.isp.com", exceptions={"pop.isp.com": Exceptions(port=2110)})
    assert ports(one, "pop.isp.com") == [2110]
    assert ports(one, "pop.isp.com:2110") == [2110]
    assert ports(one, "pop.isp.com:995") == [995]
    assert ports(one, "pop.isp.com:2111") == []


def test_a_refusal_says_why_in_the_log_and_less_to_the_client() -> None:
    with pytest.raises(NotAllowed) as raised:
        policy("pop.isp.com").route(parse("secret.example.com"))
    assert raised.value.line == b"-ERR [AUTH] this server is not allowed as a target"
    assert raised.value.cause == "secret.example.com is not in the allow-list"


@pytest.mark.parametrize(
    ("one", "rule"),
    [
        (policy("other.com", "*.isp.com"), 'allowed by "*.isp.com"'),
        (policy("pop.isp.com:110", "pop.isp.com:995"), 'allowed by "pop.isp.com:110"'),
        (policy(only_allowed=False), "only_allowed is off"),
    ],
)
def test_a_route_names_the_rule(one: Policy, rule: str) -> None:
    assert one.route(parse("pop.isp.com")).rule == rule


# TLS and exceptions


@pytest.mark.parametrize(
    ("tls", "server", "expected"),
    [
        (Tls.AUTO, "pop.isp.com", [(995, Tls.IMPLICIT, 5.0), (110, Tls.AUTO, 30.0)]),
        (Tls.AUTO, "pop.isp.com:995", [(995, Tls.IMPLICIT, 30.0)]),
        (Tls.AUTO, "pop.isp.com:110", [(110, Tls.AUTO, 30.0)]),
        (Tls.AUTO, "pop.isp.com:2110", [(2110, Tls.AUTO, 30.0)]),
        (Tls.IMPLICIT, "pop.isp.com", [(995, Tls.IMPLICIT, 30.0)]),
        (Tls.IMPLICIT, "pop.isp.com:2110", [(2110, Tls.IMPLICIT, 30.0)]),
        (Tls.STARTTLS, "pop.isp.com", [(110, Tls.STARTTLS, 30.0)]),
        (Tls.STARTTLS, "pop.isp.com:995", [(995, Tls.STARTTLS, 30.0)]),
        (Tls.OFF, "pop.isp.com", [(110, Tls.OFF, 30.0)]),
        (Tls.OFF, "pop.isp.com:995", [(995, Tls.OFF, 30.0)]),
    ],
)
def test_how_a_server_is_tried(tls: Tls, server: str, expected: list[tuple[int, Tls, float]]) -> None:
    for one in (
        policy("pop.isp.com", "pop.isp.com:2110", tls=tls),
        policy("pop.isp.com", "pop.isp.com:2110", exceptions={"pop.isp.com": Exceptions(tls=tls)}),
    ):
        attempts = one.route(parse(server)).attempts
        assert [(attempt.port, attempt.tls, attempt.seconds) for attempt in attempts] == expected


def test_995_gets_no_more_than_any_connection() -> None:
    assert policy("pop.isp.com", connect_timeout=2.0).route(parse("pop.isp.com")).attempts[0].seconds == 2.0


def test_a_target_takes_from_its_table_what_stands_there_and_the_rest_from_the_proxy() -> None:
    one = policy("*.isp.com", verify=True, exceptions={"pop.isp.com": Exceptions(verify=False, auth=Auth.USER)})
    route, other = one.route(parse("pop.isp.com")), one.route(parse("pop2.isp.com"))
    assert (route.verify, route.auth) == (False, Auth.USER)
    assert (other.verify, other.auth) == (True, Auth.AUTO)


# Addresses


@pytest.mark.parametrize(
    ("allow", "server", "lifted"),
    [
        (["*.lan"], "mail.lan", False),
        (["mail.lan"], "mail.lan", True),
        (["mail.lan:995"], "mail.lan:995", True),
        (["*.lan:995", "mail.lan:110"], "mail.lan:995", False),
        (["mail.lan", "*.lan:2110"], "mail.lan:2110", True),
        (["127.0.0.1"], "127.0.0.1", True),
    ],
)
def test_only_an_exact_name_lifts_the_check_of_the_address(allow: list[str], server: str, lifted: bool) -> None:
    assert [attempt.lifted for attempt in policy(*allow).route(parse(server)).attempts][-1] is lifted


def test_private_targets_may_be_allowed_altogether() -> None:
    one = policy("*.lan", allow_private_targets=True)
    assert all(attempt.lifted for attempt in one.route(parse("mail.lan")).attempts)


@pytest.mark.parametrize(
    ("address", "lifted", "own", "refused"),
    [
        ("8.8.8.8", False, False, False),
        ("10.0.0.1", False, False, True),
        ("10.0.0.1", True, False, False),
        ("127.0.0.1", True, True, True),
        ("8.8.8.8", True, True, True),
        ("0.0.0.0", True, False, True),
        ("ff02::1", True, False, True),
        ("64:ff9b::a00:1", False, False, True),
        ("64:ff9b::a00:1", True, False, False),
    ],
)
def test_which_addresses_are_refused(address: str, lifted: bool, own: bool, refused: bool) -> None:
    attempt = Attempt(995, Tls.IMPLICIT, 5.0, lifted)
    assert (objection(ip_address(address), attempt, own) is not None) is refused
