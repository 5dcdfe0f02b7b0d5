"""What certificates say, and what is said of files that hold none."""

import base64
import hashlib
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates
from hypothesis import given
from hypothesis import strategies as st

from mtq import certificates, tls
from mtq.certificates import Chain, Unreadable, parse_chain, parse_key
from tests.issuer import NOW, Issued, Key, issue, rsa_key, signed_with

DAY = timedelta(days=1)

ROOT = issue("Root", authority=True, end=NOW + 3650 * DAY)
MIDDLE = issue("Middle", ROOT, authority=True, end=NOW + 365 * DAY)
LEAF = issue("mail.example.com", MIDDLE, names=["mail.example.com", "192.0.2.7"])
OTHER = issue("Other", authority=True)


def chain(*issued: Issued) -> Chain:
    return parse_chain(b"".join(each.pem for each in issued))


# One certificate


def test_a_certificate_says_who_it_is_for_who_issued_it_and_for_how_long() -> None:
    leaf = chain(LEAF).leaf
    assert (leaf.subject, leaf.issuer) == ("CN=mail.example.com", "CN=Middle")
    assert leaf.common_name == leaf.title == "mail.example.com"
    assert leaf.names == ("mail.example.com", "192.0.2.7")
    assert (leaf.not_before, leaf.not_after) == (NOW - DAY, NOW + 90 * DAY)


def test_its_fingerprint_is_written_as_openssl_writes_it() -> None:
    digest = hashlib.sha256(LEAF.certificate.public_bytes(Encoding.DER)).hexdigest().upper()
    assert chain(LEAF).leaf.fingerprint == ":".join(digest[i : i + 2] for i in range(0, 64, 2))


@pytest.mark.parametrize(("number", "serial"), [(1, "01"), (0xABC, "0ABC"), (0xABCD, "ABCD")])
def test_its_serial_is_written_as_openssl_writes_it(number: int, serial: str) -> None:
    assert chain(issue("a", serial=number)).leaf.serial == serial


def test_one_without_a_common_name_goes_by_its_first_name() -> None:
    leaf = chain(issue(None, names=["mail.example.com"])).leaf
    assert (leaf.common_name, leaf.subject, leaf.title) == (None, "", "mail.example.com")


def test_one_without_any_name_goes_by_its_serial() -> None:
    assert chain(issue(None, serial=0xABC)).leaf.title == "0ABC"


def test_names_are_as_the_certificate_holds_them() -> None:
    names = ["*.example.com", "xn--mller-kva.example", "MAIL.example.com", "2001:db8::1", "192.0.2.7"]
    assert chain(issue("a", names=names)).leaf.names == (
        "*.example.com", "xn--mller-kva.example", "mail.example.com", "2001:db8::1", "192.0.2.7",
    )  # fmt: skip


def test_what_mtq_made_is_its_own(tmp_path: Path) -> None:
    tls.make(tmp_path / "server.pem", tmp_path / "server.key", "mail.example.com", NOW)
    assert certificates.read_chain(tmp_path / "server.pem").leaf.own
    assert certificates.read_chain(tmp_path / "ca.pem").leaf.own


@pytest.mark.parametrize("organization", [None, "Example", "MTQ", "mtq inc."])
def test_what_others_made_is_not(organization: str | None) -> None:
    assert not chain(issue("mtq", organization=organization)).leaf.own


KINDS = [
    (ec.generate_private_key(ec.SECP256R1()), "EC secp256r1", None),
    (ec.generate_private_key(ec.SECP384R1()), "EC secp384r1", None),
    (ec.generate_private_key(ec.SECP192R1()), "EC secp192r1", "its key is EC secp192r1, shorter than 224 bits"),
    (rsa_key(2048), "RSA 2048", None),
    (rsa_key(1024), "RSA 1024", "its key is RSA 1024, shorter than 2048 bits"),
    (ed25519.Ed25519PrivateKey.generate(), "Ed25519", None),
    (dsa.generate_private_key(1024), "DSA 1024", "its key is DSA 1024"),
]


@pytest.mark.parametrize(("key", "kind", "weakness"), KINDS, ids=[kind for _, kind, _ in KINDS])
def test_the_kind_of_key_is_told_and_whether_it_is_weak(key: Key, kind: str, weakness: str | None) -> None:
    leaf = chain(issue("a", key=key)).leaf
    assert (leaf.key_type, leaf.weakness) == (kind, weakness)


