"""The configuration that is written for a host that has none."""

import ipaddress
from pathlib import Path

import pytest

from mtq.access.rules import Mode, Rules
from mtq.config.kinds import Listen
from mtq.config.model import Config, PlaintextAuth, TlsMode
from mtq.config.template import safe
from tests.config.written import config


def written(user: str | None = None, privileged: bool = True) -> Config:
    return config(safe("mail.example.com", user, privileged))


@pytest.mark.parametrize("user", [None, "mtq"])
@pytest.mark.parametrize("privileged", [True, False])
def test_it_is_valid_and_says_who_and_where(user: str | None, privileged: bool) -> None:
    server = written(user, privileged).server
    assert (server.hostname, server.user) == ("mail.example.com", user)


@pytest.mark.parametrize(("privileged", "ports"), [(True, (110, 995)), (False, (1110, 1995))])
def test_root_listens_on_the_standard_ports_and_others_on_high_ones(privileged: bool, ports: tuple[int, int]) -> None:
    services = written(privileged=privileged).services
    assert {name: service.listen for name, service in services.items()} == {
        "pop3": (Listen(ports[0]),),
        "pop3s": (Listen(ports[1]),),
    }


def test_both_ways_of_tls_are_offered() -> None:
    services = written().services
    assert {name: service.tls for name, service in services.items()} == {
        "pop3": TlsMode.STARTTLS,
        "pop3s": TlsMode.IMPLICIT,
    }


def test_no_password_crosses_a_network_in_the_clear() -> None:
    assert {service.plaintext_auth for service in written().services.values()} == {PlaintextAuth.LOCAL}


def test_the_proxy_is_off() -> None:
    assert not any(service.proxy.enabled for service in written().services.values())


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("10.20.30.40", True),
        ("172.16.0.1", True),
        ("172.32.0.1", False),
        ("192.168.7.7", True),
        ("fd12:3456::1", True),
        ("fe80::1", True),
        ("192.0.2.1", False),
        ("2001:db8::1", False),
    ],
)
def test_loopback_and_private_ranges_are_let_in_and_the_world_is_not(address: str, allowed: bool) -> None:
    found = written()
    for service in found.services.values():
        assert service.access is Mode.FIREWALL_AND_LAN
        assert not service.firewall
        lan = Rules(service.access, [entry.range for entry in found.server.lan])
        assert lan.decide(ipaddress.ip_address(address)).allowed is allowed


def test_the_users_are_beside_it() -> None:
    assert written().users.file == Path("/etc/mtq/users")
