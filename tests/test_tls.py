"""Certificates: what is made, when it is renewed, who trusts it, and what is said of files that are none."""

import errno
import os
import socket
import ssl
import warnings
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import NameOID

from mtq.tls import BadCertificate, expires, make, make_if_due, server_context

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a certificate for mail.example.com, made now. Tests leave it as it is."""
    folder = tmp_path_factory.mktemp("made") / "tls"
    make(folder / "server.pem", folder / "server.key", "mail.example.com", NOW)
    return folder


def due(folder: Path, now: datetime, hostname: str = "mail.example.com") -> bool:
    """Whether a certificate was made now."""
    return make_if_due(folder / "server.pem", folder / "server.key", hostname, now) is not None


def certificate(folder: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate((folder / "server.pem").read_bytes())


def common_name(folder: Path) -> str:
    [name] = certificate(folder).subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(name.value)


def alternative_names(folder: Path) -> x509.SubjectAlternativeName:
    return certificate(folder).extensions.get_extension_for_class(x509.SubjectAlternativeName).value


def client(folder: Path) -> ssl.SSLContext:
    """A client that trusts the authority beside the certificate and no other."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(folder / "ca.pem")
    return context


def server(folder: Path, min_version: str = "1.2") -> ssl.SSLContext:
    return server_context(folder / "server.pem", folder / "server.key", min_version)