@pytest.mark.parametrize(("key", "kind", "_"), KINDS, ids=[kind for _, kind, _ in KINDS])
def test_a_key_belongs_to_its_certificate_and_to_no_other(key: Key, kind: str, _: str | None) -> None:
    issued = issue("a", key=key)
    assert parse_key(issued.key_pem) == chain(issued).leaf.public_key
    assert parse_key(issued.key_pem) != chain(LEAF).leaf.public_key


def test_a_kind_of_key_that_is_not_known_is_named_by_its_number() -> None:
    curve = b"\x2a\x86\x48\xce\x3d\x03\x01"
    der = issue("a").certificate.public_bytes(Encoding.DER).replace(curve + b"\x07", curve + b"\x7f")
    leaf = parse_chain(_pem(der)).leaf
    assert (leaf.key_type, leaf.public_key, leaf.weakness) == ("unknown (1.2.840.10045.2.1)", b"", None)


@pytest.mark.parametrize("algorithm", ["md5", "sha1"])
def test_a_broken_signature_is_a_weakness(algorithm: str) -> None:
    leaf = signed_with(algorithm, issue("a", issue("Old", key=rsa_key(2048))))
    assert chain(leaf).leaf.weakness == f"it is signed with {algorithm.upper()}"


def test_a_roots_own_signature_is_none_because_nobody_goes_by_it() -> None:
    root = signed_with("sha1", issue("Old", key=rsa_key(2048), authority=True))
    assert chain(root).leaf.weakness is None


# A chain


@pytest.mark.parametrize(
    ("file", "path", "in_order", "ends_in_root"),
    [
        ([LEAF], [LEAF], True, False),
        ([LEAF, MIDDLE], [LEAF, MIDDLE], True, False),
        ([LEAF, MIDDLE, ROOT], [LEAF, MIDDLE, ROOT], True, True),
        ([LEAF, ROOT, MIDDLE], [LEAF, MIDDLE, ROOT], False, True),
        ([LEAF, OTHER, MIDDLE], [LEAF, MIDDLE], False, False),
        ([LEAF, MIDDLE, OTHER], [LEAF, MIDDLE], True, False),
        ([LEAF, OTHER], [LEAF], True, False),
        ([LEAF, ROOT], [LEAF], True, False),
        ([LEAF, LEAF, MIDDLE], [LEAF, MIDDLE], False, False),
        ([ROOT, MIDDLE, LEAF], [ROOT], True, True),
        ([ROOT], [ROOT], True, True),
        ([ROOT, ROOT], [ROOT, ROOT], True, True),
    ],
)
def test_a_chain_is_followed_from_the_first_certificate_upwards(
    file: list[Issued], path: list[Issued], in_order: bool, ends_in_root: bool
) -> None:
    found = chain(*file)
    assert [certificate.parsed for certificate in found.path] == [issued.certificate for issued in path]
    assert (found.in_order, found.ends_in_root) == (in_order, ends_in_root)


def test_an_issuer_of_the_same_name_with_another_key_is_not_the_issuer() -> None:
    assert len(chain(LEAF, issue("Middle", ROOT, authority=True)).path) == 1


def test_a_chain_ends_with_the_first_certificate_that_ends() -> None:
    early = issue("Middle", ROOT, key=MIDDLE.key, authority=True, end=NOW + 5 * DAY)
    assert chain(LEAF, early, ROOT).not_after == NOW + 5 * DAY


# What is wrong with it


@pytest.mark.parametrize(
    ("start", "end", "days", "said"),
    [
        (-1, 90, 14, None),
        (-1, 14, 14, None),
        (-1, 14, 15, "expires in 14 days, on "),
        (-1, 1, 14, "expires in 1 day, on "),
        (-1, 0, 14, "expires in 0 days, on "),
        (-1, 0, 0, None),
        (-9, -1, 0, "expired on "),
        (-9, -1, 14, "expired on "),
        (1, 90, 14, "is not valid before "),
        (-1, 90, 10**12, "expires in 90 days, on "),
    ],
)
def test_dates_are_told_in_time(start: int, end: int, days: int, said: str | None) -> None:
    found = list(certificates.faults(chain(issue("a", start=NOW + start * DAY, end=NOW + end * DAY)), NOW, days))
    assert len(found) == (said is not None)
    assert all(fault.startswith(said or "") for fault in found)


