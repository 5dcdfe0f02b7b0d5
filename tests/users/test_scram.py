"""What SCRAM-SHA-256 keeps of a password: derived, written, read, and checked in the clear."""

import base64
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtq.users import scram
from mtq.users.scram import DERIVED, ITERATIONS, MOST, SALT_OCTETS, Form, ScramSha256, derive, prepared, read
from tests.protocol import scram_client

SALT = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
KEYS = derive(b"pencil", SALT, 4096)

STORED = (
    "4096,W22ZaJ0SNY7soEsUEjb6gQ==,WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,"
    "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
)
"""What is stored of the password of RFC 7677's example, `pencil`."""

COMPOSED, APART = (unicodedata.normalize(form, "Grüße").encode() for form in ("NFC", "NFD"))


def test_the_keys_of_the_rfcs_example() -> None:
    """RFC 7677, section 3: these are the keys with which its messages are right (tests/protocol/test_scram.py)."""
    assert (KEYS.stored_key, KEYS.server_key) == scram_client.keys(b"pencil", SALT, 4096)
    assert str(KEYS) == STORED
    assert read(STORED) == KEYS


@given(st.binary(max_size=20), st.binary(min_size=1, max_size=40), st.integers(4096, 4200))
def test_what_is_written_is_read_again(password: bytes, salt: bytes, iterations: int) -> None:
    keys = derive(password, salt, iterations)
    assert read(str(keys)) == keys


def test_what_is_made_has_a_salt_of_its_own_and_the_rfcs_iterations() -> None:
    first, second = (read(ScramSha256().make(b"secret")) for _ in range(2))
    assert first is not None
    assert second is not None
    assert first.salt != second.salt
    assert (len(first.salt), first.iterations) == (SALT_OCTETS, ITERATIONS) == (16, 4096)


def replaced(part: int, by: str) -> str:
    """The stored value with another part."""
    parts = STORED.split(",")
    parts[part] = by
    return ",".join(parts)


@pytest.mark.parametrize(
    "damaged",
    [
        "",
        ",,,",
        STORED[:-1],
        STORED + ",",
        STORED + "\n",
        STORED.replace(",", ":"),
        "{SCRAM-SHA-256}" + STORED,
        replaced(0, "0"),
        replaced(0, "-4096"),
        replaced(0, "4095"),
        replaced(0, "04096"),
        replaced(0, "4096.0"),
        replaced(0, "4_096"),
        replaced(0, "\uff14\uff10\uff19\uff16"),
        replaced(0, str(MOST + 1)),
        replaced(0, "2147483647"),
        replaced(0, "9" * 5000),
        replaced(1, ""),
        replaced(1, "===="),
        replaced(1, "W22"),
        replaced(1, "ÿ"),
        replaced(2, base64.b64encode(bytes(31)).decode()),
        replaced(3, base64.b64encode(bytes(33)).decode()),
        replaced(3, ""),
    ],
)
def test_a_damaged_value_is_none_opens_nothing_and_raises_nothing(damaged: str) -> None:
    assert read(damaged) is None
    assert ScramSha256().check(damaged, b"pencil") is False


@given(st.text(st.characters(), max_size=100))
def test_any_text_is_a_value_or_none(text: str) -> None:
    assert read(text) is None


@pytest.mark.parametrize("iterations", [4096, MOST])
def test_the_bounds_of_the_iterations_are_within_them(iterations: int) -> None:
    assert read(replaced(0, str(iterations))) is not None


# Passwords that are not ASCII


@pytest.mark.parametrize("made_of", [COMPOSED, APART])
@pytest.mark.parametrize("typed", [COMPOSED, APART])
def test_a_password_is_right_however_its_letters_were_composed(made_of: bytes, typed: bytes) -> None:
    assert ScramSha256().check(ScramSha256().make(made_of), typed)


def test_what_is_made_lets_in_a_client_that_prepares() -> None:
    keys = read(ScramSha256().make(APART))
    assert keys is not None
    assert derive(COMPOSED, keys.salt, keys.iterations) == keys


def test_an_entry_that_was_made_without_preparing_is_right_for_the_password_as_it_was() -> None:
    entry = str(derive(APART, SALT, 4096))
    assert ScramSha256().check(entry, APART)
    assert not ScramSha256().check(entry, COMPOSED)


@pytest.mark.parametrize("password", [b"secret", b"\xff\xfe", b"bell\x07", "\ue000".encode(), "a\u0627b".encode()])
def test_what_cannot_be_prepared_stays_as_it_is(password: bytes) -> None:
    assert prepared(password) == password


def test_a_password_is_never_prepared_into_none() -> None:
    password = "\u00ad".encode()
    assert prepared(password) == password
    assert not ScramSha256().check(ScramSha256().make(password), b"")


# What an entry is good for


@pytest.mark.parametrize(
    ("scheme", "secret", "usable", "form"),
    [
        ("SCRAM-SHA-256", STORED, KEYS, Form(16, 4096, derived=False)),
        ("SCRAM-SHA-256", replaced(0, "20000"), replace(KEYS, iterations=20000), Form(16, 20000, derived=False)),
        ("SCRAM-SHA-256", STORED[:-1], None, None),
        ("PLAIN", "pencil", b"pencil", DERIVED),
        ("PLAIN", "Gr\udcffn", b"Gr\xffn", DERIVED),
        ("PLAIN", "", None, None),
        ("ARGON2ID", "$argon2id$", None, None),
        ("", STORED, None, None),
    ],
)
def test_what_scram_can_use(scheme: str, secret: str, usable: object, form: Form | None) -> None:
    assert scram.usable(scheme, secret) == usable
    assert scram.form(scheme, secret) == form


def test_keys_are_not_shown_in_a_log_or_traceback() -> None:
    assert repr(KEYS) == f"Keys(iterations=4096, salt={SALT!r})"
