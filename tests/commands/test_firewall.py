"""`mtq firewall`: ranges listed, added, removed and tried, with a server running and without."""

import re
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mtq.config import range_lists
from mtq.config.read import load
from tests.commands.desk import Outcome, Run, tree
from tests.house import WAIT, House, Running
from tests.server.pop import Client

LIST_KEYS = ["range", "service", "exclude", "until", "comment", "in_force"]
TEST_KEYS = ["address", "service", "allowed", "range", "reason"]

POP3 = ("--service", "pop3")

DENIED = b"-ERR access denied"

ALLOWED = (
    "allowed is an address (192.0.2.7), a network (192.0.2.0/24), a wildcard (192.168.1.*), a span "
    '(10.0.0.5-10.0.0.99) or a host name; "!" before it excludes'
)


@pytest.fixture
def running(house: House) -> Iterator[Running]:
    """The house's server."""
    with house.serving() as running:
        yield running


@pytest.fixture(params=[True, False], ids=["running", "not running"])
def whether_running(house: House, request: pytest.FixtureRequest) -> Iterator[None]:
    """The house's server runs, or it does not."""
    served: AbstractContextManager[object] = house.serving() if request.param else nullcontext()
    with served:
        yield


def listed(run: Run, *arguments: str) -> list[tuple[str, object, bool]]:
    """The ranges that are listed, the lists that they are in, and whether they are in force."""
    rows = run("firewall", "list", *arguments, "--json").data["ranges"]
    return [(row["range"], row["service"], row["in_force"]) for row in rows]


def ranges(run: Run, *arguments: str) -> list[str]:
    """The ranges of a service that are listed."""
    return [range for range, _, _ in listed(run, *(arguments or POP3))]


def configure(house: House, firewall: str, lan: str = '["127.0.0.1"]', more: str = "") -> None:
    """Write lists of ranges into the configuration by hand."""
    text = house.file.read_text().replace("[services.pop3]", f"[services.pop3]\nfirewall = {firewall}\n{more}")
    house.file.write_text(text.replace("[server]", f"[server]\nlan = {lan}"))


def in_file(house: House) -> str:
    """How the list of pop3 is written."""
    found = re.search(r"^firewall = (.*?\])$", house.file.read_text(), re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


# List


def test_ranges_are_listed_as_json(house: House, run: Run, whether_running: None) -> None:
    run("firewall", "add", "192.0.2.7", *POP3, "--comment", "the printer", "--expires", "1h")
    run("firewall", "add", "!198.51.100.*", *POP3)
    first, second, *_ = run("firewall", "list", "--json").data["ranges"]
    assert list(first) == LIST_KEYS
    until = datetime.fromisoformat(first.pop("until"))
    assert timedelta(minutes=59) < until - datetime.now(UTC) < timedelta(minutes=61)
    assert first == {
        "range": "192.0.2.7",
        "service": "pop3",
        "exclude": False,
        "comment": "the printer",
        "in_force": True,
    }
    assert second == {
        "range": "!198.51.100.*",
        "service": "pop3",
        "exclude": True,
        "until": None,
        "comment": None,
        "in_force": True,
    }


def test_a_service_the_lan_or_all_are_listed(house: House, run: Run, whether_running: None) -> None:
    run("firewall", "add", "192.0.2.7", *POP3)
    run("firewall", "add", "192.0.2.8", "--service", "pop3s")
    one, two = ("192.0.2.7", "pop3", True), ("192.0.2.8", "pop3s", True)
    lan = [("127.0.0.0/8", None, True), ("::1", None, True)]
    assert listed(run) == [one, two, *lan]
    assert listed(run, *POP3) == [one]
    assert listed(run, "--lan") == lan
    assert listed(run, "--lan", *POP3) == [one, *lan]


def test_a_table_names_the_lan(run: Run) -> None:
    head, first, _ = run("firewall", "list").out.splitlines()
    assert head.split() == [key.upper() for key in LIST_KEYS]
    assert first.split() == ["127.0.0.0/8", "LAN", "no", "yes"]


def test_no_ranges_are_an_empty_list_and_a_hint(run: Run) -> None:
    assert run("firewall", "list", *POP3, "--json").data == {"ranges": []}
    hint = "No range is listed: `mtq firewall add RANGE --service NAME`.\n"
    assert run("firewall", "list", *POP3) == Outcome(0, "", hint)


def test_ranges_of_a_file_are_listed_with_their_service(house: House, run: Run) -> None:
    (house.folder / "blocked.txt").write_text("192.0.2.7 # scans\n!192.0.2.8\n")
    configure(house, "[]", more='firewall_file = "blocked.txt"')
    assert ranges(run) == ["192.0.2.7", "!192.0.2.8"]
    with house.serving():
        assert ranges(run) == ["192.0.2.7", "!192.0.2.8"]


def test_what_has_expired_or_was_never_found_is_not_in_force(
    house: House, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def looked_up(host: str, *_: object, **__: object) -> list[object]:
        if host != "office.example.com":
            raise OSError("Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.7", 0))]

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    old = '{ range = "192.0.2.1", until = 2020-01-01T00:00:00Z }'
    configure(house, f'[{old}, "office.example.com", "!evil.example.com", "192.0.2.9"]')
    expected = [
        ("192.0.2.1", "pop3", False),
        ("office.example.com", "pop3", True),
        ("!evil.example.com", "pop3", False),
        ("192.0.2.9", "pop3", True),
    ]
    assert listed(run, *POP3) == expected
    with house.serving():
        assert listed(run, *POP3) == expected


