"""The proxy of a service: made of its configuration, and made anew when that changes."""

from collections.abc import Callable, Iterable

from mtq.access import servers
from mtq.config import model
from mtq.errors import Code, Refusal
from mtq.ledger import Remark
from mtq.proxy import dialup, own
from mtq.proxy.addresses import Address
from mtq.proxy.connect import IsOwn
from mtq.proxy.dialup import Dialup
from mtq.proxy.proxy import Proxy
from mtq.proxy.refusals import SaidNo
from mtq.proxy.settings import Auth, Exceptions, Settings, Tls
from mtq.server.house import House


def counts_against_client(refusal: Refusal) -> bool:
    """Whether a login was refused because of what the client gave."""
    return refusal.counts if isinstance(refusal, SaidNo) else refusal.code is Code.AUTH


class Proxying:
    """Has the proxy that a service's settings want, and the links of those it had before."""

    def __init__(self, house: House) -> None:
        self.proxy: Proxy | None = None
        self._house = house
        self._settings: model.Proxy | None = None
        self._dialup: Dialup | None = None
        self._dialups: list[Dialup] = []

    def turn_to(self, settings: model.Proxy) -> None:
        """Go by these settings from now on; sessions that are relayed stay."""
        if settings == self._settings:
            return
        if self._settings is None or settings.dialup != self._settings.dialup:
            self._dialup = self._dial(settings)
        self._settings = settings
        self.proxy = self._made(settings) if settings.enabled else None

    @property
    def link(self) -> str | None:
        """What the dial-up link is doing; None: there is none."""
        return None if self._dialup is None else self._dialup.state.value

    async def close(self) -> None:
        """The server stops: hang up."""
        for link in self._dialups:
            await link.close()

    def _made(self, settings: model.Proxy) -> Proxy:
        house = self._house
        ours = is_own(lambda: house.config.services.values())
        return Proxy(settings_of(settings), house.failures, house.is_local, ours, self._dialup)

    def _dial(self, settings: model.Proxy) -> Dialup | None:
        wanted = dialup_of(settings)
        if wanted is None:
            return None
        made = Dialup(wanted, lambda level, text: self._house.ledger.enter(Remark(level, text)))
        self._dialups.append(made)
        return made


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
