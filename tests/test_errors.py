"""What a client is told of a file that cannot be read: whether to come again, or to ask for help."""

import errno
import os

import pytest

from mtq.errors import Refusal

PASSING = ["EMFILE", "ENFILE", "ENOMEM", "ENOSPC", "EDQUOT", "EIO", "ESTALE", "ETIMEDOUT"]
LASTING = ["EACCES", "EPERM", "ENOENT", "ENOTDIR", "ELOOP", "EISDIR", "EROFS", "ENAMETOOLONG"]


def refusal(name: str) -> Refusal:
    number = getattr(errno, name)
    return Refusal.unreadable("the mailbox", "/mail/Fred", OSError(number, os.strerror(number)))


@pytest.mark.parametrize("name", PASSING)
def test_what_passes_is_temporary(name: str) -> None:
    assert refusal(name).line == b"-ERR [SYS/TEMP] the mailbox cannot be read at the moment, try again later"


@pytest.mark.parametrize("name", LASTING)
def test_what_somebody_has_to_mend_is_permanent(name: str) -> None:
    assert refusal(name).line == b"-ERR [SYS/PERM] the mailbox cannot be read"


def test_the_cause_is_for_the_log_alone() -> None:
    assert refusal("EMFILE").cause == "/mail/Fred: too many open files"
    assert b"Fred" not in refusal("EMFILE").line
