"""Password guessing: it costs who guesses time, and nobody else anything."""

import os
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest

from mtq.users import schemes
from tests.house import WAIT, House
from tests.server.pop import Client

ELSEWHERE = "127.0.0.2"
CORES = len(os.sched_getaffinity(0))
ARGON2ID = "{ARGON2ID}$argon2id$v=19$m=64,t=1,p=2$CVZs2cadqhK8CMU3ZjIHtg$yLEu38GwfcictRfeeM1pai4nocDK3eIfw0CGNAvNmv0"
"""`secret`, at little cost."""


def guess(house: House, *passwords: bytes, source: str = ELSEWHERE) -> list[bytes]:
    """The answers to wrong passwords on one connection."""
    with Client(house.pop3, source=source) as client:
        client.line()
        answers = []
        for password in passwords:
            client.ask(b"USER fred")
            answers.append(client.ask(b"PASS " + password))
        return answers


def test_a_thousand_guesses_are_one_penalty_and_disturb_nobody(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.user("wilma", "wilma's own")
    with house.config.users.file.open("a") as users:
        users.write(f"fred:{ARGON2ID}\n")
    with house.serving() as running:
        for number in range(200):
            assert len(guess(house, *(b"%d" % n for n in range(number * 5, number * 5 + 5)))) == 5
            if number % 50 == 0:
                with Client(house.pop3) as client:
                    assert client.login("wilma", "wilma's own").startswith(b"+OK")
        penalties = running.penalties()
        assert [(p.address, p.failures) for p in penalties] == [(ELSEWHERE, 1000)]
        with Client(house.pop3, source=ELSEWHERE) as client:
            assert client.login("fred", "secret").startswith(b"+OK"), "no account is ever locked"


def test_the_fifth_failure_on_a_connection_ends_it(house: House) -> None:
    with house.serving(), Client(house.pop3) as client:
        client.line()
        client.send(b"USER fred\r\nPASS wrong\r\n" * 6)
        assert client.rest().count(b"[AUTH]") == 5


def test_a_device_with_an_old_password_is_one_failure(house: House) -> None:
    with house.serving() as running:
        for _ in range(10):
            guess(house, b"old")
        assert [penalty.failures for penalty in running.penalties()] == [1]


def test_apop_guesses_count_each(tmp_path: Path) -> None:
    house = House(tmp_path, settings='mechanisms = ["apop", "plain"]')
    house.user("fred", "secret")
    with house.serving() as running:
        for _ in range(3):
            with Client(house.pop3) as client:
                client.line()
                assert client.ask(b"APOP fred " + b"0" * 32).startswith(b"-ERR [AUTH]")
        assert [penalty.failures for penalty in running.penalties()] == [3]


def test_what_is_not_the_clients_fault_is_no_failure(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.config.users.file.mkdir()
    with house.serving() as running:
        assert guess(house, b"secret") == [b"-ERR [SYS/TEMP] users cannot be looked up at the moment"]
        assert running.penalties() == []


def test_who_is_gone_before_the_answer_leaves_nothing_behind(tmp_path: Path) -> None:
    house = House(tmp_path, failure_delay=30)
    house.user("fred", "secret")
    with house.serving() as running:
        for _ in range(5):
            with Client(house.pop3) as client:
                client.line()
                client.ask(b"USER fred")
                client.send(b"PASS wrong\r\n")
                running.wait_until(lambda: running.failures() == running.opened())
                client.reset()
        assert len(running.closed(5)) == 5


def test_a_server_that_stops_does_not_wait_for_the_moment_of_a_failure(tmp_path: Path) -> None:
    house = House(tmp_path, failure_delay=30, server="shutdown_grace = 0")
    house.user("fred", "secret")
    with house.serving() as running, Client(house.pop3) as client:
        client.line()
        client.ask(b"USER fred")
        client.send(b"PASS wrong\r\n")
        running.wait_until(lambda: running.failures() == 1)
        running.stop()
        assert b"[AUTH]" not in client.rest()


def test_who_guesses_and_hangs_up_leaves_no_work_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Places are free when a client is gone; what waits for a core has to be, too."""
    checks: list[bytes] = []
    begun, gate = threading.Semaphore(0), threading.Event()

    class Gate:
        costly = True

        def make(self, password: bytes) -> str:
            return password.decode()

        def check(self, secret: str, password: bytes) -> bool:
            checks.append(password)
            begun.release()
            gate.wait()
            return secret.encode() == password

    monkeypatch.setitem(schemes.SCHEMES, "GATE", Gate())
    house = House(tmp_path)
    house.config.users.file.write_text("fred:{GATE}secret\n")
    house.deliver("fred", b"one\n")
    with house.serving() as running, ExitStack() as held:
        held.callback(gate.set)      # no thread outlives its test
        crowd = [Client(house.pop3, source=ELSEWHERE) for _ in range(CORES + 10)]
        for number, client in enumerate(crowd):
            client.line()
            client.ask(b"USER fred")
            client.send(b"PASS guess %d\r\n" % number)
        for _ in range(CORES):
            assert begun.acquire(timeout=WAIT)
        for client in crowd:
            client.reset()
        running.closed(len(crowd))
        gate.set()
        with Client(house.pop3) as client:
            assert client.login().startswith(b"+OK 1 ")
        assert len(checks) == CORES + 1
