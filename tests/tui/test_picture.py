"""What is known of the server: lists as they were sampled, kept true by the events that follow."""

from mtq.tui.picture import LINES, Picture
from mtq.tui.topics import Topic
from tests.tui.script import SERVICES, STATUS, lock, second, service, session


def attached() -> Picture:
    """A picture of a server that is there."""
    picture = Picture()
    picture.attach(STATUS)
    return picture


def test_at_first_no_server_is_known() -> None:
    assert not Picture().attached


def test_a_server_that_is_there_tells_its_services_with_its_status() -> None:
    picture = attached()
    assert picture.attached
    assert list(picture.services) == ["pop3", "pop3s", "till", "old", "lan"]


def test_a_server_that_has_gone_is_remembered_as_it_was() -> None:
    picture = attached()
    picture.detach("no server is running")
    assert (picture.attached, picture.trouble) == (False, "no server is running")
    assert picture.services


def test_sessions_come_and_go_by_events() -> None:
    picture = attached()
    fred = session(7, "fred", "192.0.2.7", 0.0)
    picture.take(Topic.SESSIONS, {"sessions": [session(1, None, "192.0.2.1", 0.0)]})
    assert picture.apply([{"event": "session.opened", **fred}]) == {Topic.SESSIONS}
    picture.apply([{"event": "session.login", **fred, "bytes_out": 5}])
    assert (list(picture.sessions), picture.sessions["7"]["bytes_out"]) == (["1", "7"], 5)
    picture.apply([{"event": "session.closed", **fred}, {"event": "session.closed", "id": "no such"}])
    assert list(picture.sessions) == ["1"]


def test_locks_come_and_go_by_events() -> None:
    picture = attached()
    taken = lock(7, "fred", "192.0.2.7", 0.0, 60.0)
    assert picture.apply([{"event": "lock.taken", **taken}]) == {Topic.LOCKS}
    assert picture.locks["7"]["user"] == "fred"
    picture.apply([{"event": "lock.released", **taken}])
    assert picture.locks == {}


def test_a_list_that_is_sampled_takes_the_place_of_what_was_known() -> None:
    picture = attached()
    picture.apply([{"event": "session.opened", **session(7, "fred", "192.0.2.7", 0.0)}])
    picture.take(Topic.SESSIONS, {"sessions": []})
    assert picture.sessions == {}


def test_a_service_that_fails_says_why_until_it_runs() -> None:
    picture = attached()
    picture.apply([{"event": "service.state", "service": "pop3", "state": "failed", "detail": "port taken"}])
    assert (picture.services["pop3"]["state"], picture.services["pop3"]["error"]) == ("failed", "port taken")
    picture.apply([{"event": "service.state", "service": "pop3", "state": "running", "detail": "listening"}])
    assert (picture.services["pop3"]["state"], picture.services["pop3"]["error"]) == ("running", None)


def test_an_event_of_a_service_that_is_not_known_yet_waits_for_the_list() -> None:
    picture = attached()
    assert picture.apply([{"event": "service.state", "service": "new", "state": "running"}]) == set()
    picture.take(Topic.SERVICES, {"services": [*SERVICES, service("new", 0)]})
    assert "new" in picture.services


def test_every_second_the_connections_are_told_anew() -> None:
    picture = attached()
    assert picture.apply([second(1), second(2)]) == {Topic.METRICS, Topic.SERVICES}
    assert picture.services["pop3"]["connections"] == 3
    assert picture.services["pop3"]["listen"] == ["110"]
    assert len(picture.history) == 2


def test_lines_of_the_log_follow_those_that_were_asked_for() -> None:
    picture = attached()
    picture.apply([{"event": "log", "text": "in the answer, too"}])
    picture.take(Topic.LOG, {"lines": [{"text": "one"}, {"text": "in the answer, too"}]})
    picture.apply([{"event": "log", "text": "three"}])
    assert [line["text"] for line in picture.lines] == ["one", "in the answer, too", "three"]


def test_the_log_is_kept_within_bounds() -> None:
    picture = attached()
    picture.apply({"event": "log", "text": str(number)} for number in range(LINES + 5))
    assert (len(picture.lines), picture.lines[0]["text"], picture.line_count) == (LINES, "5", LINES + 5)


def test_a_server_that_was_started_anew_has_none_of_the_old_sessions() -> None:
    picture = attached()
    picture.apply([{"event": "session.opened", **session(7, "fred", "192.0.2.7", 0.0)}])
    picture.attach({**STATUS, "pid": 4712})
    assert picture.sessions == {}


def test_the_same_server_keeps_its_sessions_until_they_are_asked_for() -> None:
    picture = attached()
    picture.apply([{"event": "session.opened", **session(7, "fred", "192.0.2.7", 0.0)}])
    picture.detach("a hiccup")
    picture.attach(STATUS)
    assert list(picture.sessions) == ["7"]


def test_a_server_without_a_proxy_is_known_to_have_none() -> None:
    picture = attached()
    picture.take(Topic.PROXIES, None)
    picture.take(Topic.FAILURES, None)
    assert picture.proxies is None
    assert picture.failures == []


def test_a_proxy_is_known_by_its_service() -> None:
    picture = attached()
    picture.take(Topic.PROXIES, {"proxies": [{"service": "pop3", "enabled": True}]})
    assert picture.proxies == {"pop3": {"service": "pop3", "enabled": True}}


def test_what_is_not_as_it_should_be_is_passed_over() -> None:
    picture = attached()
    picture.take(Topic.SESSIONS, {"sessions": "many"})
    picture.take(Topic.LOCKS, {"locks": [1, None, lock(7, "fred", "192.0.2.7", 0.0, 60.0)]})
    assert picture.apply([{"event": "metrics", "services": None, "totals": 7}, {"event": "news"}, {}])
    assert (picture.sessions, list(picture.locks)) == ({}, ["7"])
