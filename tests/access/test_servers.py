"""Remote servers as they are written: each has one name, and none leads past a check by being written oddly."""

import ipaddress
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtq.access import servers
from mtq.access.servers import BadServer, Server


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("pop.isp.com", Server("pop.isp.com")),
        ("POP.ISP.com", Server("pop.isp.com")),
        ("pop.isp.com.", Server("pop.isp.com")),
        ("pop.isp.com:995", Server("pop.isp.com", 995)),
        ("mailhost", Server("mailhost")),
        ("mail_host:2110", Server("mail_host", 2110)),
        ("1and1.com", Server("1and1.com")),
        ("10.in-addr.arpa", Server("10.in-addr.arpa")),
        ("192.0.2.7", Server("192.0.2.7")),
        ("192.0.2.7.", Server("192.0.2.7")),
        ("192.0.2.7:110", Server("192.0.2.7", 110)),
        ("2001:DB8::0001", Server("2001:db8::1")),
        ("[2001:db8::1]", Server("2001:db8::1")),
        ("[2001:db8::1]:995", Server("2001:db8::1", 995)),
        ("::ffff:192.0.2.7", Server("192.0.2.7")),
        ("[::ffff:c000:207]:995", Server("192.0.2.7", 995)),
        ("münchen.example", Server("xn--mnchen-3ya.example")),
        ("MÜNCHEN.example:110", Server("xn--mnchen-3ya.example", 110)),
        ("pop\u3002isp\u3002com", Server("pop.isp.com")),
        ("\uff11\uff19\uff12.0.2.\uff17", Server("192.0.2.7")),
    ],
)
def test_a_server_has_one_name_however_it_is_written(written: str, expected: Server) -> None:
    assert servers.parse(written) == expected


@pytest.mark.parametrize(
    "written",
    [
        "",
        ".",
        "..",
        ".com",
        "pop..isp.com",
        "pop.isp.com..",
        "-pop.isp.com",
        "pop-.isp.com",
        "pop isp.com",
        "pop.isp.com ",
        "pop.isp.com\r\nQUIT",
        "pop.isp.com\0.example",
        "pop/isp.com",
        "user@pop.isp.com",
        "pop.isp.com%eth0",
        "*.isp.com",
        "*",
        "x" * 64 + ".com",
        ".".join(["x" * 60] * 5),
        "pop.isp.com:",
        "pop.isp.com:0",
        "pop.isp.com:0995",
        "pop.isp.com:65536",
        "pop.isp.com:pop3",
        "pop.isp.com:-1",
        "pop.isp.com:\uff19\uff19\uff15",
        ":995",
        "[2001:db8::1",
        "[2001:db8::1]995",
        "[pop.isp.com]",
        "[192.0.2.7]",
        "[fe80::1%eth0]",
        "fe80::1%1",
        "2001:db8::1:99999",
        "xn--\udcff.example",
        "\udcff.example",
        "☃️‍.\u202eexample",
    ],
)
def test_what_is_no_server_is_refused(written: str) -> None:
    with pytest.raises(BadServer) as raised:
        servers.parse(written)
    assert str(raised.value).isprintable()


@pytest.mark.parametrize(
    "written",
    [
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0X7F.1",
        "0x7f.0.0.0x1",
        "017700000001",
        "0177.0.0.1",
        "127.0.0.01",
        "127.0.0.1.0x0",
        "0",
        "0x",
        "256.0.0.1",
        "1.2.3.4.5",
        "pop.isp.0",
        "\uff11\uff12\uff17.1",
    ],
)
def test_a_number_that_is_no_address_as_usually_written_is_refused(written: str) -> None:
    with pytest.raises(BadServer):
        servers.parse(written)


@given(st.text(alphabet="0123456789abcdefx.", min_size=1, max_size=20))
def test_whatever_a_resolver_takes_for_an_address_is_written_as_usual_or_refused(written: str) -> None:
    try:
        host = servers.parse(written).host
        meant = socket.inet_aton(host)
    except (BadServer, OSError):
        return
    assert host == str(ipaddress.IPv4Address(meant))


@given(st.text(max_size=40))
def test_any_text_is_a_server_or_refused_and_stays_what_it_is(written: str) -> None:
    try:
        server = servers.parse(written)
    except BadServer:
        return
    assert servers.parse(str(server)) == server


@pytest.mark.parametrize(
    ("written", "host", "covered"),
    [
        ("pop.isp.com", "pop.isp.com", True),
        (" POP.isp.com. ", "pop.isp.com", True),
        ("pop.isp.com:995", "pop.isp.com", True),
        ("pop.isp.com", "isp.com", False),
        ("isp.com", "pop.isp.com", False),
        ("*.isp.com", "pop.isp.com", True),
        ("*.isp.com", "a.b.isp.com", True),
        ("*.isp.com", "isp.com", False),
        ("*.isp.com", "notisp.com", False),
        ("*.münchen.example", "pop.xn--mnchen-3ya.example", True),
        ("192.0.2.7", "192.0.2.7", True),
        ("[::ffff:192.0.2.7]", "192.0.2.7", True),
    ],
)
def test_a_pattern_covers_a_host(written: str, host: str, covered: bool) -> None:
    assert servers.pattern(written).covers(host) is covered


@pytest.mark.parametrize(
    "written", ["", "*", "*.", "*isp.com", "pop.*.com", "*.*.com", "*.192.0.2.7", "127.1", "*.127.1"]
)
def test_what_is_no_pattern_is_refused(written: str) -> None:
    with pytest.raises(BadServer):
        servers.pattern(written)
