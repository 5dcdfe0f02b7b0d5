"""Lists of ranges, changed entry by entry: of a service, and of the LAN."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mtq.access.entry import Entry
from mtq.config.edit import Outcome, edit
from mtq.config.range_lists import MOST, RangeList, parsed, until
from mtq.errors import MtqError, WrongUsage

PAST, FUTURE = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A configuration with one service."""
    file = tmp_path / "mtq.toml"
    file.write_text("[services.pop3]\n")
    return file


def add(file: Path, *entries: Entry, service: str | None = "pop3") -> tuple[str, Outcome]:
    """Add ranges; what is said and what comes of it."""
    said = ""

    def change(document, config):  # type: ignore[no-untyped-def]  # as `edit` calls it
        nonlocal said
        said = RangeList.of(service).add(document, config, entries)

    outcome = edit(file, change)
    return said, outcome


def remove(file: Path, *ranges: str, service: str | None = "pop3") -> tuple[str, Outcome]:
    """Remove ranges; what is said and what comes of it."""
    said = ""

    def change(document, config):  # type: ignore[no-untyped-def]  # as `edit` calls it
        nonlocal said
        said = RangeList.of(service).remove(document, config, [parsed(text) for text in ranges])

    outcome = edit(file, change)
    return said, outcome


def entries(*texts: str) -> Sequence[Entry]:
    """Entries that are nothing but their ranges."""
    return [Entry(parsed(text)) for text in texts]


def listed(outcome: Outcome) -> list[str]:
    """The ranges of the service afterwards."""
    return [entry.range.text for entry in outcome.config.services["pop3"].firewall]


def test_ranges_are_added_in_their_order(file: Path) -> None:
    said, outcome = add(file, *entries("192.0.2.0/24", "!192.0.2.66"))
    assert said == "service pop3: 192.0.2.0/24, !192.0.2.66 added"
    assert listed(outcome) == ["192.0.2.0/24", "!192.0.2.66"]


def test_a_range_that_is_there_in_another_writing_is_there(file: Path) -> None:
    add(file, *entries("192.0.2.0/24"))
    said, outcome = add(file, *entries("192.0.2.*"))
    assert said == "service pop3: 192.0.2.0/24 there already"
    assert not outcome.changed


def test_the_same_range_let_in_and_shut_out_are_two(file: Path) -> None:
    add(file, *entries("192.0.2.7"))
    assert listed(add(file, *entries("!192.0.2.7"))[1]) == ["192.0.2.7", "!192.0.2.7"]


def test_a_range_that_is_there_is_prolonged_and_keeps_its_comment(file: Path) -> None:
    add(file, Entry(parsed("192.0.2.7"), FUTURE, "till"))
    later = FUTURE + timedelta(days=1)
    _, outcome = add(file, Entry(parsed("192.0.2.7"), later))
    assert outcome.config.services["pop3"].firewall == (Entry(parsed("192.0.2.7"), later, "till"),)


def test_a_range_that_is_there_for_good_gets_no_end(file: Path) -> None:
    add(file, Entry(parsed("192.0.2.7"), None, "till"))
    _, outcome = add(file, Entry(parsed("192.0.2.7"), FUTURE))
    assert outcome.config.services["pop3"].firewall == (Entry(parsed("192.0.2.7"), None, "till"),)


def test_what_has_expired_goes_with_the_next_change(file: Path) -> None:
    add(file, Entry(parsed("192.0.2.7"), PAST))
    assert listed(add(file, *entries("192.0.2.8"))[1]) == ["192.0.2.8"]


def test_ranges_are_removed_in_whichever_writing(file: Path) -> None:
    add(file, *entries("192.0.2.0/24", "192.0.2.7"))
    said, outcome = remove(file, "192.0.2.*")
    assert said == "service pop3: 192.0.2.* removed"
    assert listed(outcome) == ["192.0.2.7"]


def test_a_range_that_is_not_there_is_not_removed(file: Path) -> None:
    said, outcome = remove(file, "192.0.2.7")
    assert said == "service pop3: 192.0.2.7 not there"
    assert not outcome.changed


def test_a_range_of_the_lan_joins_those_that_count_by_default(file: Path) -> None:
    said, outcome = add(file, *entries("10.0.0.0/8"), service=None)
    assert said == "LAN: 10.0.0.0/8 added"
    assert [entry.range.text for entry in outcome.config.server.lan] == ["127.0.0.0/8", "::1", "10.0.0.0/8"]


def test_many_ranges_are_said_by_their_number(file: Path) -> None:
    assert add(file, *entries(*(f"192.0.2.{number}" for number in range(6))))[0] == "service pop3: 6 ranges added"


def test_a_service_that_is_not_there_has_no_ranges(file: Path) -> None:
    with pytest.raises(MtqError, match="there is no service pop4; there are: pop3"):
        add(file, *entries("192.0.2.7"), service="pop4")


def test_a_list_that_is_too_long_belongs_into_a_file_of_its_own(file: Path) -> None:
    many = ", ".join(f'"10.{number >> 8 & 255}.{number & 255}.1"' for number in range(MOST))
    file.write_text(f"[services.pop3]\nfirewall = [{many}]\n")
    with pytest.raises(MtqError, match="firewall_file"):
        add(file, *entries("192.0.2.7"))


@pytest.mark.parametrize(
    ("text", "exclude", "found"),
    [(" 192.0.2.7 ", False, "192.0.2.7"), ("192.0.2.7", True, "!192.0.2.7"), ("! 192.0.2.7", True, "!192.0.2.7")],
)
def test_a_range_is_read_as_it_is_typed(text: str, exclude: bool, found: str) -> None:
    assert parsed(text, exclude).text == found


@pytest.mark.parametrize("text", ["", "!", "192.0.2.300", "10.0.0.5-99"])
def test_what_is_no_range_is_said_to_be_none_with_what_is_allowed(text: str) -> None:
    with pytest.raises(WrongUsage, match=r"is no range; allowed is an address \(192"):
        parsed(text)


def test_a_duration_ends_that_long_after_now() -> None:
    end = until("24h")
    assert end is not None
    assert timedelta(hours=23) < end - datetime.now(UTC) <= timedelta(hours=24, seconds=1)      # rounded up
    assert until(None) is None


def test_what_is_no_duration_is_said_to_be_none() -> None:
    with pytest.raises(WrongUsage, match="not a duration"):
        until("soon")
