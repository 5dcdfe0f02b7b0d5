"""Names kept resolved: looked up at once and again, lost and found again, and never in anybody's way."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from functools import partial

import pytest

from mtq.ledger import Event, Ledger, Remark
from mtq.server.names import AGAIN, Names, Use
from mtq.server.resolver import THREADS
from tests.server.turning import Book, run, settle, turning, until


class Keeper:
    """Names with their book, what is remarked about them, and how often they changed."""

    def __init__(self, **found: str) -> None:
        self.book = Book(**found)
        self.changes = 0
        self._events: list[Event] = []
        ledger = Ledger()
        ledger.listen(lambda _, event: self._events.append(event))
        self.names = Names(ledger, self.book)

    def use(self, *hosts: str) -> Use:
        return self.names.use(hosts, self._changed)

    async def found(self, *hosts: str) -> Use:
        """The use of names that have been looked up."""
        use = self.use(*hosts)
        await use.all_answered.wait()
        return use

    async def round(self) -> None:
        """Let a minute pass, and all that is asked for then be answered."""
        asked = len(self.book.asked)
        turning().turn(AGAIN)
        await until(lambda: len(self.book.asked) > asked and not self.names.waiting)

    @property
    def remarks(self) -> list[str]:
        return [event.text for event in self._events if isinstance(event, Remark)]

    def _changed(self) -> None:
        self.changes += 1


def keep(test: Callable[[Keeper], Coroutine[object, object, None]], **found: str) -> None:
    """Run a test with a keeper whose book holds these."""

    async def whole() -> None:
        keeper = Keeper(**found)
        try:
            await test(keeper)
        finally:
            keeper.book.release()
            keeper.names.close()

    run(whole())


def lookups() -> list[threading.Thread]:
    """The threads in which names are being looked up."""
    return [thread for thread in threading.enumerate() if thread.name.startswith("names-")]


def texts(use: Use) -> dict[str, list[str]]:
    return {host: [str(address) for address in found] for host, found in use.addresses.items()}


FOUND_AGAIN = "host name printer: found again, and in force"


def test_a_name_is_looked_up_at_once() -> None:
    async def test(keeper: Keeper) -> None:
        use = keeper.use("printer")
        assert use.addresses == {}
        await use.all_answered.wait()
        assert texts(use) == {"printer": ["192.0.2.7"]}
        assert keeper.changes == 1
        assert keeper.remarks == []

    keep(test, printer="192.0.2.7")


def test_a_name_is_looked_up_again_and_its_change_is_told() -> None:
    async def test(keeper: Keeper) -> None:
        use = await keeper.found("printer")
        keeper.book.set("printer", "192.0.2.8 2001:db8::8")
        await keeper.round()
        assert texts(use) == {"printer": ["192.0.2.8", "2001:db8::8"]}
        assert keeper.changes == 2

    keep(test, printer="192.0.2.7")


def test_the_same_addresses_in_another_order_are_no_change() -> None:
    async def test(keeper: Keeper) -> None:
        await keeper.found("printer")
        keeper.book.set("printer", "192.0.2.8 192.0.2.7")
        await keeper.round()
        assert keeper.changes == 1

    keep(test, printer="192.0.2.7 192.0.2.8")


def test_a_name_that_is_lost_keeps_its_addresses_and_is_remarked_once() -> None:
    async def test(keeper: Keeper) -> None:
        use = await keeper.found("printer")
        keeper.book.lose("printer")
        for _ in range(3):
            await keeper.round()
        assert texts(use) == {"printer": ["192.0.2.7"]}
        assert keeper.changes == 1
        assert keeper.remarks == [
            "host name printer: name or service not known; it counts with the addresses it had"
        ]

    keep(test, printer="192.0.2.7")


def test_a_name_that_has_never_been_found_is_remarked_once() -> None:
    async def test(keeper: Keeper) -> None:
        use = await keeper.found("printer")
        await keeper.round()
        assert use.addresses == {}
        assert keeper.changes == 0
        assert keeper.remarks == [
            "host name printer: name or service not known; ranges that name it are not in force"
        ]

    keep(test)


@pytest.mark.parametrize("before", ["", "192.0.2.7"])
def test_a_name_that_comes_back_is_remarked_once(before: str) -> None:
    async def test(keeper: Keeper) -> None:
        use = await keeper.found("printer")
        keeper.book.lose("printer")
        await keeper.round()
        keeper.book.set("printer", "192.0.2.8")
        for _ in range(2):
            await keeper.round()
        assert texts(use) == {"printer": ["192.0.2.8"]}
        assert keeper.remarks[1:] == [FOUND_AGAIN]

    keep(test, printer=before)


def test_each_failure_anew_is_remarked() -> None:
    async def test(keeper: Keeper) -> None:
        await keeper.found("printer")
        for _ in range(2):
            keeper.book.lose("printer")
            await keeper.round()
            keeper.book.set("printer", "192.0.2.7")
            await keeper.round()
        assert [remark == FOUND_AGAIN for remark in keeper.remarks] == [False, True] * 2

    keep(test, printer="192.0.2.7")


# Lookups that hang


def test_a_wait_for_names_is_bounded() -> None:
    async def test(keeper: Keeper) -> None:
        keeper.book.hold("printer")
        use = keeper.use("printer", "scanner")
        waiting = asyncio.ensure_future(use.answered(2.0))
        await until(lambda: bool(use.addresses))
        assert not waiting.done()
        turning().turn(2.0)
        await waiting
        assert texts(use) == {"scanner": ["192.0.2.8"]}

    keep(test, scanner="192.0.2.8")


def test_a_wait_ends_when_all_names_are_answered_found_or_not() -> None:
    async def test(keeper: Keeper) -> None:
        await keeper.use("printer", "nobody").answered(float("inf"))

    keep(test, printer="192.0.2.7")


def test_no_names_are_not_waited_for() -> None:
    async def test(keeper: Keeper) -> None:
        await keeper.use().answered(float("inf"))

    keep(test)


def test_a_name_whose_answer_is_out_is_not_asked_for_again_but_remarked_once() -> None:
    async def test(keeper: Keeper) -> None:
        keeper.book.hold("printer")
        use = keeper.use("printer", "scanner")
        for times in range(1, 4):
            await until(lambda: keeper.names.waiting == {"printer"})
            assert keeper.book.asked.count("scanner") == times
            turning().turn(AGAIN)
            await until(lambda: keeper.names.waiting == {"printer", "scanner"})
        assert keeper.book.asked.count("printer") == 1
        assert keeper.remarks == [
            "host name printer: the resolver does not answer; ranges that name it are not in force"
        ]
        keeper.book.release()
        await until(lambda: "printer" in use.addresses)
        assert keeper.remarks[1:] == [FOUND_AGAIN]

    keep(test, printer="192.0.2.7", scanner="192.0.2.8")


def test_when_all_lookups_hang_the_loop_and_its_other_threads_go_on() -> None:
    async def test(keeper: Keeper) -> None:
        hosts = [f"host{number}" for number in range(2 * THREADS)]
        keeper.book.hold(*hosts)
        keeper.use(*hosts)
        assert await asyncio.to_thread(lambda: "read from disk") == "read from disk"
        assert keeper.names.waiting == set(hosts)

    keep(test)


def test_an_answer_that_comes_after_the_end_harms_nothing() -> None:
    book = Book(printer="192.0.2.7")
    book.hold("printer")

    async def test() -> None:
        names = Names(Ledger(), book)
        names.use(["printer"], lambda: None)
        await until(lambda: bool(book.asked))
        names.close()

    run(test())
    looking = lookups()
    book.release()
    for thread in looking:
        thread.join()


# Several users of names


def test_a_name_that_two_use_is_looked_up_once_and_told_to_both() -> None:
    async def test(keeper: Keeper) -> None:
        one, other = keeper.use("printer"), keeper.use("printer")
        await other.all_answered.wait()
        assert keeper.book.asked == ["printer"]
        assert texts(one) == texts(other) == {"printer": ["192.0.2.7"]}
        assert keeper.changes == 2

    keep(test, printer="192.0.2.7")


def test_a_change_is_told_only_to_who_uses_the_name() -> None:
    async def test(keeper: Keeper) -> None:
        told: list[str] = []
        for host in ("printer", "scanner"):
            await keeper.names.use([host], partial(told.append, host)).all_answered.wait()
        keeper.book.set("scanner", "192.0.2.9")
        await keeper.round()
        assert told == ["printer", "scanner", "scanner"]

    keep(test, printer="192.0.2.7", scanner="192.0.2.8")


def test_a_name_that_is_known_need_not_be_waited_for() -> None:
    async def test(keeper: Keeper) -> None:
        await keeper.found("printer")
        use = keeper.use("printer")
        assert use.all_answered.is_set()
        assert texts(use) == {"printer": ["192.0.2.7"]}

    keep(test, printer="192.0.2.7")


def test_a_name_that_another_still_uses_is_kept() -> None:
    async def test(keeper: Keeper) -> None:
        old = await keeper.found("printer")
        new = keeper.use("printer")
        old.close()
        assert texts(new) == {"printer": ["192.0.2.7"]}
        await keeper.round()
        assert keeper.book.asked == ["printer"] * 2

    keep(test, printer="192.0.2.7")


def test_a_name_that_nobody_uses_is_looked_up_no_more() -> None:
    async def test(keeper: Keeper) -> None:
        (await keeper.found("printer")).close()
        await keeper.found("scanner")
        await keeper.round()
        assert keeper.book.asked == ["printer", "scanner", "scanner"]

    keep(test, printer="192.0.2.7", scanner="192.0.2.8")


def test_an_answer_about_a_name_that_nobody_uses_any_more_is_dropped() -> None:
    async def test(keeper: Keeper) -> None:
        keeper.book.hold("nobody")
        keeper.use("nobody").close()
        await until(lambda: bool(keeper.book.asked))
        keeper.names.close()
        looking = lookups()
        keeper.book.release()
        for thread in looking:
            await asyncio.to_thread(thread.join)
        await settle()
        assert keeper.remarks == []

    keep(test)


def test_what_is_closed_looks_nothing_up_any_more() -> None:
    async def test(keeper: Keeper) -> None:
        await keeper.found("printer")
        keeper.names.close()
        turning().turn(AGAIN)
        await settle()
        assert not keeper.names.waiting
        assert keeper.book.asked == ["printer"]

    keep(test, printer="192.0.2.7")
