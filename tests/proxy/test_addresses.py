"""Which addresses belong to the internet, and which lead into somebody's own network."""

from ipaddress import ip_address

import pytest

from mtq.proxy import addresses


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("127.0.0.1", "loopback"),
        ("127.255.255.254", "loopback"),
        ("::1", "loopback"),
        ("10.0.0.1", "private"),
        ("172.16.0.1", "private"),
        ("192.168.1.1", "private"),
        ("100.64.0.1", "private"),
        ("198.18.0.1", "private"),
        ("fd00::1", "private"),
        ("fec0::1", "private"),
        ("169.254.169.254", "link-local"),
        ("fe80::1", "link-local"),
        ("0.0.0.0", "unspecified"),
        ("::", "unspecified"),
        ("0.1.2.3", "private"),
        ("224.0.0.1", "multicast"),
        ("ff02::1", "multicast"),
        ("255.255.255.255", "reserved"),
        ("240.0.0.1", "reserved"),
        ("2001:db8::1", "reserved"),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", "reserved"),       # Teredo
        ("::7f00:1", "reserved"),                                    # IPv4-compatible
        ("::ffff:0:7f00:1", "reserved"),                             # translated
        ("64:ff9b:1::a00:1", "reserved"),                            # NAT64 of one's own network
        ("4000::1", "reserved"),
        ("::ffff:127.0.0.1", "loopback, as 127.0.0.1"),
        ("::ffff:10.0.0.1", "private, as 10.0.0.1"),
        ("64:ff9b::7f00:1", "loopback, as 127.0.0.1"),
        ("64:ff9b::a9fe:a9fe", "link-local, as 169.254.169.254"),
        ("2002:7f00:1::1", "loopback, as 127.0.0.1"),
        ("2002:c0a8:101::1", "private, as 192.168.1.1"),
    ],
)
def test_an_address_that_is_not_of_the_internet(text: str, why: str) -> None:
    assert addresses.special(ip_address(text)) == why


@pytest.mark.parametrize(
    "text", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]
)
def test_an_address_of_the_internet(text: str) -> None:
    assert addresses.special(ip_address(text)) is None


@pytest.mark.parametrize("text", ["0.0.0.0", "::", "224.0.0.1", "ff02::1", "64:ff9b::", "::ffff:0.0.0.0"])
def test_an_address_that_no_other_machine_can_have(text: str) -> None:
    assert addresses.nowhere(ip_address(text))


@pytest.mark.parametrize("text", ["127.0.0.1", "::1", "10.0.0.1", "8.8.8.8", "64:ff9b::a00:1"])
def test_an_address_that_a_machine_can_have(text: str) -> None:
    assert not addresses.nowhere(ip_address(text))
