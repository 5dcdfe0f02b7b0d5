"""What an administrator does in a hurry, done in the dashboard, at a real server."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from mtq.config.model import Config
from mtq.config.read import load
from mtq.control.client import Client as Control
from mtq.errors import MtqError
from mtq.tui.app import Dashboard
from tests.house import House
from tests.server.pop import Client
from tests.tui.sitting import Sitting, sitting

Act = Callable[[Sitting], Awaitable[None]]


def sit(house: House, act: Act, read_only: bool = False) -> None:
    """Have somebody sit at the dashboard of a house."""

    async def sitting_there() -> None:
        dashboard = Dashboard(house.config.server.control_socket, house.file, read_only=read_only)
        async with sitting(dashboard) as person:
            await person.sees("connected", "pop3s")
            await act(person)

    asyncio.run(sitting_there())


def state(house: House, service: str) -> object:
    """What the server says of a service."""
    with Control.connect(house.config.server.control_socket) as server:
        found = server.call("service.list")["services"]
    assert isinstance(found, list)
    return next(row["state"] for row in found if row["name"] == service)


def is_let_in(house: House, address: str, service: str) -> object:
    """Whether the server lets an address in."""
    with Control.connect(house.config.server.control_socket) as server:
        return server.call("firewall.check", address=address, service=service)["allowed"]


def configuration(house: House) -> Config:
    """What is in the file now."""
    return load(house.file)


# Services


def test_a_service_is_stopped_after_a_question_and_started_without(served: House) -> None:
    async def act(person: Sitting) -> None:
        await person.press("2", "x")
        await person.sees("Stop service pop3? Its sessions end")
        await person.press("y")
        await person.is_told("service pop3 was stopped")
        await person.sees("stopped  ")
        assert state(served, "pop3") == "stopped"
        await person.press("s")
        await person.is_told("service pop3 was started")
        assert state(served, "pop3") == "running"

    sit(served, act)


@pytest.mark.parametrize("answer", ["n", "escape", "enter"])
def test_whoever_does_not_say_yes_has_harmed_nobody(served: House, answer: str) -> None:
    async def act(person: Sitting) -> None:
        await person.press("2", "x")
        await person.sees("Stop service pop3?")
        await person.press(answer)
        await person.sees_no("Stop service pop3?")
        assert state(served, "pop3") == "running"

    sit(served, act)


def test_a_service_is_restarted(served: House) -> None:
    async def act(person: Sitting) -> None:
        await person.press("2", "down", "r")
        await person.sees("Restart service pop3s?")
        await person.press("y")
        await person.is_told("service pop3s was restarted")

    sit(served, act)


def test_a_service_is_disabled_and_enabled_in_the_configuration(served: House) -> None:
    before = served.file.read_text()

    async def act(person: Sitting) -> None:
        await person.press("2", "d")
        await person.sees("no longer start with the server?")
        await person.press("y")
        await person.is_told("service pop3 does not start with the server")
        assert not configuration(served).services["pop3"].enabled
        await person.sees("(d Disable)")
        await person.press("e")
        await person.is_told("service pop3 starts with the server")
        assert configuration(served).services["pop3"].enabled

    sit(served, act)
    assert served.file.read_text().startswith(before.partition("[services.pop3s]")[0].rstrip())


# Sessions and locks


def test_a_session_is_kicked(served: House) -> None:
    with Client(served.pop3) as client:
        client.login("wilma")

        async def act(person: Sitting) -> None:
            await person.press("3")
            await person.sees("wilma", "127.0.0.1")
            await person.press("k")
            await person.sees("End session 1 of wilma from 127.0.0.1?")
            await person.press("y")
            await person.is_told("session 1 of wilma from 127.0.0.1 was ended")
            await person.sees("no session is open")

        sit(served, act)
        client.rest()


def test_a_lock_is_released(served: House) -> None:
    with Client(served.pop3) as client:
        client.login("fred")

        async def act(person: Sitting) -> None:
            await person.press("4")
            await person.sees("fred")
            await person.press("r")
            await person.sees("Release the mailbox of fred?")
            await person.press("y")
            await person.is_told("the mailbox of fred is free")
            await person.sees("no mailbox is locked")

        sit(served, act)
        client.rest()
    assert len(served.stored("fred")) == 1


def test_a_session_that_comes_is_seen_at_once(served: House) -> None:
    async def act(person: Sitting) -> None:
        await person.press("3")
        await person.sees("no session is open")
        client = await asyncio.to_thread(Client, served.pop3)
        with client:
            await asyncio.to_thread(client.login, "wilma")
            await person.sees("wilma", "transaction")
            await asyncio.to_thread(client.ask, b"QUIT")
        await person.sees("no session is open")

    sit(served, act)


# Ranges


def test_the_address_of_a_session_is_shut_out_of_every_service(served: House) -> None:
    with Client(served.pop3, source="127.0.0.66") as client:
        client.login("wilma")

        async def act(person: Sitting) -> None:
            await person.press("3")
            await person.sees("127.0.0.66")
            await person.press("b")
            await person.sees("Shut 127.0.0.66 out", "every service")
            await person.press("enter")
            await person.is_told("service pop3: !127.0.0.66 added; service pop3s: !127.0.0.66 added")
            assert not is_let_in(served, "127.0.0.66", "pop3")
            assert not is_let_in(served, "127.0.0.66", "pop3s")
            await person.press("5")
            await person.sees("!127.0.0.66")

        sit(served, act)


def test_an_address_that_is_let_in_all_the_same_is_told_of(house: House) -> None:
    house.file.write_text(house.file.read_text().replace('tls = "starttls"', 'tls = "starttls"\naccess = "any"'))

    async def act(person: Sitting) -> None:
        await person.press("5", "a")
        await person.type("127.0.0.66")
        await person.press("tab", "enter", "down", "enter")     # is to be: shut out
        await person.sees("shut out")
        await person.press("shift+tab", "enter")
        await person.is_told("service pop3 lets it in still")

    house.certify()
    with house.process():
        sit(house, act)


def test_a_range_is_added_with_expiry_and_comment(served: House) -> None:
    async def act(person: Sitting) -> None:
        await person.press("5")
        await person.sees("127.0.0.0/8")
        await person.press("a")
        await person.sees("Add a range")
        await person.type("192.0.2.0/24")
        await person.press("tab", "tab", "tab")
        await person.type("24h")
        await person.press("tab")
        await person.type("the office")
        await person.press("enter")
        await person.sees("192.0.2.0/24", "the office")

    sit(served, act)
    for service in configuration(served).services.values():
        [entry] = service.firewall
        assert (entry.range.text, entry.comment) == ("192.0.2.0/24", "the office")
        assert entry.until is not None


def test_what_is_no_range_is_said_in_the_form_and_nothing_changes(served: House) -> None:
    before = served.file.read_text()

    async def act(person: Sitting) -> None:
        await person.press("5", "a")
        await person.type("192.0.2.300")
        await person.press("enter")
        await person.sees("192.0.2.300 is no range; allowed")
        await person.press("escape")
        await person.sees_no("Add a range")

    sit(served, act)
    assert served.file.read_text() == before


def test_a_range_is_removed_after_a_question(served: House) -> None:
    async def act(person: Sitting) -> None:
        await person.press("5")
        await person.sees("127.0.0.0/8", "::1")
        await person.press("down", "d")
        await person.sees("Remove ::1 from the ranges of LAN?")
        await person.press("y")
        await person.is_told("LAN: ::1 removed")
        await person.until(lambda: "::1  " not in person.text())

    sit(served, act)
    assert [entry.range.text for entry in configuration(served).server.lan] == ["127.0.0.0/8"]


def test_an_address_is_tested_at_every_service(served: House) -> None:
    async def act(person: Sitting) -> None:
        await person.press("5", "t")
        await person.type("127.0.0.9")
        await person.press("enter")
        await person.sees("pop3: let in", "pop3s: let in", "127.0.0.0/8")
        await person.press(*["backspace"] * 9)
        await person.type("8.8.8.8")
        await person.press("enter")
        await person.sees("pop3: shut out", "pop3s: shut out")
        await person.press(*["backspace"] * 7)
        await person.type("nonsense")
        await person.press("enter")
        await person.sees("allowed is an address")

    sit(served, act)


def test_a_penalty_is_lifted(served: House) -> None:
    for password in ("wrong", "wrong again"):
        with Client(served.pop3) as client:
            client.login("fred", password)

    async def act(person: Sitting) -> None:
        await person.sees("127.0.0.1 has failed to log in 2 times")
        await person.press("enter")
        await person.sees("Failed logins", "[5 Firewall]")
        await person.press("l")
        await person.is_told("127.0.0.1 begins anew")
        await person.sees("no login has failed lately")

    sit(served, act)


# Rights


def test_who_only_looks_is_shown_nothing_that_changes_things(served: House) -> None:
    with Client(served.pop3) as client:
        client.login("wilma")

        async def act(person: Sitting) -> None:
            assert "read-only" in person.lines()[0]
            for view, hidden in {"2": "xsred", "3": "kb", "4": "rb", "5": "ad"}.items():
                await person.press(view)
                await person.press(*hidden)
                keys = person.lines()[-1]
                assert not any(f" {key} " in keys for key in hidden), keys
            assert "t Test" in keys
            assert not person.text().count("?\n")

        sit(served, act, read_only=True)
        assert client.ask(b"NOOP").startswith(b"+OK")
    assert state(served, "pop3") == "running"


def test_who_may_not_write_the_configuration_is_told_so_and_may_do_the_rest(served: House) -> None:
    # A lock file that cannot be opened stands for the rights that root, who may run the tests, always has.
    served.file.with_name("mtq.toml.lock").symlink_to("mtq.toml.lock")

    async def act(person: Sitting) -> None:
        await person.press("5")
        await person.sees("you may not write /", "(a Add)", "(d Remove)", " t Test")
        await person.press("a")
        assert "Add a range" not in person.text()
        await person.press("2")
        await person.sees("x Stop", "(d Disable)")

    sit(served, act)


def test_a_configuration_that_is_broken_is_said_to_be_with_its_line(served: House) -> None:
    async def act(person: Sitting) -> None:
        served.file.write_text(served.file.read_text() + "\n[services.pop3]\n")
        await person.press("2", "d")
        await person.sees("no longer start")
        await person.press("y")
        await person.is_told("not TOML")

    sit(served, act)


def test_a_deed_that_fails_says_why(served: House) -> None:
    async def act(person: Sitting) -> None:
        client = await asyncio.to_thread(Client, served.pop3)
        await asyncio.to_thread(client.login, "wilma")
        await person.press("3")
        await person.sees("wilma")
        await person.press("k")
        await person.sees("End session 1")
        await asyncio.to_thread(client.ask, b"QUIT")
        client.sock.close()
        await person.press("y")
        await person.is_told("there is no session 1")

    sit(served, act)


def test_a_deed_without_a_server_says_so(served: House) -> None:
    dashboard = Dashboard(served.config.server.control_socket, served.file)
    served.config.server.control_socket.unlink()
    with pytest.raises(MtqError, match="no server is running"):
        asyncio.run(dashboard.desk.deeds.start("pop3").work())      # type: ignore[arg-type]  # it is a coroutine
