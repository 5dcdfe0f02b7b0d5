"""This server's own listeners are known, however they are reached."""

import socket
from ipaddress import ip_address

import pytest

from mtq.proxy import own
from mtq.proxy.addresses import Address
from tests.proxy.calling import run

HERE = ("127.0.0.1", "192.0.2.1", "2001:db8::1")


def here(address: Address) -> bool:
    """A machine with these addresses."""
    return str(address) in HERE


@pytest.mark.parametrize(
    ("listening", "address", "port", "met"),
    [
        ((None, 110), "192.0.2.1", 110, True),
        ((None, 110), "2001:db8::1", 110, True),
        ((None, 110), "192.0.2.1", 995, False),
        ((None, 110), "192.0.2.2", 110, False),
        (("0.0.0.0", 110), "192.0.2.1", 110, True),
        (("::", 110), "2001:db8::1", 110, True),
        (("192.0.2.1", 110), "192.0.2.1", 110, True),
        (("192.0.2.1", 110), "127.0.0.1", 110, False),
        (("2001:db8::1", 110), "2001:db8::1", 110, True),
        (("192.0.2.1", 110), "::ffff:192.0.2.1", 110, True),
        (("192.0.2.1", 110), "64:ff9b::c000:201", 110, True),
        ((None, 110), "::ffff:192.0.2.1", 110, True),
    ],
)
def test_a_listener_is_met(listening: tuple[str | None, int], address: str, port: int, met: bool) -> None:
    assert own.meets([("203.0.113.1", 1), listening], ip_address(address), port, here) is met


@pytest.mark.parametrize("text", ["127.0.0.1", "127.1.2.3", "::1", "0.0.0.0"])
def test_loopback_is_here(text: str) -> None:
    assert own.is_here(ip_address(text))


@pytest.mark.parametrize("text", ["8.8.8.8", "2606:4700::1111", "255.255.255.255"])
def test_another_machine_is_not_here(text: str) -> None:
    assert not own.is_here(ip_address(text))


def test_an_address_of_this_machine_is_here() -> None:
    # Whatever address this machine would use towards the internet; a machine without any uses loopback here.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("8.8.8.8", 9))
        except OSError:
            probe.connect(("127.0.0.1", 9))
        mine = probe.getsockname()[0]
    assert own.is_here(ip_address(mine))


def test_to_find_out_holds_up_nobody() -> None:
    async def ask() -> bool:
        return own.is_here(ip_address("8.8.8.8"))

    assert not run(ask())