def test_ranges_are_listed_while_the_file_is_broken(house: House, run: Run, running: Running) -> None:
    run("firewall", "add", "192.0.2.7", *POP3)
    house.file.write_text(house.file.read_text() + "\n][")
    assert ranges(run) == ["192.0.2.7"]


# Add


def test_a_range_that_is_added_counts_at_once_and_drops_nobody(house: House, run: Run, running: Running) -> None:
    with Client(house.pop3, source="127.0.0.2") as client:
        client.login()
        assert run("firewall", "add", "!127.0.0.2", *POP3).said == "service pop3: !127.0.0.2 added"
        with Client(house.pop3, source="127.0.0.2") as another:
            assert another.line() == DENIED
        assert client.ask(b"NOOP") == b"+OK"


def test_several_are_added_and_each_is_told_what_has_become_of_it(house: House, run: Run) -> None:
    run("firewall", "add", "192.0.2.1", *POP3)
    told = run("firewall", "add", "192.0.2.1", "192.0.2.2", "!192.0.2.3", *POP3).said
    assert told == "service pop3: 192.0.2.1 there already; 192.0.2.2, !192.0.2.3 added"
    assert in_file(house) == '["192.0.2.1", "192.0.2.2", "!192.0.2.3"]'


def test_of_many_the_number_is_told(run: Run) -> None:
    many = [f"192.0.2.{number}" for number in range(6)]
    assert run("firewall", "add", *many, *POP3).said == "service pop3: 6 ranges added"


def test_what_is_there_already_is_unchanged_however_it_is_written(run: Run) -> None:
    run("firewall", "add", "192.0.2.0/24", "!mail.example.com", *POP3)
    told = run("firewall", "add", "192.0.2.0-192.0.2.255", "192.0.2.*", "!MAIL.example.com.", *POP3).said
    assert told == "unchanged: service pop3: 192.0.2.0/24, !mail.example.com there already"


def test_an_exclusion_can_be_written_without_its_mark(house: House, run: Run) -> None:
    run("firewall", "add", "192.0.2.1", "!192.0.2.2", *POP3, "--exclude")
    assert in_file(house) == '["!192.0.2.1", "!192.0.2.2"]'


def test_the_first_range_of_the_lan_is_put_behind_those_that_count_by_default(house: House, run: Run) -> None:
    assert run("firewall", "add", "192.0.2.0/24", "--lan").said == "LAN: 192.0.2.0/24 added"
    assert [entry.range.text for entry in load(house.file).server.lan] == ["127.0.0.0/8", "::1", "192.0.2.0/24"]
    assert run("firewall", "add", "::1", "--lan").said == "unchanged: LAN: ::1 there already"


def test_a_range_of_the_lan_counts_at_once(house: House, run: Run, running: Running) -> None:
    run("firewall", "remove", "127.0.0.0/8", "--lan")
    with Client(house.pop3) as client:
        assert client.line() == DENIED
    run("firewall", "add", "127.0.0.1", "--lan")
    with Client(house.pop3) as client:
        assert client.login().startswith(b"+OK")


def test_every_byte_around_the_new_range_stays(house: House, run: Run) -> None:
    configure(house, '[\n  "192.0.2.1",  # the till\n  "192.0.2.2",\n]  # who else?')
    before = house.file.read_text()
    run("firewall", "add", "192.0.2.3", *POP3)
    assert house.file.read_text() == before.replace('  "192.0.2.2",\n', '  "192.0.2.2",\n  "192.0.2.3",\n')


