"""What `listen` binds."""

import errno
import os
import socket
from pathlib import Path

import pytest

from mtq.config.kinds import Listen
from mtq.ledger import SessionRefused
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


TWO_HOMES = """
[services.office]
listen = ["127.0.0.2:{pop3}"]
tls = "starttls"
max_connections = 1

[services.guests]
listen = ["127.0.0.3:{pop3}", "[::1]:{pop3}"]
tls = "implicit"
"""


def test_two_services_share_a_port_on_different_addresses(tmp_path: Path) -> None:
    house = House(tmp_path, services=TWO_HOMES)
    house.user("fred", "secret")
    with house.serving() as running, Client(house.pop3, "127.0.0.2") as office:
        assert office.login().startswith(b"+OK")
        with Client(house.pop3, "127.0.0.2") as second:
            assert second.line().startswith(b"-ERR [SYS/TEMP]")
        for host in ("127.0.0.3", "::1"):
            with Client(house.pop3, host, house.authority) as guest:
                assert guest.login().startswith(b"+OK")
        with pytest.raises(ConnectionRefusedError):
            Client(house.pop3, "127.0.0.1")
        assert {record.service for record in running.ledger.sessions.values()} >= {"office"}


def test_a_client_by_ipv4_is_the_same_by_every_rule_whichever_socket_it_comes_to(tmp_path: Path) -> None:
    rules = 'access = "firewall"\nfirewall = ["!127.0.0.2", "127.0.0.*", "::1"]'
    house = House(tmp_path, services=BARE, settings=rules)
    with house.serving() as running:
        for host, source, greeting in [
            ("127.0.0.1", "127.0.0.2", b"-ERR access denied"),
            ("127.0.0.1", "127.0.0.3", b"+OK"),
            ("::1", None, b"+OK"),
        ]:
            with Client(house.pop3, host, source=source) as client:
                assert client.line().startswith(greeting)
        assert [event.address for event in running.events if isinstance(event, SessionRefused)] == ["127.0.0.2"]


@pytest.mark.parametrize("lacking", ["no such family", "no such address"])
def test_a_bare_port_serves_ipv4_on_a_host_without_ipv6(monkeypatch: pytest.MonkeyPatch, lacking: str) -> None:
    class WithoutIPv6(socket.socket):
        def __init__(self, family: int = -1, *rest: int) -> None:
            if family == socket.AF_INET6 and lacking == "no such family":
                raise OSError(errno.EAFNOSUPPORT, os.strerror(errno.EAFNOSUPPORT))
            super().__init__(family, *rest)

        def bind(self, address: tuple[str, int]) -> None:      # type: ignore[override]  # narrower: of the internet
            if self.family == socket.AF_INET6:
                raise OSError(errno.EADDRNOTAVAIL, os.strerror(errno.EADDRNOTAVAIL))
            super().bind(address)

    monkeypatch.setattr(socket, "socket", WithoutIPv6)
    [sock] = bind(Listen(free_port()))
    with sock:
        assert sock.family == socket.AF_INET
    with pytest.raises(CannotListen):
        bind(Listen(free_port(), "::1"))


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
