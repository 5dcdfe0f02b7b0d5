"""A running service's access control: it stays true as time passes and names move, and holds up nobody."""

import asyncio
import random
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from mtq.access.policy import LOOK, Entry, Policy
from mtq.access.ranges import client_address, parse
from mtq.access.rules import Mode
from mtq.ledger import Ledger, utc_now
from mtq.server.firewall import FIRST_ANSWERS, Firewall
from mtq.server.names import AGAIN, Names
from tests.server.turning import NOON, Book, Clock, run, settle, turning, until

OUTSIDER = "192.0.2.7"


def at(seconds: float) -> datetime:
    """So many seconds after noon, when every test begins."""
    return NOON + timedelta(seconds=seconds)


def entry(written: str, until: datetime | None = None) -> Entry:
    return Entry(parse(written), until)


class Gate:
    """A firewall, its clock and its book of names."""

    def __init__(self, policy: Policy, clock: Callable[[], datetime] | None = None, **found: str) -> None:
        self.book = Book(**found)
        self.clock = Clock()
        self.names = Names(Ledger(), self.book)
        self.firewall = Firewall(policy, self.names, clock or self.clock, "pop3")

    def allows(self, address: str = OUTSIDER) -> bool:
        return self.firewall.decide(client_address(address)).allowed

    def keeps_out(self, address: str = OUTSIDER) -> bool:
        return not self.allows(address)

    def close(self) -> None:
        self.book.release()
        self.firewall.close()
        self.names.close()

    @property
    def in_force(self) -> list[bool]:
        return [row.in_force for row in self.firewall.rows()]


Test = Callable[[Gate], Coroutine[object, object, None]]


def guard(test: Test, *entries: Entry, clock: Callable[[], datetime] | None = None, **found: str) -> None:
    """Run a test with the firewall of these entries, before its start."""

    async def whole() -> None:
        gate = Gate(Policy(Mode.FIREWALL, entries), clock, **found)
        try:
            await test(gate)
        finally:
            gate.close()

    run(whole())


def test_before_its_start_nobody_is_let_in() -> None:
    async def test(gate: Gate) -> None:
        assert not gate.allows()

    guard(test, entry("*"))


def test_after_its_start_its_ranges_decide() -> None:
    async def test(gate: Gate) -> None:
        await gate.firewall.start()
        assert (gate.allows("192.0.2.8"), gate.allows("192.0.2.7")) == (True, False)

    guard(test, entry("192.0.2.*"), entry("!192.0.2.7"))


@pytest.mark.parametrize("mode", Mode)
def test_the_three_modes(mode: Mode) -> None:
    async def test() -> None:
        gate = Gate(Policy(mode, [entry("192.0.2.*")], lan=[entry("10.*")]))
        await gate.firewall.start()
        assert [gate.allows(address) for address in ("192.0.2.7", "10.0.0.1", "198.51.100.1")] == {
            Mode.ANY: [True, True, True],
            Mode.FIREWALL: [True, False, False],
            Mode.FIREWALL_AND_LAN: [True, True, False],
        }[mode]
        gate.close()

    run(test())


# Time


def test_a_range_ends_to_count_when_its_moment_comes() -> None:
    async def test(gate: Gate) -> None:
        await gate.firewall.start()
        assert gate.allows()
        gate.clock.set(10)
        turning().turn(10)
        await until(gate.keeps_out)
        assert gate.in_force == [False]

    guard(test, entry("192.0.2.*", at(10)))


def test_one_end_after_the_other_is_heeded() -> None:
    async def test(gate: Gate) -> None:
        await gate.firewall.start()
        for seconds in (10, 20, 30):
            assert gate.allows(f"192.0.2.{seconds}")
            gate.clock.set(seconds)
            turning().turn(10)
            await until(partial(gate.keeps_out, f"192.0.2.{seconds}"))

    guard(test, *(entry(f"192.0.2.{seconds}", at(seconds)) for seconds in (20, 10, 30)))


def test_a_timer_that_fires_too_early_is_set_again() -> None:
    async def test(gate: Gate) -> None:
        await gate.firewall.start()
        turning().turn(10)
        gate.clock.set(9.999)
        await settle()
        assert gate.allows()
        gate.clock.set(10)
        turning().turn(0.001)
        await until(gate.keeps_out)

    guard(test, entry("192.0.2.*", at(10)))


def test_a_clock_that_is_set_forward_is_noticed_within_a_minute() -> None:
    async def test(gate: Gate) -> None:
        await gate.firewall.start()
        gate.clock.set(86400)
        turning().turn(LOOK)
        await until(gate.keeps_out)

    guard(test, entry("192.0.2.*", at(3600)))


def test_a_clock_that_is_set_back_is_noticed_within_a_minute() -> None:
    async def test(gate: Gate) -> None:
        gate.clock.set(86400)
        await gate.firewall.start()
        assert not gate.allows()
        gate.clock.set(0)
        turning().turn(LOOK)
        await until(gate.allows)

    guard(test, entry("192.0.2.*", at(3600)))


def test_an_end_comes_by_the_clocks_of_this_machine() -> None:
    async def test(gate: Gate) -> None:
        await gate.firewall.start()
        await until(gate.keeps_out)

    guard(test, entry("192.0.2.*", utc_now() + timedelta(milliseconds=50)), clock=utc_now)


# Names