def test_every_certificate_of_a_chain_counts_and_is_named() -> None:
    early = issue("Middle", ROOT, key=MIDDLE.key, authority=True, end=NOW + 5 * DAY)
    [fault] = certificates.faults(chain(LEAF, early, ROOT), NOW, 14)
    assert fault == f"Middle, further up the chain: expires in 5 days, on {certificates.moment(NOW + 5 * DAY)}"


def test_a_weak_certificate_further_up_is_named() -> None:
    weak = issue("Weak", ROOT, authority=True, key=rsa_key(1024))
    found = list(certificates.weaknesses(chain(issue("a", weak), weak)))
    assert found == ["Weak, further up the chain: its key is RSA 1024, shorter than 2048 bits"]


# Names


@pytest.mark.parametrize(
    ("written", "held"),
    [
        ("mail.example.com", "mail.example.com"),
        ("MAIL.Example.COM", "mail.example.com"),
        ("mail.example.com.", "mail.example.com"),
        ("müller.example", "xn--mller-kva.example"),
        ("xn--mller-kva.example", "xn--mller-kva.example"),
        ("*.example.com", "*.example.com"),
        ("localhost", "localhost"),
        ("192.0.2.7", "192.0.2.7"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("", None),
        ("*", None),
        ("*.", None),
        ("a.*.example.com", None),
        ("my_host", None),
        ("mail server", None),
        ("fred@example.com", None),
        ("192.0.2.0/24", None),
        ("fe80::1%eth0", None),
        ("[::1]", None),
        ("mail.example.com:110", None),
        ("a" * 64, None),
        ("-a.example", None),
    ],
)
def test_a_name_is_what_a_certificate_can_hold_or_none(written: str, held: str | None) -> None:
    assert certificates.normal(written) == held


@given(st.text())
def test_a_name_that_was_made_normal_stays_as_it_is(text: str) -> None:
    held = certificates.normal(text)
    assert held is None or certificates.normal(held) == held


@pytest.mark.parametrize(
    ("names", "host", "covered"),
    [
        (["mail.example.com"], "mail.example.com", True),
        (["mail.example.com"], "Mail.Example.com.", True),
        (["mail.example.com"], "example.com", False),
        (["*.example.com"], "mail.example.com", True),
        (["*.example.com"], "a.mail.example.com", False),
        (["*.example.com"], "example.com", False),
        (["xn--mller-kva.example"], "müller.example", True),
        (["*.xn--mller-kva.example"], "mail.müller.example", True),
        (["192.0.2.7"], "192.0.2.7", True),
        (["*.0.2.7"], "192.0.2.7", False),
        (["2001:db8::1"], "2001:db8:0:0::1", True),
        (["mail.example.com"], "my_host", False),
        ([], "mail.example.com", False),
    ],
)
def test_a_certificate_covers_the_hosts_that_it_names(names: list[str], host: str, covered: bool) -> None:
    assert certificates.covers(names, host) is covered


# Files of every kind


KEY = LEAF.key_pem
OLD_KEY = LEAF.key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
PARAMETERS = b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"


@pytest.mark.parametrize(
    "file",
    [
        KEY + LEAF.pem + MIDDLE.pem,
        LEAF.pem + KEY + MIDDLE.pem,
        (LEAF.pem + MIDDLE.pem + KEY).replace(b"\n", b"\r\n"),
        b"Certificate:\n  Issuer: M\xfcller\n" + LEAF.pem + b"\n\n# and its issuer\n" + MIDDLE.pem + KEY,
        LEAF.pem.replace(b" CERT", b" X509 CERT") + MIDDLE.pem + KEY,
        LEAF.pem + MIDDLE.pem + PARAMETERS + OLD_KEY + b"-----BEGIN PRIVATE KEY-----\nanother one\n",
    ],
    ids=["key first", "key between", "CRLF", "with text", "X509", "EC parameters"],
)
def test_certificates_and_key_are_found_in_the_files_of_the_field(file: bytes) -> None:
    found = parse_chain(file)
    assert [certificate.parsed for certificate in found.certificates] == [LEAF.certificate, MIDDLE.certificate]
    assert parse_key(file) == found.leaf.public_key


DER = LEAF.certificate.public_bytes(Encoding.DER)
KEY_DER = LEAF.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
assert isinstance(LEAF.key, ec.EllipticCurvePrivateKey)
ARCHIVE = serialize_key_and_certificates(None, LEAF.key, LEAF.certificate, None, NoEncryption())


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (b"", "there is no certificate in it"),
        (b"junk", "there is no certificate in it"),
        (KEY, "there is no certificate in it"),
        (DER, "is DER or PKCS #12, and mtq reads PEM; `openssl x509 -in FILE -inform DER"),
        (ARCHIVE, "is DER or PKCS #12, and mtq reads PEM"),
        (LEAF.pem[:300], "its certificate is damaged"),
        (LEAF.pem.replace(b"M", b"A"), "its certificate is damaged"),
    ],
    ids=["empty", "junk", "key", "DER", "PKCS #12", "cut", "changed"],
)
def test_a_file_without_a_certificate_is_told_apart(tmp_path: Path, file: bytes, said: str) -> None:
    (tmp_path / "file").write_bytes(file)
    with pytest.raises(Unreadable) as caught:
        certificates.read_chain(tmp_path / "file")
    assert str(caught.value).startswith(f"{tmp_path}/file: {said}")
    assert "\n" not in str(caught.value)


