"""Ranges of addresses in every form in which they may be written, and in none in which they may not."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtq.access.ranges import BadRange, Span, client_address, parse, parse_file


def span(written: str) -> tuple[str, str]:
    """The first and the last address of what is written."""
    found = parse(written).span
    assert found is not None
    family = ipaddress.IPv4Address if found.version == 4 else ipaddress.IPv6Address
    return str(family(found.low)), str(family(found.high))


@pytest.mark.parametrize(
    ("written", "first", "last"),
    [
        ("192.0.2.7", "192.0.2.7", "192.0.2.7"),
        ("0.0.0.0", "0.0.0.0", "0.0.0.0"),
        ("192.0.2.0/24", "192.0.2.0", "192.0.2.255"),
        ("192.0.2.77/24", "192.0.2.0", "192.0.2.255"),
        ("192.0.2.0/255.255.255.0", "192.0.2.0", "192.0.2.255"),
        ("192.0.2.7/32", "192.0.2.7", "192.0.2.7"),
        ("0.0.0.0/0", "0.0.0.0", "255.255.255.255"),
        ("192.168.1.*", "192.168.1.0", "192.168.1.255"),
        ("192.168.*.*", "192.168.0.0", "192.168.255.255"),
        ("10.*", "10.0.0.0", "10.255.255.255"),
        ("*", "0.0.0.0", "255.255.255.255"),
        ("10.0.0.5-10.0.0.99", "10.0.0.5", "10.0.0.99"),
        ("10.0.0.5 - 10.0.0.99", "10.0.0.5", "10.0.0.99"),
        ("10.0.0.5-10.0.0.5", "10.0.0.5", "10.0.0.5"),
        ("  192.0.2.7\t", "192.0.2.7", "192.0.2.7"),
    ],
)
def test_ipv4(written: str, first: str, last: str) -> None:
    assert span(written) == (first, last)


@pytest.mark.parametrize(
    ("written", "first", "last"),
    [
        ("2001:db8::7", "2001:db8::7", "2001:db8::7"),
        ("2001:DB8:0:0::7", "2001:db8::7", "2001:db8::7"),
        ("::", "::", "::"),
        ("2001:db8::/32", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("2001:db8::7/127", "2001:db8::6", "2001:db8::7"),
        ("::/0", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("2001:db8:0:0:0:0:0:*", "2001:db8::", "2001:db8::ffff"),
        ("2001:db8:*", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("2001:db8::5-2001:db8::ff", "2001:db8::5", "2001:db8::ff"),
    ],
)
def test_ipv6(written: str, first: str, last: str) -> None:
    assert span(written) == (first, last)


@pytest.mark.parametrize(
    ("written", "as_ipv4"),
    [
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::ffff:c000:207", "192.0.2.7"),
        ("::ffff:192.0.2.0/120", "192.0.2.0/24"),
        ("::ffff:0:0/96", "0.0.0.0/0"),
        ("::ffff:192.0.2.5-::ffff:192.0.2.9", "192.0.2.5-192.0.2.9"),
    ],
)
def test_ipv4_written_as_ipv6_is_ipv4(written: str, as_ipv4: str) -> None:
    assert parse(written).span == parse(as_ipv4).span


@pytest.mark.parametrize(
    ("written", "host"),
    [
        ("mail.example.com", "mail.example.com"),
        ("Mail.Example.COM.", "mail.example.com"),
        ("localhost", "localhost"),
        ("1-2-3-4.dsl.example.com", "1-2-3-4.dsl.example.com"),
        ("host1-2.example.com", "host1-2.example.com"),
        ("xn--mller-kva.example", "xn--mller-kva.example"),
        ("3com", "3com"),
    ],
)
def test_a_host_name(written: str, host: str) -> None:
    found = parse(written)
    assert (found.host, found.span) == (host, None)


@pytest.mark.parametrize("bare", ["192.0.2.7", "192.168.1.*", "10.0.0.5-10.0.0.9", "::1", "a.example"])
def test_an_exclamation_mark_excludes(bare: str) -> None:
    inside, outside = parse(bare), parse(f"!{bare}")
    assert (inside.exclude, outside.exclude) == (False, True)
    assert (inside.span, inside.host) == (outside.span, outside.host)


def test_the_text_is_kept_without_spaces_around_it() -> None:
    assert [parse(written).text for written in (" 10.* ", "!  10.* ")] == ["10.*", "!10.*"]


MALFORMED = [
    "", " ", "!", "-", "/", "*.", ".", ":", "!!192.0.2.7", "a b", "1.2.3.4 5.6.7.8", "1.2.3.4,5.6.7.8",
    # addresses
    "1.2.3", "1", "0", "256.1.1.1", "1.2.3.4.5", "1.2.3.", ".1.2.3", "1..2.3", "01.2.3.4", "1.2.3.-4", "1.2.3.4:110",
    "1.2.3.4%eth0", "\u0661.2.3.4", "[::1]", ":::", "1::2::3", "12345::", "2001:db8", "1:2:3:4:5:6:7:8:9",
    "::ffff:1.2.3.256",
    # networks
    "1.2.3.4/33", "1.2.3.4/-1", "1.2.3.4/", "/24", "1.2.3.4/ 24", "1.2.3.4/8/8", "10/8", "1.2.3.4/255.0.255.0",
    "::/129", "host.example/24",
    # wildcards
    "10.*.3.4", "*.0.0.1", "1*.2.3.4", "10.**", "10.*.", "192.168.1.*.*", "256.*", "-1.*", "010.*", "*.example.com",
    "::*", "2001:db8::*", "12345:*", "1:2:3:4:5:6:7:8:*", "10.*/8", "10.*-11.*",
    # spans
    "5-3", "1.2.3.4-", "-1.2.3.4", "10.0.0.9-10.0.0.5", "10.0.0.5-99", "10.0.0.5-10.0.0.256",
    "1.2.3.4-1.2.3.5-1.2.3.6", "::1-1.2.3.4", "1.2.3.4-::1", "::2-::1", "10.0.0.5--10.0.0.9",
    "10.0.0.0/24-10.0.1.0/24",
    # host names
    "-a.example", "a-.example", "a..example", "a_b.example", "example..", "x" * 64, "x." * 127 + "xx", "ä.example",
    "a!b", "host.123", "user@host.example", "http://host.example",
]  # fmt: skip


@pytest.mark.parametrize("written", MALFORMED)
def test_what_is_no_range_is_refused(written: str) -> None:
    with pytest.raises(BadRange):
        parse(written)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8::7", "2001:db8::7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::7%eth0", "fe80::7"),
        ("::192.0.2.7", "::c000:207"),
    ],
)
def test_the_address_of_a_client(text: str, address: str) -> None:
    assert client_address(text) == ipaddress.ip_address(address)


def test_a_file_has_one_range_a_line_with_comments() -> None:
    text = "# blocked\r\n\r\n!192.0.2.7   # scans us\n  10.0.0.0/8\n\t# nothing\n::1"
    assert [found.text for found in parse_file(text)] == ["!192.0.2.7", "10.0.0.0/8", "::1"]


def test_an_empty_file_has_no_ranges() -> None:
    assert parse_file("") == []


def test_a_wrong_line_of_a_file_is_named_by_its_number() -> None:
    with pytest.raises(BadRange, match=r"^line 3: 10\.0\.0\.300 is not an address"):
        parse_file("# 1\n10.0.0.3\n10.0.0.300 # comment\n10.0.0.400\n")


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("10.0.0.1\x1b[31m", r"line 1: 10\.0\.0\.1\\x1b\[31m is not"),
        ("10.0.0.1\r10.0.0.2", r"line 1: 10\.0\.0\.1\\r10\.0\.0\.2 is not"),
        ("x" * 5000 + "!", "line 1: x{57}… is not"),
    ],
)
def test_a_wrong_line_can_neither_move_the_cursor_nor_fill_the_screen(line: str, shown: str) -> None:
    with pytest.raises(BadRange, match=f"^{shown}"):
        parse_file(line)


octets = st.sampled_from(["0", "1", "10", "99", "200", "255", "256", "01", "1000", "", "+1", " 1", "\u0661"])
lengths = st.sampled_from(["0", "1", "8", "31", "32", "33", "08", "-1", "", "x", "255.0.0.0", "255.0.255.0"])


@st.composite
def addresses_or_nearly(draw: st.DrawFn) -> str:
    """An IPv4 address or network, or what looks like one."""
    address = ".".join(draw(st.lists(octets, min_size=3, max_size=5)))
    return f"{address}/{draw(lengths)}" if draw(st.booleans()) else address


@given(addresses_or_nearly())
def test_ipv4_is_read_as_the_standard_library_reads_it(written: str) -> None:
    try:
        network = ipaddress.ip_network(written.strip(), strict=False)
    except ValueError:
        with pytest.raises(BadRange):
            parse(written)
    else:
        assert parse(written).span == Span(4, int(network[0]), int(network[-1]))


def test_a_span_says_its_family() -> None:
    assert parse("::7").span == Span(6, 7, 7)
    assert parse("0.0.0.7").span == Span(4, 7, 7)
