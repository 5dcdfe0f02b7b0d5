"""Methods and their parameters: what reaches the handler, and what is told to who gets them wrong."""

import ipaddress
from collections.abc import Mapping

import pytest

from mtq.control.methods import EventName, Method, Methods
from mtq.control.wire import NoSuchMethod
from mtq.errors import WrongUsage


def given(method: str, **params: object) -> Mapping[str, object]:
    """What reaches the handler of a method that was called with these parameters."""
    reached: dict[str, object] = {}

    def handler(**arguments: object) -> Mapping[str, object]:
        reached.update(arguments)
        return {}

    Method.of(method, handler).call(params)
    return reached


REACHES: list[tuple[str, dict[str, object], dict[str, object]]] = [
    ("server.status", {}, {}),
    ("service.start", {"name": "pop3"}, {"name": "pop3"}),
    ("session.kick", {"id": "7"}, {"id": "7", "user": None, "address": None}),
    ("session.kick", {"user": "fred", "id": None}, {"id": None, "user": "fred", "address": None}),
    ("proxy.forget", {}, {"server": None, "user": None}),
    ("penalty.forget", {"address": "::ffff:192.0.2.7"}, {"address": ipaddress.ip_address("192.0.2.7")}),
    ("log.tail", {"lines": 1000}, {"lines": 1000}),
    ("events.subscribe", {"events": ["log"]}, {"events": (EventName.LOG,)}),
]


@pytest.mark.parametrize(("method", "params", "arguments"), REACHES)
def test_every_parameter_reaches_the_handler(
    method: str, params: dict[str, object], arguments: dict[str, object]
) -> None:
    assert given(method, **params) == arguments


WRONG: list[tuple[str, dict[str, object], str]] = [
    ("server.status", {"name": "x"}, "server.status has no parameter name; it takes none"),
    ("service.stop", {"nam": "x"}, "service.stop has no parameter nam; it takes name"),
    ("service.stop", {"\x1b": 1}, "service.stop has no parameter \\x1b; it takes name"),
    ("service.stop", {}, "service.stop: name is missing; allowed is the name of a service"),
    ("service.stop", {"name": None}, "service.stop: name is missing; allowed is the name of a service"),
    ("service.stop", {"name": 5}, "service.stop: name is 5; allowed is the name of a service"),
    ("service.stop", {"name": ""}, "service.stop: name is ''; allowed is the name of a service"),
    ("log.tail", {"lines": 0}, "log.tail: lines is 0; allowed is a whole number from 1 to 1000"),
    ("log.tail", {"lines": True}, "log.tail: lines is True; allowed is a whole number from 1 to 1000"),
    (
        "penalty.forget",
        {"address": "10.0.0.0/8"},
        "penalty.forget: address is '10.0.0.0/8'; allowed is an address (192.0.2.7, 2001:db8::7)",
    ),
]


@pytest.mark.parametrize(("method", "params", "message"), WRONG)
def test_wrong_parameters_are_told_with_what_is_allowed(
    method: str, params: dict[str, object], message: str
) -> None:
    with pytest.raises(WrongUsage) as wrong:
        given(method, **params)
    assert str(wrong.value) == message


@pytest.mark.parametrize("events", [[], "log", ["log", "mail"], [["log"]], {"log": 1}])
def test_only_events_that_there_are_can_be_subscribed_to(events: object) -> None:
    with pytest.raises(WrongUsage, match=r'"session\.opened", '):
        given("events.subscribe", events=events)


def test_a_long_value_is_not_told_whole() -> None:
    with pytest.raises(WrongUsage) as wrong:
        given("service.stop", name=["x" * 60000])
    assert len(str(wrong.value)) < 300


def test_a_method_that_has_no_handler_is_not_there() -> None:
    with pytest.raises(NoSuchMethod, match=r"this server has no method proxy\.status"):
        Methods({"server.status": dict}).named("proxy.status")
