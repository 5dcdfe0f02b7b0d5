"""Host names looked up: what counts as an address, and that a lookup that hangs holds up nothing else."""

import socket
import subprocess
import sys
import threading
from queue import SimpleQueue

import pytest

from mtq.access.ranges import client_address
from mtq.server.resolver import MOST, THREADS, Answer, Resolver, addresses_now, look_up, system
from tests.server.turning import Book


def answer(addresses: str) -> Answer:
    return look_up("printer", Book(printer=addresses))


@pytest.mark.parametrize(
    ("found", "addresses"),
    [
        ("192.0.2.7", ["192.0.2.7"]),
        ("192.0.2.9 192.0.2.10", ["192.0.2.9", "192.0.2.10"]),
        ("192.0.2.10 192.0.2.9 192.0.2.10", ["192.0.2.9", "192.0.2.10"]),
        ("2001:db8::7 192.0.2.7", ["192.0.2.7", "2001:db8::7"]),
        ("::ffff:192.0.2.7 192.0.2.7", ["192.0.2.7"]),
        ("fe80::7%eth0 fe80::7%eth1", ["fe80::7"]),
    ],
)
def test_the_addresses_of_a_name_are_those_that_rules_see(found: str, addresses: list[str]) -> None:
    assert answer(found) == Answer("printer", tuple(map(client_address, addresses)))


def test_a_name_that_is_not_found_has_no_addresses_and_a_reason() -> None:
    assert look_up("printer", Book()) == Answer("printer", (), "name or service not known")


def test_a_name_without_an_address_is_not_found() -> None:
    assert answer("") == Answer("printer", (), "it has no address")


@pytest.mark.parametrize(("number", "taken"), [(MOST, MOST), (MOST + 1, 0)])
def test_a_name_may_have_only_so_many_addresses(number: int, taken: int) -> None:
    found = answer(" ".join(f"2001:db8::{last:x}" for last in range(number)))
    assert len(found.addresses) == taken
    assert bool(found.failure) is not bool(taken)


def test_what_is_no_address_is_a_failure() -> None:
    assert answer("192.0.2.7 nonsense").failure


def test_the_system_knows_this_host() -> None:
    assert {socket.gethostbyname("localhost")} <= set(system("localhost"))


def test_a_name_that_the_system_does_not_know_is_a_failure() -> None:
    assert look_up("no-such-host.invalid", system).failure


# Asked once, by a command


def test_names_are_found_within_their_time() -> None:
    book = Book(printer="192.0.2.7", scanner="192.0.2.8")
    assert addresses_now({"printer", "scanner", "nobody"}, 20, book) == {
        "printer": (client_address("192.0.2.7"),),
        "scanner": (client_address("192.0.2.8"),),
    }


def test_no_names_take_no_time() -> None:
    assert addresses_now((), 20, Book()) == {}


def test_a_command_goes_on_without_a_name_that_is_not_answered_in_time() -> None:
    book = Book(printer="192.0.2.7")
    book.hold("scanner")
    assert addresses_now(["scanner"], 0, book) == {}
    book.release()


def test_a_name_that_hangs_does_not_hold_up_the_next() -> None:
    book = Book(printer="192.0.2.7")
    book.hold("scanner")
    answers: SimpleQueue[Answer] = SimpleQueue()
    resolver = Resolver(answers.put, book)
    for host in ("scanner", "printer"):
        resolver.ask(host)
    assert answers.get(timeout=20).host == "printer"
    book.release()
    assert answers.get(timeout=20).host == "scanner"
    resolver.close()


def test_so_many_are_looked_up_at_a_time_and_no_more() -> None:
    hosts = [f"host{number}" for number in range(3 * THREADS)]
    together = threading.Barrier(THREADS)
    inside: set[str] = set()
    numbers: list[int] = []

    def lookup(host: str) -> list[str]:
        inside.add(host)
        numbers.append(len(inside))
        together.wait()
        inside.discard(host)
        return []

    assert addresses_now(hosts, 20, lookup) == {}
    assert max(numbers) == THREADS


def test_a_lookup_that_never_comes_back_does_not_keep_the_process() -> None:
    program = """
import threading
from mtq.server.resolver import addresses_now
print(addresses_now(["printer"], 0.01, lambda host: threading.Event().wait()))
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=20, check=True)
    assert ended.stdout == "{}\n"
