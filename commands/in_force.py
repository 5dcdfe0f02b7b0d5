"""The ranges that are in force, and what they decide: the running server knows.

Without one it is worked out here, by the same code.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import typer

from mtq.errors import MtqError, WrongUsage

from . import addresses, place, remote
from .console import rows_of

if TYPE_CHECKING:
    from mtq.access.policy import Policy
    from mtq.access.rules import Addresses
    from mtq.config.model import Config
    from mtq.control.client import Client

RESOLVING = 5.0
"""Seconds that host names among the ranges may take where no server is running that knows them."""


def no_such(service: str, known: Sequence[str]) -> MtqError:
    """There is no service of this name."""
    return MtqError(f"there is no service {service}; there are: {', '.join(known) or 'none'}")


def rows(context: typer.Context) -> tuple[list[Any], list[str]]:
    """The rows of all ranges, and the names of all services."""
    server = remote.server_if_running(context)
    if server is not None:
        with server:
            return rows_of(server.call("firewall.list"), "ranges"), _services(server)
    from mtq.control.rows import range_row

    config, now = place.config(context), datetime.now(UTC)
    policies = {name: _policy(config, name) for name in (*config.services, None)}
    names = _names(*policies.values())
    listed = {name: policy.rows(name, now, names) for name, policy in policies.items()}
    own = [row for name, found in listed.items() for row in found if row.service == name]
    return [range_row(row) for row in own], list(config.services)


def decided(context: typer.Context, address: str, service: str | None, lan: bool) -> Any:
    """Whether an address is let in by a service, or is on the LAN, and why. Raises WrongUsage, MtqError."""
    if lan:
        if service is not None:
            raise WrongUsage("say one of --service NAME and --lan")
        return _worked_out(place.config(context), address, None)      # no server need be asked for it
    server = remote.server_if_running(context)
    if server is None:
        config = place.config(context)
        return _worked_out(config, address, _chosen(service, list(config.services)))
    with server:
        return server.call("firewall.check", address=address, service=_chosen(service, _services(server)))


def _worked_out(config: "Config", address: str, service: str | None) -> Any:
    policy = _policy(config, service)
    decision = policy.standing(datetime.now(UTC), _names(policy)).decide(addresses.parsed(address))
    return {
        "address": address,
        "service": service,
        "allowed": decision.allowed,
        "range": decision.range,
        "reason": decision.reason,
    }


def _services(server: "Client") -> list[str]:
    return [row["name"] for row in rows_of(server.status, "services")]


def _chosen(service: str | None, known: Sequence[str]) -> str:
    """The service that is meant: the only one need not be named. Raises WrongUsage, MtqError."""
    if service is None and len(known) != 1:
        which = ", ".join(f"--service {name}" for name in known)
        raise WrongUsage(f"say for whom: {which or '--service NAME'} or --lan")
    if service is not None and service not in known:
        raise no_such(service, known)
    return service or known[0]


def _policy(config: "Config", service: str | None) -> "Policy":
    """The access control of a service or (None) of the LAN, by the code that serves."""
    from mtq.access import firewall_file
    from mtq.access.policy import Policy
    from mtq.access.rules import Mode

    if service is None:
        return Policy(Mode.FIREWALL, config.server.lan)
    settings = config.services[service]
    return Policy(settings.access, settings.firewall, firewall_file.read(settings.firewall_file), config.server.lan)


def _names(*policies: "Policy") -> "Addresses":
    """What the host names in them stand for."""
    hosts = frozenset[str]().union(*(policy.hosts for policy in policies))
    if not hosts:
        return {}
    from mtq.server.resolver import addresses_now

    return addresses_now(hosts, RESOLVING)
