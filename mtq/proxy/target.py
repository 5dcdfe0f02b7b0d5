"""From a user name to a target, and whether that target may be used: no name is looked up here, nothing is connected.

    fred#pop.isp.com   fred#pop.isp.com:995   fred#[2001:db8::1]   fred#pop.isp.com@HOSTNAME

The last delimiter counts. HOSTNAME is this server: its name, or the name or address that the client connected to.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from mtq.access import servers
from mtq.access.servers import BadServer, Pattern, Server
from mtq.proxy.addresses import Address, nowhere, special
from mtq.proxy.refusals import NotAllowed
from mtq.proxy.settings import Auth, Exceptions, Settings, Tls

POP3, POP3S = 110, 995

USUAL_PORTS = frozenset((POP3, POP3S))

HURRY = 5.0
"""Seconds for 995 to be connected and inside TLS, where 110 is to be tried after it."""


@dataclass(frozen=True, slots=True)
class Target:
    """A mailbox on another server."""

    user: str
    server: Server


@dataclass(frozen=True, slots=True)
class Attempt:
    """One port to try and how to speak TLS there; AUTO is STLS, or without it the clear on the local network."""

    port: int
    tls: Tls
    seconds: float
    lifted: bool
    """Whether it may lie in a private network."""


@dataclass(frozen=True, slots=True)
class Route:
    """How to get to a server that may be used."""

    server: Server
    attempts: tuple[Attempt, ...]
    rule: str
    """Why it may be used."""
    verify: bool
    ca_file: Path | None
    auth: Auth


def split(name: str, delimiter: str, own: Collection[str]) -> Target | None:
    """The target that a user name holds, None for a user of this server. `own` are the names of this server.

    Raises NotAllowed for a name with the delimiter that is none.
    """
    user, found, written = name.rpartition(delimiter)
    if not found:
        return None
    written, at, here = written.partition("@")
    if at and not _is_own(here, own):
        raise NotAllowed("the part after @ is not the name of this server", f"{here!r} is not this server's name")
    if not user:
        raise NotAllowed("no user name given", "there is no user name before the delimiter")
    try:
        return Target(user, servers.parse(written))
    except BadServer as wrong:
        raise NotAllowed(f"the name of the server is wrong: {wrong}", f"{written!r}: {wrong}") from None


def _is_own(name: str, own: Collection[str]) -> bool:
    return _canonical(name) in map(_canonical, own)


def _canonical(name: str) -> str:
    try:
        return servers.parse(name).host
    except BadServer:       # a machine may have a name that no server on the internet has
        return name.lower()


class Policy:
    """What the proxy's settings say about targets."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.route = lru_cache(servers.REMEMBERED)(self._allowed)
        """How to get to a server. Raises NotAllowed."""

    def _allowed(self, server: Server) -> Route:
        wanted = self._wanted(server)
        objections = [self._objection(server.host, attempt.port) for attempt in wanted]
        attempts = tuple(a for a, objection in zip(wanted, objections, strict=True) if objection is None)
        for objection in objections:
            if objection is not None and not attempts:
                raise objection
        return self._route(server, attempts)

    def anyway(self, server: Server) -> Route:
        """The same as if every rule let it pass: for the administrator who tests before allowing."""
        return self._route(server, tuple(replace(attempt, lifted=True) for attempt in self._wanted(server)))

    def _route(self, server: Server, attempts: tuple[Attempt, ...]) -> Route:
        settings, exceptions = self._settings, self._exceptions(server)
        return Route(
            server=server,
            attempts=attempts,
            rule=self._rule(server.host, attempts),
            verify=settings.verify if exceptions.verify is None else exceptions.verify,
            ca_file=exceptions.ca_file or settings.ca_file,
            auth=exceptions.auth,
        )

    def _wanted(self, server: Server) -> tuple[Attempt, ...]:
        """What would be tried, allowed or not."""
        exceptions = self._exceptions(server)
        port = server.port or exceptions.port
        patience = self._settings.connect_timeout

        def attempt(port: int, tls: Tls, seconds: float = patience) -> Attempt:
            return Attempt(port, tls, seconds, self._lifted(server.host, port))

        match exceptions.tls or self._settings.tls:
            case Tls.AUTO if port is None:
                return attempt(POP3S, Tls.IMPLICIT, min(HURRY, patience)), attempt(POP3, Tls.AUTO)
            case Tls.AUTO if port == POP3S:
                return (attempt(POP3S, Tls.IMPLICIT),)
            case Tls.IMPLICIT:
                return (attempt(port or POP3S, Tls.IMPLICIT),)
            case tls:
                return (attempt(port or POP3, tls),)

    def _exceptions(self, server: Server) -> Exceptions:
        return self._settings.exceptions.get(server.host, Exceptions())

    def _objection(self, host: str, port: int) -> NotAllowed | None:
        covering = self._covering(host)
        settings = self._settings
        if settings.only_allowed and not covering:
            return NotAllowed("this server is not allowed as a target", f"{host} is not in the allow-list")
        named = any(pattern.server.port == port for pattern in covering)
        if settings.only_allowed and not named and all(pattern.server.port is not None for pattern in covering):
            return NotAllowed("this port is not allowed", f"the allow-list names other ports of {host}, not {port}")
        usual = port in USUAL_PORTS or port == self._exceptions(Server(host)).port
        if not usual and not named:
            return NotAllowed("this port is not allowed", f"no entry of the allow-list names {Server(host, port)}")
        return None

    def _covering(self, host: str) -> list[Pattern]:
        return [pattern for pattern in self._settings.allow if pattern.covers(host)]

    def _lifted(self, host: str, port: int) -> bool:
        return self._settings.allow_private_targets or any(
            not pattern.wildcard and pattern.server.port in (None, port) for pattern in self._covering(host)
        )

    def _rule(self, host: str, attempts: tuple[Attempt, ...]) -> str:
        ports = {None, *(attempt.port for attempt in attempts)}
        for pattern in self._covering(host):
            if pattern.server.port in ports:
                return f'allowed by "{pattern.text}"'
        return "only_allowed is off"


def objection(address: Address, attempt: Attempt, own: bool) -> str | None:
    """Why this address may not be connected to, whatever name led to it; `own`: one of our listeners is there."""
    if own:
        return f"{Server(str(address), attempt.port)} is this server itself"
    if nowhere(address):
        return f"{address} is no server's address"
    kind = special(address)
    if kind is None or attempt.lifted:
        return None
    return f"{address} is {kind}, and neither is allow_private_targets on nor the server allowed by its exact name"