def test_what_an_open_service_has_no_use_for_is_said(run: Run) -> None:
    run("firewall", "mode", "any", *POP3)
    told = run("firewall", "add", "!192.0.2.1", *POP3).said
    assert told.splitlines()[1] == 'service pop3 lets in everybody (access is "any"): its ranges do not count'


@pytest.mark.parametrize("text", ["192.0.2.256", "10.0.0.9-10.0.0.1", "192.0.2.0/33", "", "!", "a b", "*.1"])
def test_what_is_no_range_is_wrong_usage(house: House, run: Run, text: str) -> None:
    before = house.file.read_text()
    assert run("firewall", "add", "192.0.2.1", text, *POP3).complaint == (2, f"{text} is no range; {ALLOWED}")
    assert house.file.read_text() == before


@pytest.mark.parametrize("verb", [("add", "192.0.2.1"), ("remove", "192.0.2.1"), ("import", "/dev/null")])
def test_a_change_is_of_a_service_or_of_the_lan(run: Run, verb: tuple[str, str]) -> None:
    said = (2, "say which ranges: --service NAME or --lan")
    assert run("firewall", *verb).complaint == said
    assert run("firewall", *verb, *POP3, "--lan").complaint == said


@pytest.mark.parametrize(
    "arguments",
    [
        ("list",),
        ("add", "192.0.2.1"),
        ("remove", "192.0.2.1"),
        ("import", "/dev/null"),
        ("mode", "any"),
        ("test", "::1"),
    ],
    ids=" ".join,
)
def test_a_service_that_is_not_there_is_exit_code_1(
    run: Run, whether_running: None, arguments: tuple[str, ...]
) -> None:
    outcome = run("firewall", *arguments, "--service", "x")
    assert outcome.complaint == (1, "there is no service x; there are: pop3, pop3s")


