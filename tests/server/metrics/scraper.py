"""What a scraper does, and what it makes of the answer."""

import http.client

from prometheus_client.parser import text_string_to_metric_families

from tests.house import WAIT

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def get(port: int, target: str = "/metrics", method: str = "GET", host: str = "127.0.0.1") -> tuple[int, str]:
    """Ask; the status and the body."""
    connection = http.client.HTTPConnection(host, port, timeout=WAIT)
    try:
        connection.request(method, target)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


class Scrape:
    """The samples of one scrape."""

    def __init__(self, port: int) -> None:
        status, self.text = get(port)
        assert status == 200, self.text
        self.families = {family.name: family.type for family in text_string_to_metric_families(self.text)}
        self._samples: Samples = {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(self.text)
            for sample in family.samples
        }

    def value(self, name: str, **labels: str) -> float:
        """A sample's value."""
        return self._samples[name, tuple(sorted(labels.items()))]

    def has(self, name: str) -> bool:
        """Whether there is a sample of this name."""
        return any(found == name for found, _ in self._samples)
