"""As many clients as the configuration lets in, on a system that allows few open files until a process asks."""

from contextlib import ExitStack
from pathlib import Path

from tests.house import House
from tests.server.pop import Client


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
