"""What an administrator should look at."""

from mtq.tui.attention import SILENT, concerns
from mtq.tui.columns import Tone
from mtq.tui.picture import Picture
from mtq.tui.topics import Topic
from tests.tui.script import STATUS, lock, service


def picture(**status: object) -> Picture:
    """A picture of a server about which nothing is to be said, but for this."""
    found = Picture()
    found.attach({**STATUS, "services": [service("pop3", 3)], "warnings": [], **status})
    return found


def test_nothing_is_said_while_all_is_well() -> None:
    assert concerns(picture()) == []


def test_a_service_that_has_failed_comes_first() -> None:
    failed = service("lan", 0, state="failed", error="address not available")
    [concern, _] = concerns(picture(services=[failed], warnings=["serving as root"]))
    assert concern.text == "service lan has failed: address not available"
    assert (concern.tone, concern.view, concern.key) == (Tone.BAD, "services", "lan")


def test_a_service_that_is_full_turns_clients_away() -> None:
    [concern] = concerns(picture(services=[service("till", 2, 2), service("pop3", 24, 25)]))
    assert "till is full" in concern.text


def test_a_session_that_is_silent_and_keeps_its_mailbox_is_told_of_with_its_address() -> None:
    found = picture()
    locks = [lock(1, "fred", "192.0.2.1", SILENT - 1, 50.0), lock(2, "wilma", "192.0.2.66", 612.0, 288.0)]
    found.take(Topic.LOCKS, {"locks": locks})
    [concern] = concerns(found)
    assert concern.text == "wilma's mailbox is locked from 192.0.2.66, silent for 10m12s, goes in 4m48s"
    assert (concern.view, concern.key) == ("locks", "2")


def test_the_longest_silence_comes_first() -> None:
    found = picture()
    found.take(Topic.LOCKS, {"locks": [lock(at, f"user{at}", "192.0.2.1", 20.0 + at, 5.0) for at in range(3)]})
    assert [concern.key for concern in concerns(found)] == ["2", "1", "0"]


def test_an_address_that_guesses_is_told_of() -> None:
    found = picture()
    found.take(Topic.PENALTIES, {"penalties": [{"address": "203.0.113.99", "failures": 4}]})
    [concern] = concerns(found)
    assert concern.text == "203.0.113.99 has failed to log in 4 times"
    assert (concern.view, concern.key) == ("firewall", ("penalty", "203.0.113.99"))


def test_what_the_server_warns_of_is_told() -> None:
    assert [concern.text for concern in concerns(picture(warnings=["serving as root"]))] == ["serving as root"]


def test_a_thousand_of_a_kind_do_not_hide_the_others() -> None:
    found = picture(warnings=["serving as root"])
    found.take(Topic.LOCKS, {"locks": [lock(at, "fred", "192.0.2.1", 20.0, 5.0) for at in range(1000)]})
    assert len(concerns(found)) < 100
    assert concerns(found)[-1].text == "serving as root"
