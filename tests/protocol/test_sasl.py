"""PLAIN and LOGIN step by step, and base64 on the wire."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtq.protocol import sasl
from mtq.protocol.sasl import Apop, BadResponse, Challenge, Password


def test_plain_without_a_response_is_asked_for_one() -> None:
    assert sasl.Plain().step(None) == Challenge(b"")


@pytest.mark.parametrize("authorization", [b"", b"alice"])
def test_plain_takes_an_authorization_identity_that_is_empty_or_the_user(authorization: bytes) -> None:
    assert sasl.Plain().step(authorization + b"\0alice\0secret") == Password("alice", b"secret")


def test_plain_keeps_spaces_and_eight_bit_octets_of_a_password() -> None:
    assert sasl.Plain().step("\0ålice\0 ø \xff".encode()) == Password("ålice", " ø \xff".encode())


@pytest.mark.parametrize(
    "response",
    [
        b"",
        b"alice",
        b"alice\0secret",
        b"\0\0secret",
        b"\0alice\0sec\0ret",
        b"bob\0alice\0secret",
        b"Alice\0alice\0secret",
    ],
)
def test_plain_refuses_what_is_malformed_or_for_another_user(response: bytes) -> None:
    with pytest.raises(BadResponse):
        sasl.Plain().step(response)


def test_login_asks_for_the_name_and_then_for_the_password() -> None:
    login = sasl.Login()
    assert login.step(None) == Challenge(b"Username:")
    assert login.step(b"alice") == Challenge(b"Password:")
    assert login.step(b"secret") == Password("alice", b"secret")


def test_login_takes_the_name_as_initial_response() -> None:
    login = sasl.Login()
    assert login.step(b"alice") == Challenge(b"Password:")
    assert login.step(b"secret") == Password("alice", b"secret")


def test_login_refuses_an_empty_name() -> None:
    login = sasl.Login()
    login.step(b"")
    with pytest.raises(BadResponse):
        login.step(b"secret")


@pytest.mark.parametrize("byte", [b"\r", b"\n", b"\0"])
@pytest.mark.parametrize(("user", "secret"), [(b"al%bice", b"secret"), (b"alice", b"sec%bret")])
def test_no_name_or_password_holds_a_line_end_or_nul(user: bytes, secret: bytes, byte: bytes) -> None:
    user, secret = user.replace(b"%b", byte), secret.replace(b"%b", byte)
    with pytest.raises(BadResponse):
        sasl.Plain().step(b"\0" + user + b"\0" + secret)
    login = sasl.Login()
    login.step(user)
    with pytest.raises(BadResponse):
        login.step(secret)


def test_a_name_that_is_no_utf8_is_a_name_all_the_same() -> None:
    assert sasl.name(b"al\xffice").encode("utf-8", "surrogateescape") == b"al\xffice"


@pytest.mark.parametrize("response", [b"!", b"QUI", b"QUJD\t", b"QU JD", b"=", b"QQ==QQ==", b"\xff\xff\xff\xff"])
def test_what_is_no_base64_is_refused(response: bytes) -> None:
    with pytest.raises(BadResponse):
        sasl.decode(response)


@given(st.binary(max_size=50))
def test_any_octets_survive_base64(data: bytes) -> None:
    line = sasl.encode(data)
    assert line.startswith(b"+ ")
    assert line.endswith(b"\r\n")
    assert sasl.decode(line[2:-2]) == data


def test_a_secret_is_not_shown_in_a_log_or_traceback() -> None:
    shown = repr([Password("alice", b"secret"), Apop("alice", b"<1@x>", b"c0ffee")])
    assert "secret" not in shown
    assert "c0ffee" not in shown