def shake_hands(serving: ssl.SSLContext, asking: ssl.SSLContext, name: str) -> str | None:
    """A handshake in memory; the version of TLS that came of it."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = serving.wrap_bio(to_server, to_client, server_side=True)
    theirs = asking.wrap_bio(to_client, to_server, server_hostname=name)
    waiting = [theirs, ours]
    while waiting:
        side = waiting.pop(0)
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            waiting.append(side)
    return theirs.version()


# What is made


def test_the_certificate_has_a_common_name(made: Path) -> None:
    assert common_name(made) == "mail.example.com"


def test_the_certificate_has_every_name_of_this_machine(made: Path) -> None:
    names = alternative_names(made).get_values_for_type(x509.DNSName)
    assert {"mail.example.com", "localhost", socket.gethostname().lower()} <= set(names)


def test_the_certificate_has_the_addresses_of_this_machine(made: Path) -> None:
    addresses = alternative_names(made).get_values_for_type(x509.IPAddress)
    assert {ip_address("127.0.0.1"), ip_address("::1")} <= set(addresses)


def test_the_certificate_lives_for_397_days(made: Path) -> None:
    assert expires(made / "server.pem") == NOW + timedelta(days=397)


def test_the_certificate_holds_for_a_client_whose_clock_is_behind(made: Path) -> None:
    assert certificate(made).not_valid_before_utc < NOW - timedelta(minutes=5)


def test_keys_are_secret_and_certificates_are_not(made: Path) -> None:
    assert {file.name: file.stat().st_mode & 0o777 for file in made.iterdir()} == {
        "server.key": 0o600,
        "ca.key": 0o600,
        "server.pem": 0o644,
        "ca.pem": 0o644,
        "ca.pem.lock": 0o600,
    }
    assert made.stat().st_mode & 0o777 == 0o700


ODD_NAMES = ["my_host", "mail server", "a" * 60 + ".example.com", "192.0.2.7", "müller.example"]


@pytest.mark.parametrize("hostname", ODD_NAMES)
def test_a_machine_with_an_odd_name_has_a_certificate_too(tmp_path: Path, hostname: str) -> None:
    make(tmp_path / "server.pem", tmp_path / "server.key", hostname, NOW)
    assert common_name(tmp_path) == hostname[:64]       # all that fits
    assert shake_hands(server(tmp_path), client(tmp_path), "localhost")


# Trust


@pytest.mark.parametrize("name", ["mail.example.com", "localhost", "127.0.0.1", "::1"])
def test_a_client_that_trusts_the_authority_trusts_the_server(made: Path, name: str) -> None:
    assert shake_hands(server(made), client(made), name) == "TLSv1.3"


def test_a_client_that_trusts_the_authority_trusts_no_other_name(made: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(server(made), client(made), "www.example.com")


def test_a_client_that_does_not_know_the_authority_trusts_nothing(made: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(server(made), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), "mail.example.com")


# Renewal


def test_a_certificate_that_is_not_there_is_made_with_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "tls"
    found = make_if_due(folder / "server.pem", folder / "server.key", "mail.example.com")
    assert found is not None
    assert (found.certificate, found.authority) == (folder / "server.pem", folder / "ca.pem")


def test_a_certificate_that_is_good_for_a_while_is_left_alone(made: Path) -> None:
    before = (made / "server.pem").read_bytes()
    assert not due(made, NOW + timedelta(days=366))
    assert (made / "server.pem").read_bytes() == before


@pytest.mark.parametrize("days", [367, 396, 500])
def test_a_certificate_near_its_end_is_renewed_by_the_same_authority(tmp_path: Path, days: int) -> None:
    assert due(tmp_path, NOW - timedelta(days=days))
    trusting = client(tmp_path)
    assert due(tmp_path, NOW)
    assert expires(tmp_path / "server.pem") == NOW + timedelta(days=397)
    assert shake_hands(server(tmp_path), trusting, "mail.example.com")


@pytest.mark.parametrize("lost", ["server.pem", "server.key"])
def test_a_lost_half_is_made_anew_with_the_other(tmp_path: Path, lost: str) -> None:
    assert due(tmp_path, NOW)
    (tmp_path / lost).unlink()
    assert due(tmp_path, NOW)
    assert shake_hands(server(tmp_path), client(tmp_path), "mail.example.com")


@pytest.mark.parametrize("lost", ["ca.pem", "ca.key"])
def test_a_lost_half_of_the_authority_is_a_new_authority(tmp_path: Path, lost: str) -> None:
    assert due(tmp_path, NOW - timedelta(days=380))
    (tmp_path / lost).unlink()
    assert due(tmp_path, NOW)
    assert shake_hands(server(tmp_path), client(tmp_path), "mail.example.com")


def test_a_renewal_keeps_the_owner_of_the_files(tmp_path: Path) -> None:
    assert due(tmp_path, NOW - timedelta(days=380))
    key = tmp_path / "server.key"
    if os.geteuid() == 0:
        os.chown(key, 1234, 2345)
    before = key.stat()
    assert due(tmp_path, NOW)
    after = key.stat()
    assert (after.st_uid, after.st_gid, after.st_mode) == (before.st_uid, before.st_gid, before.st_mode)


# Versions


def old_client(folder: Path, version: ssl.TLSVersion) -> ssl.SSLContext:
    """A client that has never heard of a later version."""
    context = client(folder)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        context.minimum_version = context.maximum_version = version
    return context


@pytest.mark.parametrize(
    ("lowest", "version"),
    [
        ("1.0", ssl.TLSVersion.TLSv1),
        ("1.0", ssl.TLSVersion.TLSv1_1),
        ("1.1", ssl.TLSVersion.TLSv1_1),
        ("1.1", ssl.TLSVersion.TLSv1_3),
        ("1.2", ssl.TLSVersion.TLSv1_2),
        ("1.3", ssl.TLSVersion.TLSv1_3),
    ],
)
def test_a_client_with_the_lowest_version_or_a_later_one_is_served(
    made: Path, lowest: str, version: ssl.TLSVersion
) -> None:
    assert shake_hands(server(made, lowest), old_client(made, version), "localhost")


@pytest.mark.parametrize(
    ("lowest", "version"),
    [
        ("1.1", ssl.TLSVersion.TLSv1),
        ("1.2", ssl.TLSVersion.TLSv1_1),
        ("1.3", ssl.TLSVersion.TLSv1_2),
    ],
)
def test_a_client_with_an_earlier_version_is_not(made: Path, lowest: str, version: ssl.TLSVersion) -> None:
    with pytest.raises(ssl.SSLError):
        shake_hands(server(made, lowest), old_client(made, version), "localhost")


# Files that are none


@pytest.fixture
def files(made: Path, tmp_path: Path) -> Path:
    """A folder with a certificate and its key, and other things."""
    for name in ("server.pem", "server.key", "ca.key"):
        (tmp_path / name).write_bytes((made / name).read_bytes())
    (tmp_path / "junk").write_text("junk")
    (tmp_path / "empty").touch()
    (tmp_path / "folder").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("certificate", "key", "said"),
    [
        ("none", "server.key", "{0}/none: no such file or directory"),
        ("server.pem", "none", "{0}/none: no such file or directory"),
        ("folder", "server.key", "{0}/folder: is a directory"),
        ("server.pem", "folder", "{0}/folder: is a directory"),
        ("junk", "server.key", "{0}/junk and {0}/server.key: not a certificate and its key"),
        ("empty", "server.key", "{0}/empty and {0}/server.key: not a certificate and its key"),
        ("server.pem", "junk", "{0}/server.pem and {0}/junk: not a certificate and its key"),
        ("server.pem", "ca.key", "{0}/server.pem and {0}/ca.key: not a certificate and its key (KEY_VALUES"),
    ],
)
def test_files_that_cannot_be_served_are_named(files: Path, certificate: str, key: str, said: str) -> None:
    with pytest.raises(BadCertificate) as caught:
        server_context(files / certificate, files / key, "1.2")
    message = str(caught.value)
    assert message.startswith(said.format(files))
    assert "None" not in message


@pytest.mark.parametrize("name", ["none", "folder", "junk", "empty", "server.key"])
def test_what_is_no_certificate_has_no_end(files: Path, name: str) -> None:
    with pytest.raises(BadCertificate, match=f"/{name}: not a certificate"):
        expires(files / name)


# From whoever can read them


def test_what_is_read_by_another_is_served(made: Path) -> None:
    content = {Path("a.pem"): (made / "server.pem").read_bytes(), Path("a.key"): (made / "server.key").read_bytes()}
    serving = server_context(Path("a.pem"), Path("a.key"), "1.2", content.__getitem__)
    assert shake_hands(serving, client(made), "mail.example.com") == "TLSv1.3"


def test_what_another_cannot_read_is_named(made: Path) -> None:
    def read(file: Path) -> bytes:
        if file.suffix == ".key":
            raise OSError(errno.ELOOP, "A link that is not followed", str(file))
        return file.read_bytes()

    with pytest.raises(BadCertificate, match=r"/server\.key: a link that is not followed"):
        server_context(made / "server.pem", made / "server.key", "1.2", read)


def test_a_context_is_made_by_any_thread(made: Path) -> None:
    with ThreadPoolExecutor(1) as pool:
        assert shake_hands(pool.submit(server, made).result(), client(made), "mail.example.com")


def test_no_file_stays_open(made: Path) -> None:
    before = os.listdir("/proc/self/fd")
    server(made)
    with pytest.raises(BadCertificate):
        server_context(made / "server.pem", made / "ca.key", "1.2")
    assert os.listdir("/proc/self/fd") == before


def test_an_encrypted_key_is_refused_and_nobody_is_asked_for_its_passphrase(made: Path, tmp_path: Path) -> None:
    key = serialization.load_pem_private_key((made / "server.key").read_bytes(), None)
    locked = tmp_path / "locked.key"
    locked.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"passphrase"),
        )
    )
    with pytest.raises(BadCertificate, match=r"locked\.key"):
        server_context(made / "server.pem", locked, "1.2")


# ALPN


@pytest.mark.parametrize(
    ("offered", "selected"), [(None, None), (["pop3"], "pop3"), (["http/1.1", "pop3"], "pop3"), (["http/1.1"], None)]
)
def test_pop3_is_what_is_spoken_inside_and_no_client_is_turned_away_for_what_it_offers(
    made: Path, offered: list[str] | None, selected: str | None
) -> None:
    asking = client(made)
    if offered is not None:
        asking.set_alpn_protocols(offered)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    theirs = asking.wrap_bio(to_client, to_server, server_hostname="mail.example.com")
    waiting = [theirs, server(made).wrap_bio(to_server, to_client, server_side=True)]
    while waiting:
        side = waiting.pop(0)
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            waiting.append(side)
    assert theirs.selected_alpn_protocol() == selected
