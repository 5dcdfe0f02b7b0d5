"""From the configuration of a service's proxy to the values that the proxy's room takes."""

from collections.abc import Callable, Iterable

from mtq.access import servers
from mtq.config import model
from mtq.proxy import dialup, own
from mtq.proxy.addresses import Address
from mtq.proxy.connect import IsOwn
from mtq.proxy.settings import Auth, Exceptions, Settings, Tls


def settings_of(proxy: model.Proxy) -> Settings:
    """[services.NAME.proxy] and the targets in it."""
    return Settings(
        delimiter=proxy.delimiter,
        only_allowed=proxy.only_allowed,
        allow=tuple(map(servers.pattern, proxy.allow)),
        tls=Tls(proxy.tls.value),
        verify=proxy.verify,
        ca_file=proxy.ca_file,
        allow_private_targets=proxy.allow_private_targets,
        connect_timeout=float(proxy.connect_timeout),
        exceptions={servers.parse(host).host: _exceptions_of(target) for host, target in proxy.targets.items()},
    )


def _exceptions_of(target: model.Target) -> Exceptions:
    return Exceptions(
        port=target.port,
        tls=None if target.tls is None else Tls(target.tls.value),
        verify=target.verify,
        ca_file=target.ca_file,
        auth=Auth(target.auth.value),
    )


def dialup_of(proxy: model.Proxy) -> dialup.Settings | None:
    """[services.NAME.proxy.dialup], if it is enabled."""
    settings = proxy.dialup
    if not settings.enabled:
        return None
    return dialup.Settings(settings.up, settings.down, float(settings.timeout), float(settings.hangup_after))


def is_own(services: Callable[[], Iterable[model.Service]]) -> IsOwn:
    """Whether an address and port are those of one of these services; they are asked for anew each time."""

    def check(address: Address, port: int) -> bool:
        listening = ((listen.address, listen.port) for service in services() for listen in service.listen)
        return own.meets(listening, address, port, own.is_here)

    return check
