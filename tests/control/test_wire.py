"""Lines of JSON-RPC: what is taken, what is refused, and how answers look."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtq.control import wire
from mtq.control.wire import Code, Failure, NoSuchMethod, NotAnAnswer, Notification, Request, Result
from mtq.errors import ConfigInvalid, Exit, MtqError, NoServer, WrongUsage

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=4,
)


def test_a_request_is_taken() -> None:
    line = b'{"jsonrpc": "2.0", "id": 7, "method": "service.start", "params": {"name": "pop3"}}'
    assert wire.request(line) == Request(7, "service.start", {"name": "pop3"})


def test_a_request_may_come_without_parameters_and_with_a_carriage_return() -> None:
    assert wire.request(b'{"jsonrpc":"2.0","id":"a","method":"x"}\r') == Request("a", "x", {})


def test_a_request_without_an_id_is_not_to_be_answered() -> None:
    assert wire.request(b'{"jsonrpc":"2.0","method":"x"}') == Request(None, "x", {}, answered=False)


def test_a_request_whose_id_is_null_is_answered() -> None:
    assert wire.request(b'{"jsonrpc":"2.0","id":null,"method":"x"}') == Request(None, "x", {})


@pytest.mark.parametrize("line", [b"", b"  ", b"\r", b'{"jsonrpc":"2.0","method":"x","params":[1]}'])
def test_to_some_lines_there_is_nothing_to_say(line: bytes) -> None:
    assert wire.request(line) is None


NOT_JSON = {
    b"STAT": "not JSON: expecting value: line 1 column 1 (char 0)",
    b"\xff{}": "not JSON: no UTF-8 at octet 1",
    b"[" * 60000: "not JSON: nested too deeply",
    b'{"a":' * 10000: "not JSON: nested too deeply",
    b'{"jsonrpc":"2.0","id":1,"id":2,"method":"x"}': "not JSON: a name stands twice in an object",
    b'{"jsonrpc":"2.0","id":9007199254740992,"method":"x"}': "not JSON: a number is too large",
    b'{"jsonrpc":"2.0","id":' + b"9" * 60000 + b',"method":"x"}': "not JSON: a number is too large",
    b'{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":1e999}}': "not JSON: a number is too large",
    b'{"jsonrpc":"2.0","id":NaN,"method":"x"}': "not JSON: there is no number NaN",
    b'{"jsonrpc":"2.0","id":1,"method":"x"} {}': "not JSON: extra data: line 1 column 39 (char 38)",
}


@pytest.mark.parametrize(("line", "message"), NOT_JSON.items(), ids=range(len(NOT_JSON)))
def test_what_is_not_json_is_refused_with_the_reason(line: bytes, message: str) -> None:
    assert wire.request(line) == Failure(None, Code.NOT_JSON, message)


NOT_A_REQUEST = {
    b"7": (None, "a request is a JSON object"),
    b"null": (None, "a request is a JSON object"),
    b'[{"jsonrpc":"2.0","id":1,"method":"x"}]': (None, "batches are not served: send one request a line"),
    b'{"id":1,"method":"x"}': (1, '"jsonrpc" has to be "2.0"'),
    b'{"jsonrpc":2.0,"id":1,"method":"x"}': (1, '"jsonrpc" has to be "2.0"'),
    b'{"jsonrpc":"2.0","id":1}': (1, '"method" has to be a string'),
    b'{"jsonrpc":"2.0","id":1,"method":["x"]}': (1, '"method" has to be a string'),
    b'{"jsonrpc":"2.0","id":true,"method":"x"}': (None, '"id" has to be a string, a whole number or null'),
    b'{"jsonrpc":"2.0","id":1.5,"method":"x"}': (None, '"id" has to be a string, a whole number or null'),
    b'{"jsonrpc":"2.0","id":{},"method":"x"}': (None, '"id" has to be a string, a whole number or null'),
}


@pytest.mark.parametrize("line", NOT_A_REQUEST)
def test_what_is_no_request_is_refused_with_the_reason(line: bytes) -> None:
    id, message = NOT_A_REQUEST[line]
    assert wire.request(line) == Failure(id, Code.NOT_A_REQUEST, message)


@pytest.mark.parametrize("params", [b"[1]", b"null", b"5", b'"name"'])
def test_parameters_come_by_name_only(params: bytes) -> None:
    answer = wire.request(b'{"jsonrpc":"2.0","id":1,"method":"x","params":' + params + b"}")
    assert answer == Failure(1, Code.WRONG_PARAMETERS, "parameters come by name, in an object", "usage")


def test_a_name_that_is_no_unicode_text_does_no_harm() -> None:
    found = wire.request(b'{"jsonrpc":"2.0","id":"\\ud800","method":"x"}')
    assert found == Request("\ud800", "x", {})
    assert wire.result("\ud800", {}) == b'{"jsonrpc":"2.0","id":"\\ud800","result":{}}\n'


@given(st.binary())
def test_any_octets_are_a_request_or_an_answer_or_nothing(line: bytes) -> None:
    found = wire.request(line)
    if isinstance(found, Failure):
        assert json.loads(wire.failure(found))["error"]["code"] in set(Code)


@given(st.dictionaries(st.sampled_from(["jsonrpc", "id", "method", "params", "more"]), JSON | st.just("2.0")))
def test_any_object_is_a_request_or_an_answer_or_nothing(found: dict[str, object]) -> None:
    wire.request(json.dumps(found).encode())


def test_an_answer_is_one_line() -> None:
    line = wire.result(1, {"name": "two\nlines", "error": None})
    assert line == b'{"jsonrpc":"2.0","id":1,"result":{"name":"two\\nlines","error":null}}\n'


@given(st.dictionaries(st.text(), JSON))
def test_an_answer_is_what_json_makes_of_it(data: dict[str, object]) -> None:
    assert wire.reply(wire.result(3, data)) == Result(3, data)


@pytest.mark.parametrize("rows", [0, 1, wire.SLICE, wire.SLICE + 1, 3 * wire.SLICE])
def test_a_list_is_whole_however_long_it_is(rows: int) -> None:
    data = {"before": 1, "rows": [{"id": str(row)} for row in range(rows)], "after": None}
    assert json.loads(wire.result(1, data))["result"] == data


def test_a_long_list_is_encoded_piece_by_piece() -> None:
    data = {"rows": ["x" * 100] * 10 * wire.SLICE}
    longest = max(len(piece) for piece in wire.result_pieces(1, data))
    assert longest < 2 * 100 * wire.SLICE


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, b"octets"])
def test_what_json_cannot_say_is_no_answer(value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        wire.result(1, {"value": value})


ERRORS = [
    (MtqError("no"), Code.FAILED, "failed", Exit.FAILED),
    (WrongUsage("no"), Code.WRONG_PARAMETERS, "usage", Exit.USAGE),
    (ConfigInvalid("no"), Code.FAILED, "config", Exit.CONFIG),
    (NoSuchMethod("no"), Code.NO_SUCH_METHOD, "failed", Exit.FAILED),
    (NoServer("no"), Code.FAILED, "failed", Exit.FAILED),
]


@pytest.mark.parametrize(("error", "code", "kind", "exit"), ERRORS)
def test_an_error_reaches_the_command_with_its_exit_code(error: MtqError, code: Code, kind: str, exit: Exit) -> None:
    answer = wire.reply(wire.failure(wire.failure_of(1, error)))
    assert answer == Failure(1, code, "no", kind)
    assert isinstance(answer, Failure)
    assert answer.error.exit == exit


def test_an_error_of_another_server_is_a_failure() -> None:
    line = b'{"jsonrpc":"2.0","id":1,"error":{"code":-32050,"message":"busy","data":[]}}'
    assert wire.reply(line) == Failure(1, -32050, "busy", "failed")


def test_an_error_moves_no_cursor() -> None:
    line = wire.failure(Failure(1, Code.FAILED, "two\nlines\x1b[2J"))
    assert wire.reply(line) == Failure(1, Code.FAILED, "two\nlines\N{REPLACEMENT CHARACTER}[2J")


def test_a_notification_has_no_id() -> None:
    line = wire.notification("event", {"event": "log"})
    assert line == b'{"jsonrpc":"2.0","method":"event","params":{"event":"log"}}\n'
    assert wire.reply(line) == Notification("event", {"event": "log"})


def test_a_call_is_a_request() -> None:
    assert wire.request(wire.call(5, "session.kick", {"id": "7"})) == Request(5, "session.kick", {"id": "7"})


GARBLED = [
    b"",
    b"+OK",
    b"\xff",
    b"[" * 60000,
    b"[]",
    b'{"jsonrpc":"2.0","id":1,"result":[]}',
    b'{"jsonrpc":"2.0","id":[],"result":{}}',
    b'{"jsonrpc":"2.0","id":1,"error":"no"}',
    b'{"jsonrpc":"2.0","id":1,"error":{"code":"1","message":"no"}}',
    b'{"id":1,"result":{}}',
]


@pytest.mark.parametrize("line", GARBLED, ids=range(len(GARBLED)))
def test_what_is_no_answer_is_known_for_it(line: bytes) -> None:
    with pytest.raises(NotAnAnswer):
        wire.reply(line)
