"""Clients that connect and do little else, each of these in numbers: cheap to them, and cheap to the server."""

from contextlib import suppress

from tests.server.hostile import attacks
from tests.server.hostile.clients import reset, said
from tests.server.hostile.siege import Besieged


def test_slow_loris(besieged: Besieged) -> None:
    """The login clock does not care for octets."""
    with besieged("login_timeout = 1") as siege, siege.attack(attacks.SLOW_LORIS):
        crowd = siege.crowd(200)
        for octet in b"USER":
            for sock in crowd:
                with suppress(ConnectionError):      # its time is up
                    sock.send(bytes([octet]))
            siege.other_client()
        siege.wait_until(lambda: siege.sessions() == 0)


def test_connections_by_the_thousand_that_say_nothing(besieged: Besieged) -> None:
    with besieged("max_connections_per_address = 50") as siege, siege.attack(attacks.SILENT):
        crowd = [siege.connect(source=f"127.0.1.{number % 60 + 1}") for number in range(1500)]
        assert [said(sock)[:4] for sock in crowd].count(b"+OK ") == attacks.MOST
        siege.other_client()


def test_a_flood_from_one_address(besieged: Besieged) -> None:
    with besieged("max_connections_per_address = 5") as siege, siege.attack(attacks.FLOOD):
        for _ in range(5):
            siege.crowd(200)
            siege.other_client()
        assert siege.sessions() == 5


def test_a_flood_past_max_connections_leaves_those_who_are_in(besieged: Besieged) -> None:
    with besieged() as siege:
        file = siege.house.file
        file.write_text(file.read_text().replace(f"max_connections = {attacks.MOST}", "max_connections = 25", 1))
        siege.control.call("server.reload")
        with siege.attack(attacks.FULL):
            inside = siege.crowd(25)
            for sock in inside:
                assert said(sock).startswith(b"+OK")
            for _ in range(10):
                for outside in siege.crowd(100):
                    assert said(outside).startswith(b"-ERR [SYS/TEMP]")
                siege.other_client()
            for sock in inside:
                sock.send(b"CAPA\r\n")
                assert said(sock).startswith(b"+OK")


def test_connections_that_are_reset_within_a_command_or_a_handshake(besieged: Besieged) -> None:
    with besieged() as siege, siege.attack(attacks.CHURN):
        for number in range(500):
            for port, half in ((siege.house.pop3, b"USER fr"), (siege.house.pop3s, b"\x16\x03\x01")):
                sock = siege.connect(port)
                sock.send(half if number % 2 else b"")
                reset(sock)
        siege.other_client()
