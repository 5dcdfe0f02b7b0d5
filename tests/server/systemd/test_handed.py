"""Sockets that were open before the server: which of them are whose, and how a service stands on them."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mtq.config.kinds import Listen
from mtq.server.systemd.handed import BadHandover, Handed, received
from tests.house import House, free_port
from tests.server.pop import Client

PID = 4711


@contextmanager
def passed(*sockets: socket.socket, names: str | None, number: str | None = None) -> Iterator[Handed]:
    """Sockets on neighbouring descriptors, and what is made of them."""
    first = 200
    for descriptor, sock in enumerate(sockets, first):
        os.dup2(sock.fileno(), descriptor)
        sock.close()
    environment = {"LISTEN_PID": str(PID), "LISTEN_FDS": number or str(len(sockets))}
    if names is not None:
        environment["LISTEN_FDNAMES"] = names
    handed = None
    try:
        handed = received(environment, PID, first)
        assert environment == {}
        yield handed
    finally:
        if handed is not None:
            handed.close()


def listening(address: str = "127.0.0.1", port: int = 0, v6only: bool = True) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, v6only)
    sock.bind((address, port))
    sock.listen()
    return sock


def of(sock: socket.socket) -> Listen:
    address, port = sock.getsockname()[:2]
    return Listen(port, address)


def test_a_service_takes_the_sockets_of_its_name() -> None:
    one, second, other = listening(), listening(), listening()
    places = [of(one), of(second)]
    with passed(one, second, other, names="pop3:pop3:pop3s") as handed:
        for place in places:
            [sock] = handed.take("pop3", place)
            with sock:
                assert of(sock) == place
        assert handed.take("pop3s", places[0]) == []


def test_they_are_not_for_programs_that_the_server_starts() -> None:
    sock = listening()
    place = of(sock)
    with passed(sock, names="pop3") as handed:
        [copy] = handed.take("pop3", place)
        with copy:
            assert not copy.get_inheritable()
        assert not os.get_inheritable(200)


def test_what_is_for_another_process_is_not_taken() -> None:
    environment = {"LISTEN_PID": "1", "LISTEN_FDS": "1", "LISTEN_FDNAMES": "pop3"}
    assert received(environment, PID).take("pop3", Listen(1)) == []


def test_the_configuration_says_where_they_listen(tmp_path: Path) -> None:
    sock = listening()
    place = of(sock)
    with passed(sock, names="pop3") as handed:
        config = handed.applied(House(tmp_path).config)
        assert config.services["pop3"].listen == (place,)
        assert config.services["pop3s"].listen != (place,)


@pytest.mark.parametrize(
    ("address", "v6only", "listen"), [("::", True, "::"), ("::", False, None), ("0.0.0.0", True, "0.0.0.0")]
)
def test_one_socket_for_both_versions_of_ip_is_every_address(address: str, v6only: bool, listen: str | None) -> None:
    port = free_port()
    with passed(listening(address, port, v6only), names="pop3") as handed:
        [sock] = handed.take("pop3", Listen(port, listen))
        sock.close()


def test_a_name_that_no_service_has_is_told_of(tmp_path: Path) -> None:
    with passed(listening(), names="mtq.socket") as handed:
        [remark] = handed.unused(House(tmp_path).config)
    assert "with the name mtq.socket, and no service has it" in remark
    assert remark.endswith("has to be one of: pop3, pop3s")


def test_sockets_without_names_are_nobodys(tmp_path: Path) -> None:
    with passed(listening(), names=None) as handed:
        assert "with the name unknown" in next(handed.unused(House(tmp_path).config))


@pytest.mark.parametrize("kind", ["datagram", "connected", "local"])
def test_what_clients_cannot_come_to_is_refused(kind: str, tmp_path: Path) -> None:
    match kind:
        case "datagram":
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        case "connected":
            sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        case _:
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            sock.bind(str(tmp_path / "sock"))
            sock.listen()
    with pytest.raises(BadHandover, match="no listening TCP socket"), passed(sock, names="pop3"):
        pass
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(200)


@pytest.mark.parametrize(("number", "names"), [("x", "a"), ("-1", "a"), ("1000", "a"), ("2", "a"), ("1", "a:b")])
def test_variables_that_make_no_sense_are_refused(number: str, names: str) -> None:
    with pytest.raises(BadHandover), passed(names=names, number=number):
        pass


# A service that stands on them


def test_a_service_serves_on_its_sockets_and_not_where_it_else_would(house: House) -> None:
    house.certify()
    sock = listening()
    place = of(sock)
    with passed(sock, names="pop3") as handed, house.serving(handed=handed) as running:
        with Client(place.port) as client:
            assert client.login().startswith(b"+OK")
        with pytest.raises(ConnectionRefusedError):
            Client(house.pop3)
        assert running.server.service("pop3").settings.listen == (place,)
        with Client(house.pop3s, authority=house.authority) as client:
            assert client.login().startswith(b"+OK")


def test_it_may_stop_and_start_and_clients_that_call_meanwhile_are_served_then(house: House) -> None:
    sock = listening()
    port = of(sock).port
    with passed(sock, names="pop3") as handed, house.serving(handed=handed) as running:
        running.do(running.server.stop_service("pop3"))
        with Client(port) as client:
            running.do(running.server.start_service("pop3"))
            assert client.login().startswith(b"+OK")


def test_a_reload_leaves_them_alone(house: House) -> None:
    sock = listening()
    port = of(sock).port
    with passed(sock, names="pop3") as handed, house.serving(handed=handed) as running:
        house.file.write_text(house.file.read_text().replace(str(house.pop3), str(free_port())))
        assert running.do(running.server.reload()).changed == []
        with Client(port) as client:
            assert client.login().startswith(b"+OK")
