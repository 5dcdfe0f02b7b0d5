"""fetchmail polls and polls, and an administrator changes the server under it: no poll fails that should not."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mtq import tls
from mtq.commands.main import main
from mtq.ledger import utc_now
from tests.clients.polling import polling
from tests.clients.programs import Way
from tests.house import House, free_port


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A house with one user, and a service that nobody polls beside those that somebody does."""
    house = House(tmp_path)
    house.user("fred", "secret")
    house.file.write_text(house.file.read_text() + f'[services.other]\nlisten = "127.0.0.1:{free_port()}"\n')
    return house


def changes(house: House, mtq: Callable[..., int]) -> Iterator[int]:
    """What an administrator does on a busy day, none of which concerns who polls; the exit code of each."""
    more = f"127.0.0.1:{free_port()}"
    yield mtq("service", "add", "new", "--listen", more)
    yield mtq("service", "set", "pop3", f'listen=["127.0.0.1:{house.pop3}", "127.0.0.2:{house.pop3}"]')
    yield mtq("service", "set", "pop3s", "max_connections=50", "idle_timeout=300")
    yield mtq("firewall", "add", "192.0.2.0/24", "!198.51.100.7", "--service", "pop3", "--expires", "1h")
    yield mtq("firewall", "add", "203.0.113.0/24", "--lan")
    yield mtq("firewall", "remove", "192.0.2.0/24", "--service", "pop3")
    yield mtq("service", "restart", "other")
    yield mtq("service", "stop", "new")
    tls.make(house.config.tls.certificate, house.config.tls.key, "localhost", utc_now())
    yield mtq("reload")
    yield mtq("config", "set", "server.log_level", "debug")
    yield mtq("service", "disable", "other", "--now")
    yield mtq("service", "remove", "new")


@pytest.mark.parametrize("way", [Way.STLS, Way.TLS])
def test_no_poll_fails_and_no_message_is_lost_or_comes_twice(house: House, tmp_path: Path, way: Way) -> None:
    delivered = 0

    def mtq(*arguments: str) -> int:
        return main(["--config", str(house.file), *arguments, "--quiet"])

    with house.serving() as running, polling(house, way, tmp_path / "client") as polls:
        for delivered, code in enumerate(changes(house, mtq), 1):
            assert code == 0
            house.deliver("fred", b"From: wilma@example.com\nSubject: hello\n\n%d\n" % delivered)
            polls.await_polls()
        polls.end()
        assert len(polls.fetched()) == delivered
        assert {closed.reason for closed in running.closed()} == {"quit"}
    assert house.stored("fred") == []
