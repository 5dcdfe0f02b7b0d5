"""Accepting clients when the process runs out of descriptors, and afterwards."""

import errno
import socket
from collections.abc import Awaitable, Callable

import pytest

from mtq.ledger import Event, Ledger, Remark
from mtq.server.accept import CALM, REST, Listener
from tests.server.turning import run, settle, turning


class Scarce(socket.socket):
    """A listening socket of a process that may be short of descriptors."""

    fault: int | None = None
    """What accept(2) fails with."""

    once = False
    """Whether it does so no more than once."""

    def accept(self) -> tuple[socket.socket, object]:
        fault = self.fault
        if self.once:
            self.fault = None
        if fault is not None:
            raise OSError(fault, "this is how it is")
        return super().accept()


class Porch:
    """A listener, who came in by it, and what it has said."""

    def __init__(self) -> None:
        self.listening = Scarce(socket.AF_INET, socket.SOCK_STREAM)
        self.listening.bind(("127.0.0.1", 0))
        self.listening.listen()
        self.port: int = self.listening.getsockname()[1]
        self.said: list[str] = []
        self.came = 0
        ledger = Ledger()
        ledger.listen(lambda _, event: self._hear(event))
        self.listener = Listener("pop3", self.listening, self._take, ledger)

    def call(self) -> socket.socket:
        """Connect to it."""
        caller = socket.socket()
        caller.setblocking(False)
        caller.connect_ex(("127.0.0.1", self.port))
        return caller

    def _take(self, client: socket.socket, address: str) -> None:
        assert address == "127.0.0.1"
        client.close()
        self.came += 1

    def _hear(self, event: Event) -> None:
        assert isinstance(event, Remark)
        self.said.append(event.text)


def at_the_porch(test: Callable[[Porch], Awaitable[None]]) -> None:
    """Run a test that has a porch."""

    async def there() -> None:
        porch = Porch()
        try:
            await test(porch)
        finally:
            porch.listener.close()

    run(there())


def test_who_calls_while_there_are_no_descriptors_waits_and_is_let_in_later() -> None:
    async def test(porch: Porch) -> None:
        porch.listening.fault = errno.EMFILE
        with porch.call():
            await settle()
            assert porch.came == 0
            porch.listening.fault = None
            turning().turn(REST)
            await settle()
            assert porch.came == 1

    at_the_porch(test)


def test_a_shortage_is_told_of_once_and_so_is_its_end() -> None:
    async def test(porch: Porch) -> None:
        with porch.call(), porch.call():
            for _ in range(5):
                porch.listening.fault = errno.ENFILE
                turning().turn(REST)
                await settle()
                porch.listening.fault = None
                turning().turn(REST)
                await settle()
            turning().turn(CALM)
            await settle()
        assert porch.said == [
            "pop3: cannot accept clients: this is how it is; those that are in are served on",
            "pop3: accepts clients again",
        ]

    at_the_porch(test)


def test_a_shortage_is_over_when_nobody_calls_any_more() -> None:
    async def test(porch: Porch) -> None:
        porch.listening.fault = errno.EMFILE
        porch.call().close()
        await settle()
        porch.listening.fault = None
        for seconds in (REST, CALM):
            turning().turn(seconds)
            await settle()
        assert porch.said[1:] == ["pop3: accepts clients again"]

    at_the_porch(test)


@pytest.mark.parametrize("fault", [errno.ECONNABORTED, errno.EPROTO, errno.ENETDOWN])
def test_a_client_that_has_gone_meanwhile_does_not_stop_the_next(fault: int) -> None:
    async def test(porch: Porch) -> None:
        porch.listening.fault, porch.listening.once = fault, True
        with porch.call():
            await settle()
        assert (porch.came, porch.said) == (1, [])

    at_the_porch(test)


def test_a_listener_that_is_closed_within_a_shortage_stays_closed() -> None:
    async def test(porch: Porch) -> None:
        porch.listening.fault = errno.EMFILE
        with porch.call():
            await settle()
            porch.listener.close()
            turning().turn(REST + CALM)
            await settle()
        assert porch.came == 0

    at_the_porch(test)
