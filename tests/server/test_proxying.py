"""The configuration of a proxy as the proxy's room has it."""

from dataclasses import fields
from ipaddress import ip_address
from pathlib import Path

from mtq.access.servers import pattern
from mtq.config.model import Config
from mtq.config.paths import places
from mtq.config.read import parse
from mtq.proxy import dialup
from mtq.proxy.settings import Auth, Exceptions, Settings, Tls
from mtq.server import proxying
from tests.config.written import UNUSUAL


def config(text: str) -> Config:
    """A configuration."""
    return parse(text, Path("/etc/mtq/mtq.toml"), places(1000, {"HOME": "/home/fred"}))


def test_the_defaults_are_the_same_on_both_sides() -> None:
    assert proxying.settings_of(config("[services.pop3]").services["pop3"].proxy) == Settings()


def test_every_key_arrives() -> None:
    proxy = config(UNUSUAL).services["pop3"].proxy
    found = proxying.settings_of(proxy)
    for setting in fields(Settings):
        assert getattr(found, setting.name) != getattr(Settings(), setting.name), setting.name
    (exceptions,) = found.exceptions.values()
    for setting in fields(Exceptions):
        assert getattr(exceptions, setting.name) != getattr(Exceptions(), setting.name), setting.name
    assert proxying.dialup_of(proxy) is not None


def test_values_are_what_was_written() -> None:
    found = config(
        '[services.pop3.proxy]\nallow = ["*.ISP.com:995"]\ntls = "starttls"\n'
        '[services.pop3.proxy.targets."[2001:DB8::7]"]\ntls = "off"\nauth = "user"\n'
        '[services.pop3.proxy.dialup]\nenabled = true\nup = ["pon"]\ndown = ["poff"]\ntimeout = 5\nhangup_after = 6'
    ).services["pop3"].proxy
    assert proxying.settings_of(found) == Settings(
        allow=(pattern("*.ISP.com:995"),),
        tls=Tls.STARTTLS,
        exceptions={"2001:db8::7": Exceptions(tls=Tls.OFF, auth=Auth.USER)},
    )
    assert proxying.dialup_of(found) == dialup.Settings(("pon",), ("poff",), 5.0, 6.0)


def test_a_link_that_is_not_enabled_is_none() -> None:
    assert proxying.dialup_of(config("[services.pop3]").services["pop3"].proxy) is None


def test_this_servers_own_listeners_are_known() -> None:
    services = config('[services.a]\nlisten = [2110]\n[services.b]\nlisten = ["127.0.0.2:2111"]').services
    check = proxying.is_own(services.values)
    assert check(ip_address("127.0.0.1"), 2110)
    assert check(ip_address("127.0.0.2"), 2111)
    assert not check(ip_address("127.0.0.1"), 2111)
    assert not check(ip_address("127.0.0.1"), 2112)
    assert not check(ip_address("8.8.8.8"), 2110)
