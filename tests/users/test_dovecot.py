"""Stored passwords are Dovecot's, too: each of us checks what the other has made."""

import pytest

from mtq.users import schemes
from mtq.users.passwd_file import Account
from tests.users.dovecot import doveadm

SCHEMES = pytest.mark.parametrize("scheme", sorted(schemes.SCHEMES))
LONG = "correct horse battery staple " * 3      # past the 72 octets that BLF-CRYPT looks at


@SCHEMES
@pytest.mark.parametrize("password", ["correct horse", "Grüße", LONG], ids=["short", "eight_bit", "long"])
def test_dovecot_accepts_a_password_that_mtq_stored(scheme: str, password: str) -> None:
    assert "(verified)" in doveadm("-t", schemes.make(password.encode(), scheme), "-p", password)


@SCHEMES
@pytest.mark.parametrize("password", ["correct horse", "Grüße", LONG], ids=["short", "eight_bit", "long"])
def test_mtq_accepts_a_password_that_dovecot_stored(scheme: str, password: str) -> None:
    account = Account("fred", doveadm("-s", scheme, "-p", password))
    assert schemes.of(account).check(account.secret, password.encode())
    assert not schemes.of(account).check(account.secret, b"wrong horse")


@pytest.mark.parametrize("before", ["", "{CRYPT}"])
@pytest.mark.parametrize("scheme", ["BLF-CRYPT", "SHA256-CRYPT", "SHA512-CRYPT"])
def test_a_value_of_crypt_is_known_without_its_scheme(scheme: str, before: str) -> None:
    stored = doveadm("-s", scheme, "-p", "correct horse").partition("}")[2]
    account = Account("fred", before + stored)
    assert schemes.of(account).check(account.secret, b"correct horse")


@SCHEMES
@pytest.mark.parametrize("secret", ["", "rubbish", "$6$", "$2y$05$short", "ÿ"])
def test_a_value_that_is_no_hash_opens_nothing(scheme: str, secret: str) -> None:
    assert not schemes.SCHEMES[scheme].check(secret, b"")