LOCK = BestAvailableEncryption(b"passphrase")


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (b"", "there is no private key in it"),
        (LEAF.pem, "there is no private key in it"),
        (KEY[:100], "there is no private key in it"),
        (KEY_DER, "is DER or PKCS #12, and mtq reads PEM; `openssl pkey -in FILE -inform DER"),
        (KEY.replace(b"M", b"A"), "its private key is damaged"),
        (LEAF.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, LOCK), "the key is encrypted"),
        (LEAF.key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, LOCK), "the key is encrypted"),
    ],
    ids=["empty", "certificate", "cut", "DER", "changed", "encrypted", "encrypted as of old"],
)
def test_a_file_without_a_key_that_can_be_used_is_told_apart(tmp_path: Path, file: bytes, said: str) -> None:
    (tmp_path / "file").write_bytes(file)
    with pytest.raises(Unreadable) as caught:
        certificates.read_key(tmp_path / "file")
    assert str(caught.value).startswith(f"{tmp_path}/file: {said}")
    assert "\n" not in str(caught.value)


@given(st.integers(0, len(DER) - 1), st.integers(0, 255))
def test_a_certificate_with_one_octet_changed_is_one_or_is_unreadable(place: int, octet: int) -> None:
    changed = DER[:place] + bytes([octet]) + DER[place + 1 :]
    with suppress(Unreadable):
        found = parse_chain(_pem(changed))
        list(certificates.faults(found, NOW, 14))
        assert found.in_order in (True, False)


@given(st.binary() | st.binary().map(lambda data: b"-----BEGIN CERTIFICATE-----\n" + data + KEY))
def test_whatever_a_file_holds_it_is_read_or_unreadable(data: bytes) -> None:
    with suppress(Unreadable):
        parse_chain(data)
    with suppress(Unreadable):
        parse_key(data)


def test_a_certificate_that_bends_the_rules_and_works_is_read_without_a_murmur() -> None:
    # Serial number 0, which RFC 5280 forbids and some appliances have.
    der = issue("a", serial=1).certificate.public_bytes(Encoding.DER).replace(b"\x02\x01\x01", b"\x02\x01\x00", 1)
    assert parse_chain(_pem(der)).leaf.serial == "00"


def test_a_certificate_whose_name_is_no_text_is_unreadable() -> None:
    bits = DER.replace(b"\x0c\x10mail.example.com", b"\x03\x10\x00ail.example.com")
    assert bits != DER
    with pytest.raises(Unreadable, match="damaged"):
        parse_chain(_pem(bits))


def test_what_cannot_be_opened_is_the_systems_error(tmp_path: Path) -> None:
    for read in (certificates.read_chain, certificates.read_key):
        with pytest.raises(FileNotFoundError):
            read(tmp_path / "none")
        with pytest.raises(IsADirectoryError):
            read(tmp_path)


def _pem(der: bytes) -> bytes:
    return b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(der) + b"-----END CERTIFICATE-----\n"
