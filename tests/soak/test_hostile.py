"""A short soak with all hostile clients at once. `make soak-hostile` runs it for minutes."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from tests.soak.enemies import ENEMIES
from tests.soak.hostile import CREEP, LONG, MEMORY, SPARE, Account, soak


def test_fetchmail_polls_on_whatever_is_done_to_the_server(tmp_path: Path) -> None:
    account = soak(tmp_path, 2)
    assert account.faults == []
    assert account.delivered
    assert account.visits
    assert account.rounds.keys() == {enemy.__name__ for enemy in ENEMIES}


WELL = Account(
    delivered={1, 2},
    fetched=Counter({1: 1, 2: 1}),
    memory_before=50.0,
    memory=[90.0] * LONG,
    descriptors_before=20,
    descriptors_after=20,
)
"""All is well."""

CREEPING = [90.0] * (LONG * 2 // 3) + [91.0 + CREEP] * (LONG // 3)


def test_all_is_well() -> None:
    assert WELL.faults == []


@pytest.mark.parametrize(
    ("account", "fault"),
    [
        (replace(WELL, fetched=Counter({1: 1})), "message 2 is lost"),
        (replace(WELL, fetched=Counter({1: 1, 2: 2})), "message 2 came 2 times"),
        (replace(WELL, complaints=["poll 3 of fred has failed"]), "poll 3 of fred has failed"),
        (replace(WELL, memory=[51.0 + MEMORY]), "memory has grown"),
        (replace(WELL, memory=CREEPING), "memory creeps"),
        (replace(WELL, descriptors_after=21 + SPARE), "20 descriptors before"),
    ],
)
def test_a_fault_is_found(account: Account, fault: str) -> None:
    [found] = account.faults
    assert found.startswith(fault)
