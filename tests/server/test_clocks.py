"""The idle clock and the login clock, by plain calls: every call says what time it is."""

from mtq.server.clocks import Clocks
from mtq.server.progress import Progress


def logged_in(idle: float = 60, now: float = 0) -> Clocks:
    clocks = Clocks(idle, 10, now)
    clocks.logged_in = True
    return clocks


def test_a_client_that_sends_nothing_is_idle_after_the_idle_time() -> None:
    clocks = logged_in()
    assert clocks.over(59.9) is None
    assert clocks.over(60) == "idle"


def test_a_complete_command_starts_the_idle_time_anew() -> None:
    clocks = logged_in()
    clocks.heard(50)
    assert clocks.over(109) is None
    assert clocks.over(110) == "idle"


def test_time_in_which_the_server_owes_the_answer_does_not_count() -> None:
    clocks = logged_in()
    clocks.heard(10)
    clocks.owe(10)
    assert clocks.over(1000) is None
    clocks.wait(1000)
    assert clocks.over(1059) is None
    assert clocks.over(1060) == "idle"


def test_login_has_a_deadline_of_its_own_that_commands_do_not_move() -> None:
    clocks = Clocks(60, 10, 0)
    clocks.heard(9)
    assert clocks.over(9.9) is None
    assert clocks.over(10) == "login took too long"


def test_the_login_deadline_does_not_count_what_the_server_takes() -> None:
    clocks = Clocks(600, 10, 0)
    clocks.owe(4)
    clocks.wait(100)
    assert clocks.over(105.9) is None
    assert clocks.over(106) == "login took too long"


def test_after_login_only_the_idle_time_counts() -> None:
    clocks = Clocks(60, 10, 0)
    clocks.logged_in = True
    assert clocks.over(59) is None


def test_who_reads_on_slowly_is_not_idle() -> None:
    clocks = logged_in()
    clocks.read(30, Progress(acked=1000, outstanding=True, last_ack=0))
    clocks.read(60, Progress(acked=2000, outstanding=True, last_ack=0))
    assert clocks.over(119) is None
    assert clocks.over(120) == "idle"


def test_who_has_stopped_reading_is_idle_though_its_kernel_answers_probes() -> None:
    clocks = logged_in()
    clocks.read(15, Progress(acked=1000, outstanding=True, last_ack=0))
    clocks.read(60, Progress(acked=1000, outstanding=True, last_ack=0.1))
    assert clocks.over(75) == "idle"


def test_who_has_read_everything_was_last_active_when_it_had() -> None:
    clocks = logged_in()
    clocks.read(15, Progress(acked=1000, outstanding=False, last_ack=14.9))
    assert clocks.over(60.2) == "idle"


def test_the_next_look_is_soon_enough_to_see_a_slow_reader() -> None:
    clocks = logged_in()
    assert clocks.next_look(0) == 15
    assert clocks.next_look(59) == 1
    assert clocks.next_look(60) > 0
