"""`mtq config`: showing, checking and finding the configuration."""

import json
from datetime import UTC
from pathlib import Path

import pytest

from mtq.config.plain import plain
from mtq.config.read import load
from tests.commands.desk import Run, tree
from tests.config.written import EXAMPLE, UNUSUAL
from tests.house import House

TEXTS = pytest.mark.parametrize("text", ["", EXAMPLE, UNUSUAL], ids=["empty", "EXAMPLE", "UNUSUAL"])


@TEXTS
def test_what_is_shown_is_a_configuration_that_means_the_same(run: Run, house: House, text: str) -> None:
    house.file.write_text(text)
    outcome = run("config", "show")
    assert (outcome.code, outcome.err) == (0, "")
    again = house.folder / "again.toml"
    again.write_text(outcome.out)
    assert load(again) == load(house.file)


@TEXTS
def test_json_has_every_key_of_the_configuration(run: Run, house: House, text: str) -> None:
    house.file.write_text(text)
    outcome = run("config", "show", "--json")
    assert (outcome.code, outcome.err) == (0, "")
    shown = plain(load(house.file))
    assert outcome.data.keys() == {"server", "mailboxes", "users", "tls", "services"}
    assert outcome.data == json.loads(json.dumps(shown, default=lambda time: time.astimezone(UTC).isoformat()))


def test_times_in_json_are_iso_8601_in_utc(run: Run, house: House) -> None:
    house.file.write_text(UNUSUAL)      # half past eight in the morning, two hours ahead of UTC
    [_, entry] = run("config", "show", "--json").data["services"]["pop3"]["firewall"]
    assert entry == {"range": "10.1.*", "until": "2027-01-31T06:30:00+00:00", "comment": "guests"}


def test_a_right_configuration_is_said_to_be_right(run: Run, house: House) -> None:
    outcome = run("config", "check")
    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err.startswith(f"{house.file}: right")


def test_a_file_that_is_named_and_not_there_makes_it_wrong(run: Run, house: House) -> None:
    house.file.write_text('[services.pop3]\nfirewall_file = "blocklist.txt"\n')
    outcome = run("config", "check")
    assert (outcome.code, outcome.out) == (3, "")
    missing = house.folder / "blocklist.txt"
    assert outcome.err == f"mtq: {house.file}: services.pop3.firewall_file: {missing}: there is no such file\n"


@pytest.mark.parametrize("command", ["show", "check", "path"])
def test_looking_changes_nothing(run: Run, house: House, command: str) -> None:
    before = tree(house.folder)
    assert run("config", command).code == 0
    assert tree(house.folder) == before


def test_the_path_is_said_alone(run: Run, house: House) -> None:
    outcome = run("config", "path")
    assert (outcome.code, outcome.out, outcome.err) == (0, f"{Path(house.file)}\n", "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[services.pop3]\nfirewall_file = "ranges.txt"\n', "ranges.txt: line 2: 1.2.3 is not "),
        ('[services.pop3]\ncertificate = "ranges.txt"\nkey = "ranges.txt"\n', "services.pop3: "),
    ],
    ids=["firewall_file", "certificate"],
)
def test_a_file_that_could_not_be_used_makes_it_wrong(run: Run, house: House, text: str, said: str) -> None:
    (house.folder / "ranges.txt").write_text("10.0.0.0/8\n1.2.3\n")
    house.file.write_text(text)
    outcome = run("config", "check")
    assert (outcome.code, outcome.out) == (3, "")
    assert said in outcome.err


def test_each_problem_is_a_line_of_its_own(run: Run, house: House) -> None:
    house.file.write_text("[server]\nlog_level = 1\nlan = 2\n")
    lines = run("config", "check").err.splitlines()
    assert [line.split(": ")[:2] for line in lines] == [
        ["mtq", f"{house.file}:2"],
        ["mtq", f"{house.file}:3"],
    ]
