"""As many clients as the configuration lets in, on a system that allows few open files until a process asks."""

import resource
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from mtq.config.model import Service
from mtq.server import descriptors
from tests.house import House
from tests.server.pop import Client


@pytest.fixture
def few() -> Iterator[None]:
    """A system that lets a process have 1024 open files, and 4096 if it asks."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_a_process_is_allowed_what_it_can_have(few: None) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    descriptors.allow_many()
    allowed = min(hard, descriptors.MOST)
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (allowed, hard)


def test_a_limit_that_is_too_low_for_all_clients_is_told(few: None) -> None:
    assert descriptors.shortage([Service(max_connections=231)]) is None
    said = descriptors.shortage([Service(max_connections=200), Service(max_connections=32)])
    assert said is not None
    assert said.startswith("232 connections may need 1028 open files, and this process may have 1024; ")


def test_a_service_that_does_not_start_needs_none(few: None) -> None:
    assert descriptors.shortage([Service(max_connections=999, enabled=False)]) is None


def test_the_999th_client_is_served_and_the_next_is_refused(tmp_path: Path) -> None:
    house = House(tmp_path, settings="max_connections = 999\nmax_connections_per_address = 500")
    house.user("fred", "secret")
    command = ["prlimit", "--nofile=512:8192"]
    with house.process(through=command), ExitStack() as crowd:
        clients = [
            crowd.enter_context(Client(house.pop3, source=f"127.0.0.{2 + number // 500}")) for number in range(999)
        ]
        assert all(client.line().startswith(b"+OK") for client in clients)
        assert clients[-1].ask(b"USER fred") == b"+OK"
        assert clients[-1].ask(b"PASS secret").startswith(b"+OK")
        with Client(house.pop3, source="127.0.0.4") as one_more:
            assert one_more.rest().startswith(b"-ERR [SYS/TEMP] too many connections, ")
        assert clients[-1].ask(b"QUIT").startswith(b"+OK")
        with Client(house.pop3, source="127.0.0.4") as next_one:
            assert next_one.line().startswith(b"+OK")
