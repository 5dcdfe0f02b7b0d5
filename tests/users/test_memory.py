"""Passwords found right are known for a while, for the very password that is stored, and for nobody else."""

import pytest

from mtq.users.memory import KEPT, SECONDS, Memory
from mtq.users.passwd_file import Account

FRED = Account("fred", "{SHA512-CRYPT}$6$stored")


@pytest.fixture
def memory() -> Memory:
    """That knows one password of fred."""
    memory = Memory()
    memory.keep(FRED, b"tanstaaf", 0.0)
    return memory


def test_a_password_found_right_is_known(memory: Memory) -> None:
    assert memory.knows(FRED, b"tanstaaf", 1.0)


@pytest.mark.parametrize(
    ("account", "password"),
    [
        (FRED, b"tanstaag"),
        (FRED, b""),
        (Account("wilma", FRED.stored), b"tanstaaf"),
        (Account("fred", "{SHA512-CRYPT}$6$other"), b"tanstaaf"),
        (Account("fred", "{BLF-CRYPT}$6$stored"), b"tanstaaf"),
        (Account("fred{", "SHA512-CRYPT}$6$stored"), b"tanstaaf"),
    ],
    ids=["another", "empty", "another user's", "another stored", "another scheme", "shifted by one"],
)
def test_nothing_else_is(memory: Memory, account: Account, password: bytes) -> None:
    assert not memory.knows(account, password, 1.0)


def test_it_is_believed_for_an_hour_and_no_longer(memory: Memory) -> None:
    assert (memory.knows(FRED, b"tanstaaf", SECONDS - 1), memory.knows(FRED, b"tanstaaf", SECONDS)) == (True, False)


def test_being_asked_does_not_prolong_it(memory: Memory) -> None:
    memory.knows(FRED, b"tanstaaf", SECONDS - 1)
    assert not memory.knows(FRED, b"tanstaaf", SECONDS + 1)


def test_no_more_are_kept_than_the_bound(memory: Memory) -> None:
    for number in range(KEPT):
        memory.keep(FRED, b"%d" % number, 1.0)
    assert (len(memory), memory.knows(FRED, b"tanstaaf", 1.0)) == (KEPT, False)


def test_nothing_is_known_after_clearing(memory: Memory) -> None:
    memory.clear()
    assert not memory.knows(FRED, b"tanstaaf", 1.0)


def test_the_password_itself_is_not_kept(memory: Memory) -> None:
    assert b"tanstaaf" not in b"".join(memory._checked)


def test_two_servers_keep_different_marks_of_one_password(memory: Memory) -> None:
    other = Memory()
    other.keep(FRED, b"tanstaaf", 0.0)
    assert set(memory._checked) != set(other._checked)
