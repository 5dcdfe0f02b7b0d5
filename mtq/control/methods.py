"""The methods of the control socket and their parameters; what does them is handed in from outside."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from mtq.access.ranges import IPv4, IPv6, client_address
from mtq.config.kinds import Choice, Kind, Several, Switch, Text, Unfit, Whole
from mtq.control.wire import NoSuchMethod
from mtq.errors import WrongUsage
from mtq.server.log import RECENT, shown

Data = Mapping[str, object]
"""What JSON can say, by name."""

Handler = Callable[..., Data | Awaitable[Data]]
"""Does what a method says. It gets every parameter of the method by name, None for one that was not given."""


class EventName(Enum):
    """What can be subscribed to."""

    SESSION_OPENED = "session.opened"
    SESSION_LOGIN = "session.login"
    SESSION_CLOSED = "session.closed"
    SESSION_REFUSED = "session.refused"
    LOCK_TAKEN = "lock.taken"
    LOCK_RELEASED = "lock.released"
    SERVICE_STATE = "service.state"
    LOG = "log"
    METRICS = "metrics"


@dataclass(frozen=True)
class AddressKind:
    """An IP address; an IPv4 one within IPv6 is IPv4."""

    allowed = "an address (192.0.2.7, 2001:db8::7)"

    def read(self, found: object) -> IPv4 | IPv6:
        if not isinstance(found, str):
            raise Unfit(found)
        try:
            return client_address(found)
        except ValueError:
            raise Unfit(found) from None


@dataclass(frozen=True)
class Parameter:
    """A parameter of a method."""

    kind: Kind[object]
    required: bool = True


_NAME = Text("the name of a service")
_ADDRESS = AddressKind()

SIGNATURES: Mapping[str, Mapping[str, Parameter]] = {
    "server.status": {},
    "server.reload": {"dry_run": Parameter(Switch(), required=False)},
    "server.shutdown": {},
    "service.list": {},
    "service.start": {"name": Parameter(_NAME)},
    "service.stop": {"name": Parameter(_NAME)},
    "service.restart": {"name": Parameter(_NAME)},
    "session.list": {},
    "session.kick": {
        "id": Parameter(Text("the id of a session"), required=False),
        "user": Parameter(Text("the name of a user"), required=False),
        "address": Parameter(_ADDRESS, required=False),
    },
    "lock.list": {},
    "lock.release": {"mailbox": Parameter(Text("a mailbox"))},
    "proxy.failures": {},
    "proxy.forget": {
        "server": Parameter(Text("SERVER or SERVER:PORT"), required=False),
        "user": Parameter(Text("the name of a user"), required=False),
    },
    "proxy.status": {},
    "firewall.list": {},
    "firewall.check": {"address": Parameter(_ADDRESS), "service": Parameter(_NAME)},
    "penalty.list": {},
    "penalty.forget": {"address": Parameter(_ADDRESS)},
    "log.tail": {"lines": Parameter(Whole(1, RECENT), required=False)},
    "events.subscribe": {"events": Parameter(Several(Choice(EventName), least=1), required=False)},
}
"""Every method that the protocol has, with its parameters."""


@dataclass(frozen=True)
class Method:
    """A method that is served."""

    name: str
    parameters: Mapping[str, Parameter]
    handler: Handler

    @classmethod
    def of(cls, name: str, handler: Handler) -> "Method":
        """A method of the protocol, done by `handler`."""
        return cls(name, SIGNATURES[name], handler)

    def call(self, given: Mapping[str, object]) -> Data | Awaitable[Data]:
        """Do it. Raises WrongUsage for parameters that are not those of the method, and what the handler raises."""
        strange = sorted(given.keys() - self.parameters.keys())
        if strange:
            raise WrongUsage(f"{self.name} has no parameter {shown(strange[0])}; it takes {self._known()}")
        return self.handler(**{name: self._read(name, given.get(name)) for name in self.parameters})

    def _read(self, name: str, found: object) -> object:
        parameter = self.parameters[name]
        if found is None and not parameter.required:
            return None
        try:
            return parameter.kind.read(found)
        except Unfit as unfit:
            what = "is missing" if found is None else f"is {shown(repr(unfit.found))}"
            raise WrongUsage(f"{self.name}: {name} {what}; allowed is {parameter.kind.allowed}") from None

    def _known(self) -> str:
        return ", ".join(self.parameters) or "none"


class Methods:
    """The methods that a server has, by name."""

    def __init__(self, handlers: Mapping[str, Handler]) -> None:
        self._methods = {name: Method.of(name, handler) for name, handler in handlers.items()}

    def named(self, name: str) -> Method:
        """The method of this name. Raises NoSuchMethod."""
        method = self._methods.get(name)
        if method is None:
            raise NoSuchMethod(f"this server has no method {shown(name)}")
        return method
