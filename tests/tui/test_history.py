"""How things went, second by second."""

from mtq.tui.history import KEPT, History


def seen(*logins: float) -> History:
    """A history in which a server's total of logins went like this."""
    history = History()
    for total in logins:
        history.enter({"logins": total}, {"pop3": int(total), "pop3s": 1})
    return history


def test_what_happened_in_a_second_is_what_the_total_grew_by() -> None:
    assert seen(10, 12, 12, 17).rates("logins", 10, 1) == [0, 2, 0, 5]


def test_what_a_server_had_counted_before_did_not_happen_just_now() -> None:
    assert seen(4000).rates("logins", 10, 1) == [0]


def test_a_server_that_was_started_anew_counts_from_nought() -> None:
    history = seen(10, 12)
    history.begin_anew()
    history.enter({"logins": 3}, {})
    history.enter({"logins": 4}, {})
    assert history.rates("logins", 10, 1) == [0, 2, 0, 1]


def test_a_total_that_shrinks_is_nothing_that_happened() -> None:
    assert seen(10, 3, 5).rates("logins", 10, 1) == [0, 0, 2]


def test_a_total_that_no_server_tells_is_nought() -> None:
    assert seen(1, 2).rates("unheard of", 10, 1) == [0, 0]


def test_the_connections_are_those_of_a_service_or_of_all() -> None:
    assert seen(3, 4).connections("pop3", 10, 1) == [3, 4]
    assert seen(3, 4).connections(None, 10, 1) == [4, 5]
    assert seen(3, 4).connections("new", 10, 1) == [0, 0]


def test_only_so_many_columns_are_given_the_newest_last() -> None:
    assert seen(0, 1, 3, 6, 10).rates("logins", 2, 1) == [3, 4]


def test_a_column_of_several_seconds_tells_their_mean_and_the_most_connections() -> None:
    history = seen(*range(0, 50, 5))
    assert history.rates("logins", 10, 5) == [3.75, 5.0, 5.0]     # seconds 1 to 4, 5 to 9, and the 10th
    assert history.connections("pop3", 10, 5) == [15, 40, 45]


def test_a_column_that_has_gone_by_stays_as_it_is() -> None:
    history = seen(*range(0, 55, 5))
    before = history.connections("pop3", 10, 5)
    history.enter({"logins": 1000}, {"pop3": 1000})
    assert history.connections("pop3", 10, 5)[:-1] == before[:-1]


def test_an_hour_is_remembered() -> None:
    history = History()
    for number in range(KEPT + 10):
        history.enter({"logins": number}, {})
    assert len(history) == KEPT
    assert len(history.rates("logins", 2 * KEPT, 1)) == KEPT