def test_a_start_has_the_names() -> None:
    async def test(gate: Gate) -> None:
        await gate.firewall.start(within=float("inf"))
        assert gate.allows()
        assert gate.in_force == [True]

    guard(test, entry("printer"), printer=OUTSIDER)


def test_a_start_waits_only_so_long_for_names_and_goes_on_with_what_is_known() -> None:
    async def test(gate: Gate) -> None:
        gate.book.hold("scanner")
        starting = asyncio.ensure_future(gate.firewall.start())
        await until(gate.allows)
        await settle()
        assert not starting.done()
        turning().turn(FIRST_ANSWERS)
        await starting
        assert gate.in_force == [True, False]
        gate.book.release()
        await until(gate.keeps_out)
        assert gate.in_force == [True, True]

    guard(test, entry("printer"), entry("!scanner"), printer=OUTSIDER, scanner=OUTSIDER)


def test_a_name_that_moves_is_followed() -> None:
    async def test(gate: Gate) -> None:
        await gate.firewall.start(within=float("inf"))
        gate.book.set("printer", "192.0.2.8")
        turning().turn(AGAIN)
        await until(lambda: gate.allows("192.0.2.8"))
        assert not gate.allows("192.0.2.7")

    guard(test, entry("printer"), printer="192.0.2.7")


def test_an_exclusive_name_that_is_lost_still_keeps_out() -> None:
    async def test(gate: Gate) -> None:
        await gate.firewall.start(within=float("inf"))
        gate.book.lose("scanner")
        turning().turn(AGAIN)
        await until(lambda: gate.book.asked == ["scanner"] * 2 and not gate.names.waiting)
        assert not gate.allows()
        assert gate.in_force == [True, True]

    guard(test, entry("*"), entry("!scanner"), scanner=OUTSIDER)


def test_an_exclusive_name_that_was_never_found_is_not_in_force_until_it_is() -> None:
    async def test(gate: Gate) -> None:
        await gate.firewall.start(within=float("inf"))
        assert gate.allows()
        assert gate.in_force == [True, False]
        gate.book.set("scanner", OUTSIDER)
        turning().turn(AGAIN)
        await until(gate.keeps_out)
        assert gate.in_force == [True, True]

    guard(test, entry("*"), entry("!scanner"))


def test_a_new_firewall_has_at_once_the_names_that_the_old_one_knew() -> None:
    async def test(gate: Gate) -> None:
        await gate.firewall.start(within=float("inf"))
        gate.book.hold("printer")
        new = Firewall(Policy(Mode.FIREWALL, [entry("printer")]), gate.names, gate.clock, "pop3")
        await new.start(within=float("inf"))
        gate.firewall.close()
        assert new.decide(client_address(OUTSIDER)).allowed
        new.close()

    guard(test, entry("printer"), printer=OUTSIDER)


def test_changes_that_come_while_it_compiles_are_compiled_together_afterwards() -> None:
    class Counting(ThreadPoolExecutor):
        """One thread, held up at first; counts its jobs."""

        def __init__(self) -> None:
            super().__init__(1)
            self.jobs = 0
            self.held = threading.Event()
            super().submit(self.held.wait)

        def submit(self, *job: Any, **options: Any) -> Future[Any]:     # Any: whatever is to be called
            self.jobs += 1
            return super().submit(*job, **options)

    async def test(gate: Gate) -> None:
        thread = Counting()
        asyncio.get_running_loop().set_default_executor(thread)
        starting = asyncio.ensure_future(gate.firewall.start(within=float("inf")))
        await until(lambda: thread.jobs == 1 and not gate.names.waiting)
        thread.held.set()
        await starting
        assert thread.jobs == 2
        assert gate.in_force == [True] * 4

    hosts = {f"host{number}": f"192.0.2.{number}" for number in range(4)}
    guard(test, *map(entry, hosts), clock=None, **hosts)


# The end


def test_what_is_closed_decides_as_it_last_did() -> None:
    async def test(gate: Gate) -> None:
        await gate.firewall.start(within=float("inf"))
        gate.firewall.close()
        gate.clock.set(10)
        turning().turn(AGAIN)
        await settle()
        assert gate.allows()
        assert not gate.names.waiting
        assert gate.book.asked == ["printer"]

    guard(test, entry("192.0.2.*", at(10)), entry("printer"), printer="192.0.2.8")


def test_it_may_be_closed_while_it_compiles() -> None:
    async def test(gate: Gate) -> None:
        starting = asyncio.ensure_future(gate.firewall.start())
        await asyncio.sleep(0)
        gate.firewall.close()
        await starting
        assert not gate.allows()

    guard(test, entry("192.0.2.*"))


def test_it_may_be_closed_before_its_start_and_twice() -> None:
    async def test(gate: Gate) -> None:
        gate.firewall.close()
        gate.firewall.close()

    guard(test, entry("192.0.2.*"))


# Many ranges


def test_while_a_hundred_thousand_ranges_are_compiled_the_loop_goes_on() -> None:
    async def test() -> None:
        chance = random.Random(7)
        file = [parse(f"198.{chance.getrandbits(8)}.{chance.getrandbits(8)}.{last % 256}") for last in range(100_000)]
        gate = Gate(await asyncio.to_thread(Policy, Mode.FIREWALL, (), file))
        turns = 0
        starting = asyncio.ensure_future(gate.firewall.start())
        while not starting.done():
            await asyncio.sleep(0)
            turns += 1
        assert gate.allows(file[0].text)
        assert turns > 10
        gate.close()

    run(test())
