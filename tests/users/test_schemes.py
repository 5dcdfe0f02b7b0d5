"""Password schemes: what is made is right, anything else is wrong, and a damaged store is no exception."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtq.users.passwd_file import Account
from mtq.users.schemes import DEFAULT, SCHEMES, UnknownScheme, make, of

PASSWORDS = [b"secret", b"with space ", "pässwörd".encode(), b"\xff\xfe", b"{PLAIN}x"]

CHEAP = "$argon2id$v=19$m=64,t=1,p=2$CVZs2cadqhK8CMU3ZjIHtg$yLEu38GwfcictRfeeM1pai4nocDK3eIfw0CGNAvNmv0"
"""`secret`, hashed by another program at other costs."""

STORED = {scheme: make(b"secret", scheme) for scheme in SCHEMES} | {"ARGON2ID": "{ARGON2ID}" + CHEAP}


def right(stored: str, password: bytes) -> bool:
    """Whether the password is the stored one."""
    account = Account("fred", stored)
    return of(account).check(account.secret, password)


@pytest.mark.parametrize("password", PASSWORDS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_password_that_was_stored_is_right(scheme: str, password: bytes) -> None:
    assert right(make(password, scheme), password)


@pytest.mark.parametrize("wrong", [b"", b"Secret", b"secret ", b"secre", b"secret\0", b"\xff"])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_another_password_is_wrong(scheme: str, wrong: bytes) -> None:
    assert not right(STORED[scheme], wrong)


def test_what_is_written_is_argon2id_with_one_lane_64_mib_and_three_passes() -> None:
    assert DEFAULT == "ARGON2ID"
    assert make(b"secret").startswith("{ARGON2ID}$argon2id$v=19$m=65536,t=3,p=1$")


def test_the_same_password_is_never_stored_the_same_twice() -> None:
    assert make(b"secret") != make(b"secret")


def test_a_hash_with_other_costs_is_understood() -> None:
    assert right(STORED["ARGON2ID"], b"secret")


def test_only_a_costly_check_has_to_leave_the_event_loop() -> None:
    assert [name for name, scheme in SCHEMES.items() if not scheme.costly] == ["PLAIN"]


@pytest.mark.parametrize("stored", ["x", "", "{}x", "{MD5}x", "{PLAIN", "PLAIN}x", "{ARGON2ID }x"])
def test_a_scheme_that_is_not_built_in_is_unknown(stored: str) -> None:
    with pytest.raises(UnknownScheme):
        of(Account("fred", stored))


@pytest.mark.parametrize(
    "damaged",
    [
        "",
        CHEAP[:-1],
        CHEAP[:20],
        CHEAP.replace("v=19", "v=0"),
        CHEAP.replace("argon2id", "argon2x"),
        CHEAP.replace("m=64", "m=0"),
        CHEAP.replace("$", ","),
        CHEAP + "\n",
        CHEAP + "é",
        "\udcff" + CHEAP,
    ],
)
def test_a_damaged_hash_is_wrong_and_no_exception(damaged: str) -> None:
    assert SCHEMES["ARGON2ID"].check(damaged, b"secret") is False


@given(st.text(st.characters(), max_size=60), st.binary(max_size=8))
def test_any_text_for_a_hash_is_wrong_and_no_exception(secret: str, password: bytes) -> None:
    assert SCHEMES["ARGON2ID"].check(secret, password) is False


@given(st.binary(min_size=1, max_size=12), st.binary(max_size=12))
def test_plain_is_right_for_the_same_bytes_alone(stored: bytes, password: bytes) -> None:
    assert right(make(stored, "PLAIN"), password) is (stored == password)


def test_an_empty_field_is_no_password_that_the_empty_one_would_open() -> None:
    assert not SCHEMES["PLAIN"].check("", b"")
