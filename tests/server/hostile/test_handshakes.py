"""TLS that stalls, comes to the wrong door, or wants the server to reckon for it."""

import ssl
import subprocess
from contextlib import suppress

from mtq.tls import server_context
from tests.house import House
from tests.server.hostile import attacks
from tests.server.hostile.clients import client_hello, said
from tests.server.hostile.siege import Besieged


def test_handshakes_that_stall(besieged: Besieged) -> None:
    """Nothing at all, or some of a ClientHello."""
    hello = client_hello()
    with besieged("login_timeout = 1") as siege, siege.attack(attacks.STALLED):
        for number, sock in enumerate(siege.crowd(200, siege.house.pop3s)):
            with suppress(ConnectionError):      # its time is up
                sock.send(hello[: number % len(hello)])
        siege.other_client()
        siege.wait_until(lambda: siege.sessions() == 0)


def test_stalled_handshakes_after_stls(besieged: Besieged) -> None:
    with besieged("login_timeout = 1") as siege, siege.attack(attacks.STALLED_STLS):
        for sock in siege.crowd(200):
            with suppress(ConnectionError):
                sock.send(b"STLS\r\n")
        siege.other_client()
        siege.wait_until(lambda: siege.sessions() == 0)


def test_plain_text_on_a_tls_port(besieged: Besieged) -> None:
    with besieged() as siege, siege.attack(attacks.PLAIN_ON_TLS):
        crowd = siege.crowd(200, siege.house.pop3s)
        for sock in crowd:
            with suppress(ConnectionError):
                sock.send(b"USER fred\r\nPASS secret\r\n")
        siege.other_client()
        siege.wait_until(lambda: siege.sessions() == 0)
        assert not any(b"+OK" in said(sock) for sock in crowd)


def test_tls_on_a_plain_port(besieged: Besieged) -> None:
    hello = client_hello()
    with besieged() as siege, siege.attack(attacks.TLS_ON_PLAIN):
        for sock in siege.crowd(200):
            with suppress(ConnectionError):      # it may have heard enough
                sock.send(hello * 30)
        siege.other_client()


def test_a_name_of_its_own_in_each_handshake(besieged: Besieged) -> None:
    """CVE-2017-15130: a server that remembers each name that a client asks for."""
    with besieged() as siege, siege.attack(attacks.NAMES):
        context = ssl.create_default_context(cafile=str(siege.house.authority))
        context.check_hostname = False
        for number in range(200):
            sock = siege.connect(siege.house.pop3s)
            context.wrap_socket(sock, server_hostname=f"{'x' * 50}{number}.example.com").close()
        siege.other_client()


def test_no_name_that_a_client_asks_for_is_looked_up(house: House) -> None:
    """So ten thousand of them cost no more than one."""
    house.certify()
    shown = house.config.tls
    assert server_context(shown.certificate, shown.key, "1.2").sni_callback is None


def test_renegotiation_is_not_to_be_had(besieged: Besieged) -> None:
    with besieged() as siege, siege.attack(attacks.RENEGOTIATION):
        for _ in range(5):
            siege.came()
            assert b"no renegotiation" in openssl(siege.house.pop3s, "-tls1_2", b"R\n" * 20)
            siege.other_client()


def test_new_keys_again_and_again_in_tls_1_3(besieged: Besieged) -> None:
    with besieged() as siege, siege.attack(attacks.NEW_KEYS):
        for _ in range(5):
            siege.came()
            openssl(siege.house.pop3s, "-tls1_3", b"K\n" * 500)
            siege.other_client()


def openssl(port: int, version: str, commands: bytes) -> bytes:
    """OpenSSL's own client, which does, once it was greeted, what a line of its input says. What it complains of."""
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", version]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as client:
        assert client.stdout is not None
        assert any(line.startswith(b"+OK") for line in client.stdout)
        _, complaints = client.communicate(commands)
    return complaints
