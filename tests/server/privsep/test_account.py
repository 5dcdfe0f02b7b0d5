"""Who works: another user for a while. That a worker becomes one for good is seen in real processes."""

import os
from pathlib import Path

import pytest

from mtq.errors import MtqError
from mtq.server.privsep.account import acting_as, find
from tests.server.privsep.people import SERVICE


def who() -> tuple[int, int, list[int]]:
    """Whom the system takes this process for."""
    return os.geteuid(), os.getegid(), os.getgroups()


def test_a_user_who_is_not_on_this_system_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(MtqError, match="no user no-such-user on this system; `mtq init --create-user` makes one"):
        find("no-such-user")


def test_for_a_while_root_may_do_what_the_user_may(public_folder: Path) -> None:
    before = who()
    with acting_as(SERVICE):
        assert who() == (SERVICE.uid, SERVICE.gid, list(SERVICE.groups))
        with pytest.raises(PermissionError):
            (public_folder / "new").touch()
    assert who() == before


def test_an_error_does_not_leave_root_the_user() -> None:
    before = who()
    with pytest.raises(ZeroDivisionError), acting_as(SERVICE):
        _ = 1 / 0
    assert who() == before


def test_to_act_as_oneself_changes_nothing() -> None:
    before = who()
    with acting_as(find("root")):
        assert who() == before
