"""A short soak: every message is accounted for while servers are killed. `make soak` runs it for minutes."""

from pathlib import Path

from tests.soak.account import prepared, soak


def test_every_message_is_accounted_for_whoever_is_killed(tmp_path: Path) -> None:
    account, faults = soak(prepared(tmp_path), 8)
    assert faults == []
    assert account.kills > 1
    assert account.delivered
    assert account.removed
