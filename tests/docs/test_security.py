"""The security model's tables: bounds that tests assert, and tests that are there."""

import re
from pathlib import Path

import pytest

from tests.docs.page import DOCS, TOP
from tests.server.hostile.attacks import ATTACKS

TESTS = TOP / "tests"
EXPLOITED = (TESTS / "server/hostile/README.md").read_text()
ROWS = [row for row in EXPLOITED.splitlines() if row.startswith("| ")][1:]
NAMED = sorted({(file, test) for file, test in re.findall(r"`([\w/]+\.py)::(\w+)`", EXPLOITED)})


def test_the_figures_of_hostile_clients_are_those_that_tests_assert() -> None:
    rows = re.findall(r"^\| .* MiB \|.*$", (DOCS / "security.md").read_text(), re.MULTILINE)
    assert rows == [attack.row for attack in ATTACKS]


def test_every_attack_is_played() -> None:
    """By a constant's name: a table that nobody asserts would say nothing."""
    names = set(re.findall(r"^([A-Z_]+) = Attack\(", (TESTS / "server/hostile/attacks.py").read_text(), re.MULTILINE))
    played = {name for file in (TESTS / "server/hostile").glob("test_*.py") for name in names_in(file)}
    assert len(names) == len(ATTACKS)
    assert names - played == set()


def names_in(file: Path) -> set[str]:
    """The attacks that a file of tests speaks of."""
    return set(re.findall(r"attacks\.([A-Z_]+)", file.read_text()))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[2:30])
def test_what_was_exploited_elsewhere_has_its_test(row: str) -> None:
    assert row.count("::test_") >= 1


@pytest.mark.parametrize(("file", "test"), NAMED)
def test_a_test_that_is_named_is_there(file: str, test: str) -> None:
    assert f"\ndef {test}(" in (TESTS / file).read_text()
