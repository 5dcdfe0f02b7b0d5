"""What `listen` binds."""

import socket
from pathlib import Path

import pytest

from mtq.config.kinds import Listen
from mtq.server.listeners import CannotListen, bind
from tests.house import House, free_port
from tests.server.pop import Client

BARE = """
[services.pop3]
listen = [{pop3}]
{settings}

[services.pop3s]
listen = ["[::1]:{pop3s}"]
tls = "implicit"
{settings}
"""


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A house with a bare port, and a TLS port on one IPv6 address."""
    house = House(tmp_path, services=BARE)
    house.user("fred", "secret")
    return house


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1"])
def test_a_bare_port_serves_every_address_of_both_families(house: House, host: str) -> None:
    with house.serving(), Client(house.pop3, host) as client:
        assert client.login().startswith(b"+OK")


def test_an_address_serves_that_address_alone(house: House) -> None:
    with house.serving():
        with Client(house.pop3s, "::1", house.authority) as client:
            assert client.login().startswith(b"+OK")
        with pytest.raises(ConnectionRefusedError):
            Client(house.pop3s, "127.0.0.1")


def test_the_family_of_all_ipv6_addresses_is_ipv6_alone() -> None:
    [sock] = bind(Listen(free_port(), "::"))
    with sock:
        assert sock.family == socket.AF_INET6
        assert sock.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY) == 1


def test_a_port_that_is_taken_is_said_to_be() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotListen, match=f"port {port}: something else listens there"):
            bind(Listen(port))


def test_an_address_of_another_machine_is_said_not_to_be_here() -> None:
    with pytest.raises(CannotListen, match="this machine has no such address"):
        bind(Listen(free_port(), "192.0.2.1"))
