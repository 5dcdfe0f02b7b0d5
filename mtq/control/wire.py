"""JSON-RPC 2.0, one object a line: lines into requests and answers, and back. No I/O.

A line from outside is hostile until it is parsed. The specification is https://www.jsonrpc.org/specification;
what is narrower here (no batches, parameters by name, RFC 7493 for numbers and names) is in docs/control-protocol.md.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum

from mtq.errors import ConfigInvalid, MtqError, WrongUsage

VERSION = 1
"""Of the protocol. It grows when a client of the version before would misunderstand."""

REQUEST_LIMIT = 65536
"""Octets of a request, its line end included."""

SLICE = 500
"""Rows of a list that are encoded in one go."""

_WHOLE_LIMIT = 2**53 - 1      # RFC 7493, section 2.2: past it JSON numbers are not the same everywhere

Id = str | int | None


class Code(IntEnum):
    """Error codes (specification, section 5.1); FAILED is the one from the range that is left to servers."""

    NOT_JSON = -32700
    NOT_A_REQUEST = -32600
    NO_SUCH_METHOD = -32601
    WRONG_PARAMETERS = -32602
    INTERNAL = -32603
    FAILED = -32000


class NoSuchMethod(MtqError):
    """The server has no method of this name."""


class NotAnAnswer(ValueError):
    """A line that no server of this protocol sends."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a client wants. One that is not `answered` is a notification (specification, section 4.1)."""

    id: Id
    method: str
    params: Mapping[str, object]
    answered: bool = True


@dataclass(frozen=True, slots=True)
class Result:
    """A server's answer."""

    id: Id
    data: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Failure:
    """A server's answer that is no. `kind` says which exit code a command ends with."""

    id: Id
    code: int
    message: str
    kind: str = "failed"

    @property
    def error(self) -> MtqError:
        """The same, to be raised by a client."""
        return _KINDS.get(self.kind, MtqError)(self.message)


@dataclass(frozen=True, slots=True)
class Notification:
    """What a server says unasked."""

    method: str
    params: Mapping[str, object]


_KINDS: Mapping[str, type[MtqError]] = {"usage": WrongUsage, "config": ConfigInvalid}


def failure_of(id: Id, error: MtqError) -> Failure:
    """The answer to a request that failed."""
    kind = next((kind for kind, type in _KINDS.items() if isinstance(error, type)), "failed")
    match error:
        case NoSuchMethod():
            code = Code.NO_SUCH_METHOD
        case WrongUsage():
            code = Code.WRONG_PARAMETERS
        case _:
            code = Code.FAILED
    return Failure(id, code, str(error), kind)


# A server's side


def request(line: bytes) -> Request | Failure | None:
    """The request that a line holds, the answer to a line that holds none, or None: nothing to do or to say."""
    if not line.strip():
        return None
    try:
        found = _DECODER.decode(line.decode())
    except (ValueError, RecursionError) as error:
        return Failure(None, Code.NOT_JSON, f"not JSON: {_reason(error)}")
    if isinstance(found, list):
        return Failure(None, Code.NOT_A_REQUEST, "batches are not served: send one request a line")
    if not isinstance(found, dict):
        return Failure(None, Code.NOT_A_REQUEST, "a request is a JSON object")
    return _request(found)


def _request(found: Mapping[str, object]) -> Request | Failure | None:
    id, method, params = found.get("id"), found.get("method"), found.get("params", {})
    if isinstance(id, bool) or not (id is None or isinstance(id, str | int)):
        return Failure(None, Code.NOT_A_REQUEST, '"id" has to be a string, a whole number or null')
    if found.get("jsonrpc") != "2.0":
        return Failure(id, Code.NOT_A_REQUEST, '"jsonrpc" has to be "2.0"')
    if not isinstance(method, str):
        return Failure(id, Code.NOT_A_REQUEST, '"method" has to be a string')
    if isinstance(params, dict):
        return Request(id, method, params, "id" in found)
    if "id" not in found:
        return None      # a notification is never answered, not even this
    return Failure(id, Code.WRONG_PARAMETERS, "parameters come by name, in an object", "usage")


def result(id: Id, data: Mapping[str, object]) -> bytes:
    """The line of an answer. Raises TypeError or ValueError for what JSON cannot say."""
    return b"".join(result_pieces(id, data))


def result_pieces(id: Id, data: Mapping[str, object]) -> Iterator[bytes]:
    """The same line, piece by piece: encoding a long list at one go would hold up the event loop."""
    yield b'{"jsonrpc":"2.0","id":%b,"result":{' % _encode(id)
    for number, (name, value) in enumerate(data.items()):
        yield b"%b%b:" % (b"," if number else b"", _encode(name))
        if not isinstance(value, list) or len(value) <= SLICE:
            yield _encode(value)
            continue
        for start in range(0, len(value), SLICE):
            yield (b"," if start else b"[") + _encode(value[start : start + SLICE])[1:-1]
        yield b"]"
    yield b"}}\n"


def failure(answer: Failure) -> bytes:
    """The line of an answer that is no."""
    error = {"code": int(answer.code), "message": answer.message, "data": {"kind": answer.kind}}
    return _encode({"jsonrpc": "2.0", "id": answer.id, "error": error}) + b"\n"


def notification(method: str, params: Mapping[str, object]) -> bytes:
    """The line of something said unasked."""
    return _encode({"jsonrpc": "2.0", "method": method, "params": params}) + b"\n"


# A client's side


def call(id: Id, method: str, params: Mapping[str, object]) -> bytes:
    """The line of a request."""
    return _encode({"jsonrpc": "2.0", "id": id, "method": method, "params": params}) + b"\n"


def reply(line: bytes) -> Result | Failure | Notification:
    """What a server's line holds. Raises NotAnAnswer."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        raise NotAnAnswer(line[:80]) from None
    match found:
        case {"jsonrpc": "2.0", "id": str() | int() | None as id, "result": dict(data)}:
            return Result(id, data)
        case {"jsonrpc": "2.0", "id": str() | int() | None as id, "error": {"code": int(code), "message": str(text)}}:
            return Failure(id, code, _harmless(text), _kind(found["error"]))
        case {"jsonrpc": "2.0", "method": str(method), "params": dict(params)}:
            return Notification(method, params)
        case _:
            raise NotAnAnswer(line[:80])


def _kind(error: Mapping[str, object]) -> str:
    match error:
        case {"data": {"kind": str(kind)}}:
            return kind
        case _:
            return "failed"


def _harmless(text: str) -> str:
    """Text for a terminal: nothing in it moves the cursor."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


# JSON


def _encode(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in an object")
    return found


def _whole(digits: str) -> int:
    if len(digits) > 17 or abs(int(digits)) > _WHOLE_LIMIT:
        raise ValueError("a number is too large")
    return int(digits)


def _fraction(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise ValueError("a number is too large")
    return number


def _constant(name: str) -> object:
    raise ValueError(f"there is no number {name}")


def _reason(error: ValueError | RecursionError) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if isinstance(error, UnicodeDecodeError):
        return f"no UTF-8 at octet {error.start + 1}"
    return str(error)[:1].lower() + str(error)[1:]


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_whole, parse_float=_fraction, parse_constant=_constant
)
