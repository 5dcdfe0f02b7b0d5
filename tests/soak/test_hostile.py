"""A short soak with all hostile clients at once. `make soak-hostile` runs it for minutes."""

from pathlib import Path

from tests.soak.enemies import ENEMIES
from tests.soak.hostile import soak


def test_fetchmail_polls_on_whatever_is_done_to_the_server(tmp_path: Path) -> None:
    account = soak(tmp_path, 2)
    assert account.faults == []
    assert account.delivered
    assert account.rounds.keys() == {enemy.__name__ for enemy in ENEMIES}
