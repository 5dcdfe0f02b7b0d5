"""What Prometheus is told: read from the ledger and the services when it asks. No user's name is in it.

prometheus_client writes the format and measures the process; counting is the ledger's.
"""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from mtq import __version__
from mtq.ledger import CROWDED, Cause, SessionLogin, SessionOpened, SessionRefused, failed
from mtq.server.service import Service, State

if TYPE_CHECKING:
    from mtq.server.run import Server


class Figures(Collector):
    """Speaks for a server."""

    def __init__(self, server: "Server") -> None:
        self._server = server
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    def text(self) -> bytes:
        """Everything, as it is now."""
        return generate_latest(self._registry)

    def describe(self) -> list[Metric]:
        """Nothing has to be known before the first question."""
        return []

    def collect(self) -> Iterator[Metric]:
        """One family after the other."""
        server = self._server
        yield InfoMetricFamily("mtq_build", "The version that runs", {"version": __version__})
        yield from _services(list(server.services.values()))
        yield GaugeMetricFamily("mtq_locks", "Mailboxes that a session has to itself", len(server.ledger.locks))
        yield GaugeMetricFamily("mtq_penalties", "Addresses that failed logins stand against", server.offenders())
        lost = "Lines of the log that could not be written"
        yield CounterMetricFamily("mtq_log_lines_lost", lost, server.lines_lost)
        yield from _totals(server.ledger.totals())


def _services(services: list[Service]) -> Iterator[Metric]:
    up = _gauge("mtq_service_up", "Whether the service runs")
    sessions = _gauge("mtq_sessions", "Connections that are in")
    most = _gauge("mtq_connections_max", "Connections that the service lets in at a time")
    expires = "mtq_certificate_expiry_timestamp_seconds"
    expiry = _gauge(expires, "When the certificate that is shown ends to be valid")
    for service in services:
        of = [service.name]
        up.add_metric(of, float(service.state is State.RUNNING))
        sessions.add_metric(of, service.door.count)
        most.add_metric(of, service.settings.max_connections)
        if (shown := service.provisions) and shown.identity and shown.identity.expires:
            expiry.add_metric(of, shown.identity.expires.timestamp())
    yield from (up, sessions, most, expiry)


def _totals(totals: dict[str, Counter[str]]) -> Iterator[Metric]:
    """What has added up since the start, by service; also for services that are gone, so that no counter falls."""
    connections = _counter("mtq_connections", "Connections that were let in")
    refused = _counter("mtq_refused", "Connections that were not let in", "reason")
    logins = _counter("mtq_logins", "Logins that succeeded")
    failures = _counter("mtq_login_failures", "Logins that were refused", "cause")
    octets = _counter("mtq_bytes", "Octets from and to clients, without those of TLS", "direction")
    retrieved = _counter("mtq_messages_retrieved", "Messages that were sent whole")
    deleted = _counter("mtq_messages_deleted", "Messages that were removed")
    for service, of in totals.items():
        if not service:
            continue
        connections.add_metric([service], of[SessionOpened.name])
        refused.add_metric([service, "access"], of[SessionRefused.name] - of[CROWDED])
        refused.add_metric([service, "crowded"], of[CROWDED])
        logins.add_metric([service], of[SessionLogin.name])
        for cause in Cause:
            failures.add_metric([service, cause.value], of[failed(cause)])
        octets.add_metric([service, "in"], of["bytes_in"])
        octets.add_metric([service, "out"], of["bytes_out"])
        retrieved.add_metric([service], of["retrieved"])
        deleted.add_metric([service], of["deleted"])
    yield from (connections, refused, logins, failures, octets, retrieved, deleted)


def _gauge(name: str, about: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, about, labels=["service"])


def _counter(name: str, about: str, *labels: str) -> CounterMetricFamily:
    return CounterMetricFamily(name, about, labels=["service", *labels])
