"""What a value of the configuration may be: each kind turns what TOML gave into the value meant, or says why not."""

import ipaddress
from dataclasses import dataclass
from enum import Enum
from typing import Generic, Protocol, TypeVar

T_co = TypeVar("T_co", covariant=True)
E = TypeVar("E", bound=Enum)
V = TypeVar("V")

POP3_PORTS = {"pop3": 110, "pop3s": 995}
"""Known even where the services database does not have them."""


class Unfit(Exception):
    """The value found is not of its kind. `item` is the index within a list, if it is one item that is wrong."""

    def __init__(self, found: object, item: int | None = None) -> None:
        super().__init__(found)
        self.found = found
        self.item = item


class Kind(Protocol[T_co]):
    """A kind of value."""

    @property
    def allowed(self) -> str:
        """What is allowed, for an error message and for the reference."""

    def read(self, found: object) -> T_co:
        """The value meant. Raises Unfit."""


class Switch:
    """true or false."""

    allowed = "true or false"

    def read(self, found: object) -> bool:
        if not isinstance(found, bool):
            raise Unfit(found)
        return found


@dataclass(frozen=True)
class Whole:
    """A whole number between two bounds, both included."""

    low: int
    high: int
    unit: str = ""

    @property
    def allowed(self) -> str:
        unit = f" of {self.unit}" if self.unit else ""
        return f"a whole number{unit} from {self.low} to {self.high}"

    def read(self, found: object) -> int:
        if isinstance(found, bool) or not isinstance(found, int) or not self.low <= found <= self.high:
            raise Unfit(found)
        return found


@dataclass(frozen=True)
class Text:
    """A string without control characters."""

    what: str = "a string"
    empty: bool = False

    @property
    def allowed(self) -> str:
        return self.what

    def read(self, found: object) -> str:
        if not isinstance(found, str) or not found.isprintable() or not (found or self.empty):
            raise Unfit(found)
        return found


@dataclass(frozen=True)
class Choice(Generic[E]):
    """One of a few words."""

    words: type[E]

    @property
    def allowed(self) -> str:
        return "one of " + ", ".join(f'"{word.value}"' for word in self.words)

    def read(self, found: object) -> E:
        for word in self.words:
            if found == word.value and isinstance(found, str):
                return word
        raise Unfit(found)


@dataclass(frozen=True)
class Several(Generic[V]):
    """A list, or one item that stands for a list of one."""

    item: Kind[V]
    lone: bool = False
    least: int = 0

    @property
    def allowed(self) -> str:
        return f"{self.item.allowed}, or a list of such" if self.lone else f"a list, each of it {self.item.allowed}"

    def read(self, found: object) -> tuple[V, ...]:
        if self.lone and not isinstance(found, list):
            return (self.item.read(found),)
        if not isinstance(found, list) or len(found) < self.least:
            raise Unfit(found)
        return tuple(self._read_item(index, item) for index, item in enumerate(found))

    def _read_item(self, index: int, item: object) -> V:
        try:
            return self.item.read(item)
        except Unfit as unfit:
            raise Unfit(unfit.found, index) from None


@dataclass(frozen=True, order=True)
class Listen:
    """Where a service listens: a port, on one address or (None) on all, IPv4 and IPv6."""

    port: int
    address: str | None = None

    def __str__(self) -> str:
        if self.address is None:
            return str(self.port)
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


class ListenKind:
    """A port by number or name, or ADDRESS:PORT."""

    allowed = 'a port (1110, "pop3"), "ADDRESS:PORT" or "[IPv6]:PORT"'

    def read(self, found: object) -> Listen:
        if isinstance(found, int) and not isinstance(found, bool):
            return Listen(_number(found, found))
        if not isinstance(found, str):
            raise Unfit(found)
        host, colon, port = found.rpartition(":")
        if not colon:
            return Listen(self._port(found, found))
        bracketed = host.startswith("[") and host.endswith("]")
        try:
            address = ipaddress.ip_address(host[1:-1] if bracketed else host)
        except ValueError:
            raise Unfit(found) from None
        if (address.version == 6) is not bracketed:
            raise Unfit(found)
        return Listen(self._port(port, found), str(address))

    def _port(self, text: str, found: object) -> int:
        if text.isascii() and text.isdigit():
            return _number(int(text) if len(text) <= 5 else 0, found)
        if text in POP3_PORTS:
            return POP3_PORTS[text]
        import socket  # few configurations need it, and every command reads one

        try:
            return _number(socket.getservbyname(text, "tcp"), found)
        except (OSError, ValueError):       # ValueError: a NUL in it
            raise Unfit(found) from None


def _number(number: int, found: object) -> int:
    """A number that a port can have."""
    if not 1 <= number <= 65535:
        raise Unfit(found)
    return number


class MaybeListen:
    """ADDRESS:PORT, or empty for nowhere."""

    allowed = '"ADDRESS:PORT", "[IPv6]:PORT" or "" for none'
    none = ""

    def read(self, found: object) -> Listen | None:
        if found == self.none:
            return None
        listen = ListenKind().read(found)
        if listen.address is None:
            raise Unfit(found)      # not every address by a slip of the pen: there is no password in front of it
        return listen


@dataclass(frozen=True)
class Template:
    """A path with placeholders."""

    placeholders: tuple[str, ...]

    @property
    def allowed(self) -> str:
        return "a path; in it " + ", ".join("{" + name + "}" for name in self.placeholders)

    def read(self, found: object) -> str:
        if not isinstance(found, str) or "\0" in found:
            raise Unfit(found)
        rest = found
        for name in self.placeholders:
            rest = rest.replace("{" + name + "}", "")
        if "{" in rest or "}" in rest or rest == found:
            raise Unfit(found)
        return found