def test_a_list_has_a_limit_past_which_a_file_is_better(
    house: House, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(range_lists, "MOST", 2)
    assert run("firewall", "add", "192.0.2.1", "192.0.2.2", "192.0.2.3", *POP3).complaint == (
        1, "service pop3 would have 3 ranges; over 2 belong into a firewall_file",
    )
    run("firewall", "add", "192.0.2.1", "192.0.2.2", *POP3)
    monkeypatch.setattr(range_lists, "MOST", 1)
    assert run("firewall", "add", "192.0.2.1", *POP3).said == "unchanged: service pop3: 192.0.2.1 there already"
    assert run("firewall", "remove", "192.0.2.1", *POP3).code == 0


def test_a_comment_that_no_file_can_hold_is_wrong_usage(run: Run) -> None:
    outcome = run("firewall", "add", "192.0.2.1", *POP3, "--comment", "\udcff")
    assert outcome.complaint == (2, "--comment: not UTF-8")


# Expires


def until(house: House, text: str) -> datetime | None:
    """When a range of pop3 expires."""
    [entry] = [entry for entry in load(house.file).services["pop3"].firewall if entry.range.text == text]
    return entry.until


@pytest.mark.parametrize(
    ("duration", "seconds"), [("90", 90), ("3s", 3), ("5m", 300), ("24h", 86400), ("7d", 604800)]
)
def test_a_range_expires_after_its_time_and_not_before(house: House, run: Run, duration: str, seconds: int) -> None:
    before = datetime.now(UTC)
    run("firewall", "add", "192.0.2.1", *POP3, "--expires", duration)
    end = until(house, "192.0.2.1")
    assert end is not None
    assert before + timedelta(seconds=seconds) <= end <= datetime.now(UTC) + timedelta(seconds=seconds + 1)


def test_it_is_told_until_when(house: House, run: Run) -> None:
    told = run("firewall", "add", "192.0.2.1", *POP3, "--expires", "1h").said
    end = until(house, "192.0.2.1")
    assert told == f"service pop3: 192.0.2.1 added until {end:%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.parametrize("duration", ["0", "0s", "-1", "1y", "1.5h", "", "soon", "36501d"])
def test_what_is_no_time_to_stand_for_is_wrong_usage(run: Run, duration: str) -> None:
    outcome = run("firewall", "add", "192.0.2.1", *POP3, f"--expires={duration}")
    assert outcome.complaint[0] == 2


def test_added_again_it_stands_for_longer_and_never_for_less(house: House, run: Run) -> None:
    add = ("firewall", "add", "192.0.2.1", *POP3)
    run(*add, "--expires", "1h", "--comment", "scans")
    first = until(house, "192.0.2.1")
    told = run(*add, "--expires", "2h").said
    second = until(house, "192.0.2.1")
    assert first is not None
    assert second is not None
    assert second > first + timedelta(minutes=59)
    assert told == f"service pop3: 192.0.2.1 there now until {second:%Y-%m-%dT%H:%M:%SZ}"
    assert run(*add, "--expires", "1m").said.startswith("unchanged: service pop3: 192.0.2.1 there already until ")
    assert run(*add).said == "service pop3: 192.0.2.1 there now for good"
    assert run(*add, "--expires", "2h").said == "unchanged: service pop3: 192.0.2.1 there already"
    assert in_file(house) == '[{ range = "192.0.2.1", comment = "scans" }]'


def test_what_is_prolonged_stays_where_it_is_with_its_comments(house: House, run: Run) -> None:
    old = '{ range = "192.0.2.1", until = 2999-01-01T00:00:00Z }'
    configure(house, f'[\n  {old}, # the till\n  "192.0.2.2", # the shop\n]')
    before = house.file.read_text()
    run("firewall", "add", "192.0.2.1", *POP3)
    assert house.file.read_text() == before.replace(old, '"192.0.2.1"')


EXPIRED = '{ range = "!192.0.2.1", until = 2020-01-01T00:00:00Z, comment = "scans" }'


def test_what_has_expired_leaves_the_file_with_the_next_change_of_any_list(house: House, run: Run) -> None:
    configure(house, f'[{EXPIRED}, "192.0.2.2"]', lan=f'["127.0.0.1", {EXPIRED}]')
    told = run("firewall", "add", "192.0.2.9", "--service", "pop3s").said
    assert told == (
        "service pop3s: 192.0.2.9 added; LAN: !192.0.2.1 had expired; service pop3: !192.0.2.1 had expired"
    )
    assert in_file(house) == '["192.0.2.2"]'
    assert [entry.range.text for entry in load(house.file).server.lan] == ["127.0.0.1"]


def test_that_something_had_expired_is_a_change_by_itself(house: House, run: Run) -> None:
    configure(house, f'[{EXPIRED}, "192.0.2.2"]')
    told = run("firewall", "add", "192.0.2.2", *POP3).said
    assert told == "service pop3: 192.0.2.2 there already; service pop3: !192.0.2.1 had expired"


def test_an_expired_range_can_be_added_again(house: House, run: Run) -> None:
    configure(house, f"[{EXPIRED}]")
    run("firewall", "add", "!192.0.2.1", *POP3, "--expires", "1h")
    end = until(house, "!192.0.2.1")
    assert end is not None
    assert end > datetime.now(UTC)


def test_a_range_ends_to_count_while_the_server_runs(house: House, run: Run, running: Running) -> None:
    run("firewall", "add", "!127.0.0.1", *POP3, "--expires", "1s")

    def greeted() -> bytes:
        with Client(house.pop3) as client:
            return client.line()

    assert greeted() == DENIED
    end = until(house, "!127.0.0.1")
    assert end is not None
    while greeted() == DENIED:
        assert datetime.now(UTC) < end + timedelta(seconds=WAIT)
    assert datetime.now(UTC) >= end


# Remove


def test_a_range_that_is_removed_counts_no_more(house: House, run: Run, running: Running) -> None:
    run("firewall", "add", "!127.0.0.1", *POP3)
    assert run("firewall", "remove", "!127.0.0.1", *POP3).said == "service pop3: !127.0.0.1 removed"
    with Client(house.pop3) as client:
        assert client.login().startswith(b"+OK")


def test_each_is_told_whether_it_was_there(run: Run) -> None:
    run("firewall", "add", "192.0.2.0/24", "192.0.2.1", *POP3)
    told = run("firewall", "remove", "192.0.2.*", "192.0.2.9", "!192.0.2.1", *POP3).said
    assert told == "service pop3: 192.0.2.* removed; 192.0.2.9, !192.0.2.1 not there"
    assert ranges(run) == ["192.0.2.1"]
    assert run("firewall", "remove", "192.0.2.9", *POP3).said == "unchanged: service pop3: 192.0.2.9 not there"


def test_a_range_of_the_default_lan_can_be_removed(house: House, run: Run) -> None:
    assert run("firewall", "remove", "::1", "--lan").said == "LAN: ::1 removed"
    assert [entry.range.text for entry in load(house.file).server.lan] == ["127.0.0.0/8"]


# Mode


def test_whom_a_service_lets_in_counts_at_once(house: House, run: Run, running: Running) -> None:
    assert run("firewall", "mode", "firewall", *POP3).said == "service pop3: access is firewall"
    with Client(house.pop3) as client:
        assert client.line() == DENIED
    assert run("firewall", "mode", "any", *POP3).code == 0
    with Client(house.pop3) as client:
        assert client.login().startswith(b"+OK")
    assert run("firewall", "mode", "any", *POP3).said == "unchanged: service pop3: access is any"


def test_the_default_mode_need_not_be_written(house: House, run: Run) -> None:
    assert run("firewall", "mode", "firewall+lan", *POP3).said.startswith("unchanged: ")


def test_there_are_three_modes(run: Run) -> None:
    assert run("firewall", "mode", "all", *POP3).complaint == (
        2, 'services.pop3.access: found "all"; allowed is one of "any", "firewall", "firewall+lan"',
    )


# Test


def test_yes_is_0_and_no_is_1_and_the_range_that_decides_is_named(
    house: House, run: Run, whether_running: None
) -> None:
    run("firewall", "add", "192.0.2.0/24", "!192.0.2.9", *POP3)
    tried = ("firewall", "test", "192.0.2.7", *POP3)
    assert run(*tried) == Outcome(0, "192.0.2.7 is let in by service pop3: covered by 192.0.2.0/24\n", "")
    tried = ("firewall", "test", "192.0.2.9", *POP3)
    assert run(*tried) == Outcome(1, "192.0.2.9 is not let in by service pop3: excluded by !192.0.2.9\n", "")


def test_the_answer_as_json(run: Run, whether_running: None) -> None:
    outcome = run("firewall", "test", "::ffff:127.0.0.1", *POP3, "--json")
    assert (outcome.code, list(outcome.data)) == (0, TEST_KEYS)
    assert outcome.data == {
        "address": "127.0.0.1",
        "service": "pop3",
        "allowed": True,
        "range": "127.0.0.0/8",
        "reason": "covered by 127.0.0.0/8, a range of the LAN",
    }
    outcome = run("firewall", "test", "2001:db8::1", *POP3, "--json")
    assert outcome.code == 1
    assert (outcome.data["allowed"], outcome.data["range"]) == (False, None)


def test_the_lan_can_be_asked_alone(run: Run, whether_running: None) -> None:
    outcome = run("firewall", "test", "127.0.0.1", "--lan")
    assert outcome == Outcome(0, "127.0.0.1 is on the LAN: covered by 127.0.0.0/8\n", "")
    outcome = run("firewall", "test", "192.0.2.7", "--lan", "--json")
    assert (outcome.code, outcome.data["service"], outcome.data["allowed"]) == (1, None, False)


def test_of_several_services_one_has_to_be_named(house: House, run: Run, whether_running: None) -> None:
    said = "say for whom: --service pop3, --service pop3s or --lan"
    assert run("firewall", "test", "127.0.0.1").complaint == (2, said)
    run("service", "remove", "pop3s")
    assert run("firewall", "test", "127.0.0.1", "--json").data["service"] == "pop3"


def test_what_is_no_address_is_wrong_usage(run: Run) -> None:
    assert run("firewall", "test", "192.0.2.0/24", *POP3).complaint == (
        2, "192.0.2.0/24 is no address; one looks like 192.0.2.7 or 2001:db8::7",
    )


def test_without_a_server_a_firewall_file_that_is_missing_is_exit_code_3(house: House, run: Run) -> None:
    configure(house, "[]", more='firewall_file = "no"')
    assert run("firewall", "test", "127.0.0.1", *POP3).complaint == (
        3, f"{house.folder}/no: no such file or directory",
    )


# Import


@pytest.fixture
def file(tmp_path: Path) -> Callable[[bytes], str]:
    """Writes a file and says its name."""

    def write(content: bytes) -> str:
        (tmp_path / "list").write_bytes(content)
        return str(tmp_path / "list")

    return write


def test_all_ranges_of_a_file_are_added_with_their_comments(
    house: House, run: Run, file: Callable[[bytes], str]
) -> None:
    name = file("\ufeff# a list\r\n192.0.2.1 # the till\r\n\r\n  !192.0.2.2\r\n192.0.2.1\r\n".encode())
    told = run("firewall", "import", name, *POP3).said
    assert told == "service pop3: 192.0.2.1, !192.0.2.2 added"
    assert ranges(run) == ["192.0.2.1", "!192.0.2.2"]
    assert run("firewall", "import", name, *POP3).said.startswith("unchanged: ")


def test_what_is_said_for_all_counts_for_all(house: House, run: Run, file: Callable[[bytes], str]) -> None:
    name = file(b"192.0.2.1 # own\n192.0.2.2\n")
    run("firewall", "import", name, *POP3, "--exclude", "--comment", "x", "--expires", "1h")
    entries = load(house.file).services["pop3"].firewall
    assert [(entry.range.text, entry.comment) for entry in entries] == [("!192.0.2.1", "x"), ("!192.0.2.2", "x")]
    assert all(entry.until for entry in entries)


def test_it_may_come_from_standard_input(run: Run) -> None:
    assert run("firewall", "import", "-", "--lan", stdin=b"192.0.2.1\n").said == "LAN: 192.0.2.1 added"


def test_every_wrong_line_is_named_and_nothing_is_changed(
    house: House, run: Run, file: Callable[[bytes], str]
) -> None:
    before = tree(house.folder)
    name = file(b"192.0.2.1\nnot a range\n# fine\n10.0.0.9-1\n")
    outcome = run("firewall", "import", name, *POP3)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.splitlines() == [
        f"mtq: {name}: line 2: not a range is no range; {ALLOWED}",
        f"mtq: {name}: line 4: 10.0.0.9-1 is no range; {ALLOWED}",
    ]
    assert tree(house.folder) == before


def test_of_a_file_that_is_no_list_not_every_line_is_named(run: Run, file: Callable[[bytes], str]) -> None:
    outcome = run("firewall", "import", file(b"<html>\n" * 5000), *POP3)
    assert len(outcome.err.splitlines()) == 21
    assert outcome.err.splitlines()[-1].endswith(": 5000 lines are wrong")


def test_a_file_that_is_no_text_is_wrong_usage(run: Run, file: Callable[[bytes], str]) -> None:
    name = file(b"192.0.2.1\n\xff\xfe\n")
    assert run("firewall", "import", name, *POP3).complaint == (2, f"{name}: line 2: not UTF-8")


def test_a_file_that_is_not_there_is_exit_code_1(run: Run, tmp_path: Path) -> None:
    name = str(tmp_path / "none")
    assert run("firewall", "import", name, *POP3).complaint == (1, f"{name}: no such file or directory")


def test_an_empty_file_changes_nothing(run: Run) -> None:
    assert run("firewall", "import", "/dev/null", *POP3).said == "unchanged: service pop3: no range was given"


# Quiet, dry


CHANGES = [
    ("add", "192.0.2.1", *POP3),
    ("add", "127.0.0.0/8", "--lan"),
    ("remove", "127.0.0.0/8", "--lan"),
    ("remove", "192.0.2.1", *POP3),
    ("mode", "any", *POP3),
    ("import", "-", *POP3),
]


@pytest.mark.parametrize("arguments", CHANGES, ids=" ".join)
def test_quiet_says_nothing(run: Run, running: Running, arguments: tuple[str, ...]) -> None:
    assert run("firewall", *arguments, "--quiet", stdin=b"192.0.2.7\n") == Outcome(0, "", "")


@pytest.mark.parametrize("arguments", CHANGES, ids=" ".join)
def test_a_dry_run_changes_nothing_and_shows_the_difference(
    house: House, run: Run, running: Running, arguments: tuple[str, ...]
) -> None:
    before = tree(house.folder), listed(run)
    outcome = run("firewall", *arguments, "--dry-run", stdin=b"192.0.2.7\n")
    assert outcome.code == 0
    assert outcome.out.startswith("--- ") or outcome.err.startswith("unchanged: ")
    assert (tree(house.folder), listed(run)) == before


def test_no_change_can_be_made_in_a_file_that_is_wrong(house: House, run: Run, running: Running) -> None:
    house.file.write_text(house.file.read_text() + "max_connections = 0\n")
    before = house.file.read_text()
    code, text = run("firewall", "add", "192.0.2.1", *POP3).complaint
    assert (code, house.file.read_text()) == (3, before)
    assert text.startswith(f"{house.file}:")
    assert ranges(run) == []
