"""Stored passwords are Dovecot's, too: each of us checks what the other has made."""

import subprocess

from mtq.users import schemes
from mtq.users.passwd_file import Account


def doveadm(*arguments: str) -> str:
    """Run `doveadm pw`."""
    done = subprocess.run(["doveadm", "pw", *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_dovecot_accepts_a_password_that_mtq_stored() -> None:
    stored = schemes.make(b"correct horse")
    assert "(verified)" in doveadm("-t", stored, "-p", "correct horse")


def test_mtq_accepts_a_password_that_dovecot_stored() -> None:
    account = Account("fred", doveadm("-s", "ARGON2ID", "-p", "correct horse"))
    scheme = schemes.of(account)
    assert scheme.check(account.secret, b"correct horse")
    assert not scheme.check(account.secret, b"wrong horse")
