"""Clients of the control socket, on real sockets and both event loops: what they get, and that none harms another."""

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtq.control import wire
from mtq.control.caller import FAULTS, MOST, UNPARSED, UNSENT
from mtq.control.rows import Row
from mtq.errors import ConfigInvalid, MtqError, WrongUsage
from mtq.ledger import Remark
from tests.control.raw import request
from tests.control.station import Station
from tests.house import WAIT, LoopFactory


def test_a_request_is_answered(station: Station, loop: LoopFactory) -> None:
    with station.serving(loop), station.raw() as client:
        assert client.ask("server.status") == {
            "jsonrpc": "2.0",
            "id": 1,
            "result": {"protocol": wire.VERSION, "sessions": 0},
        }


def test_requests_may_come_octet_by_octet(station: Station, loop: LoopFactory) -> None:
    with station.serving(loop), station.raw() as client:
        for octet in request("server.status"):
            client.send(bytes([octet]))
        assert client.answer()["result"]


def test_requests_may_come_all_at_once_and_are_answered_in_their_order(station: Station, loop: LoopFactory) -> None:
    with station.serving(loop), station.raw() as client:
        client.send(b"".join(request("server.status", id=number) for number in range(500)))
        assert [client.answer()["id"] for _ in range(500)] == list(range(500))


def test_what_was_asked_for_is_answered_though_the_client_will_send_no_more(
    station: Station, loop: LoopFactory
) -> None:
    with station.serving(loop), station.raw() as client:
        client.send(request("server.status") * 100)
        client.hang_up_sending()
        assert len(client.rest()) == 100


def test_half_a_line_is_nothing(station: Station, loop: LoopFactory) -> None:
    with station.serving(loop), station.raw() as client:
        client.send(request("server.status")[:-1])
        client.hang_up_sending()
        assert client.rest() == []


def test_a_notification_is_done_and_not_answered(path: Path, loop: LoopFactory) -> None:
    done = []

    def stop(name: str) -> Row:
        done.append(name)
        return {}

    with Station(path, {"service.stop": stop}).serving(loop) as station, station.raw() as client:
        client.send(b'{"jsonrpc":"2.0","method":"service.stop","params":{"name":"pop3"}}\n')
        client.send(b'{"jsonrpc":"2.0","method":"nothing"}\n')
        assert client.ask("server.status")["result"]
    assert done == ["pop3"]


def test_the_log_is_told(station: Station) -> None:
    with station.serving(), station.raw() as client:
        station.enter(*(Remark("info", text) for text in ("one", "two", "three")))
        lines = client.ask("log.tail", lines=2)["result"]["lines"]
        assert [(line["level"], line["text"]) for line in lines] == [("info", "two"), ("info", "three")]
        assert len(client.ask("log.tail")["result"]["lines"]) == 3


# What fails


def failing(error: Exception) -> Row:
    """A handler that fails."""
    raise error


FAILURES = [
    (MtqError("no such service: x"), -32000, "no such service: x", "failed"),
    (WrongUsage("one of id, user, address"), -32602, "one of id, user, address", "usage"),
    (ConfigInvalid("mtq.toml:1: what is this"), -32000, "mtq.toml:1: what is this", "config"),
    (RuntimeError("secret"), -32603, "internal error; the server's log says more", "failed"),
    (KeyError("secret"), -32603, "internal error; the server's log says more", "failed"),
]


@pytest.mark.parametrize(("error", "code", "message", "kind"), FAILURES)
@pytest.mark.parametrize("waits", [False, True])
def test_a_failure_is_told_with_its_kind(
    path: Path, error: Exception, code: int, message: str, kind: str, waits: bool
) -> None:
    async def fail_later() -> Row:
        await asyncio.sleep(0)
        return failing(error)

    handler = fail_later if waits else lambda: failing(error)
    with Station(path, {"service.list": handler}, clumsy=True).serving() as station, station.raw() as client:
        assert client.ask("service.list")["error"] == {"code": code, "message": message, "data": {"kind": kind}}
        assert client.ask("server.status")["result"]
        assert bool(station.remarks) is (code == wire.Code.INTERNAL)


@pytest.mark.parametrize("waits", [False, True])
def test_an_answer_that_json_cannot_say_is_an_internal_error(path: Path, waits: bool) -> None:
    async def later() -> Row:
        return {"when": {1, 2}}

    handler = later if waits else lambda: {"when": {1, 2}}
    with Station(path, {"service.list": handler}, clumsy=True).serving() as station, station.raw() as client:
        assert client.ask("service.list")["error"]["code"] == wire.Code.INTERNAL
        assert [remark[:41] for remark in station.remarks] == ["internal error in service.list: TypeError"]


def test_what_is_not_there_is_told(station: Station) -> None:
    with station.serving(), station.raw() as client:
        assert client.ask("server.explode")["error"]["code"] == wire.Code.NO_SUCH_METHOD
        assert client.ask("proxy.status")["error"]["message"] == "this server has no method proxy.status"
        assert client.ask("server.status", verbose=1)["error"]["code"] == wire.Code.WRONG_PARAMETERS


# What takes a while


class Slow:
    """A method that takes until it is told to be done."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.finished = threading.Event()
        self._done = asyncio.Event()

    async def restart(self, name: str) -> Row:
        """The handler."""
        self._tell(self.begun)
        await self._done.wait()
        self._tell(self.finished)
        return {"name": name}

    def finish(self) -> None:
        """Be done."""
        self._done.set()

    def _tell(self, event: threading.Event) -> None:
        asyncio.get_running_loop().run_in_executor(None, event.set)


def test_a_client_that_waits_keeps_nobody_else_waiting(path: Path, loop: LoopFactory) -> None:
    slow = Slow()
    station = Station(path, {"service.restart": slow.restart})
    with station.serving(loop), station.raw() as waiting, station.raw() as other:
        waiting.send(request("service.restart", name="pop3") + request("server.status", id=2))
        assert slow.begun.wait(WAIT)
        assert other.ask("server.status")["result"]
        station.do(slow.finish)
        assert waiting.answer()["result"] == {"name": "pop3"}
        assert waiting.answer()["id"] == 2


def test_what_was_begun_for_a_client_that_hangs_up_is_finished(path: Path, loop: LoopFactory) -> None:
    slow = Slow()
    with Station(path, {"service.restart": slow.restart}).serving(loop) as station:
        with station.raw() as client:
            client.send(request("service.restart", name="pop3"))
            assert slow.begun.wait(WAIT)
        with station.raw() as other:
            assert other.ask("server.status")["result"]
        station.do(slow.finish)
        assert slow.finished.wait(WAIT)


@pytest.mark.parametrize("reads", [True, False], ids=["hangs up", "resets"])
def test_a_place_is_taken_until_what_was_begun_is_finished(path: Path, loop: LoopFactory, reads: bool) -> None:
    slow = Slow()
    with Station(path, {"service.restart": slow.restart}).serving(loop) as station:
        for _ in range(MOST):
            slow.begun.clear()
            with station.raw() as client:
                client.send(request("server.status") + request("service.restart", name="pop3"))
                assert slow.begun.wait(WAIT)
                if reads:
                    assert client.answer()["result"]
        with station.raw() as early:
            assert "error" in early.answer()
        station.do(slow.finish)
        while not is_served(station):
            pass


def test_what_was_begun_for_a_client_that_is_cut_is_finished(path: Path, loop: LoopFactory) -> None:
    slow = Slow()
    with Station(path, {"service.restart": slow.restart}).serving(loop) as station, station.raw() as client:
        client.send(request("events.subscribe") + request("service.restart", name="pop3"))
        assert slow.begun.wait(WAIT)
        station.enter(*[Remark("info", "x" * 400)] * 10_000)
        client.wait_until_hung_up_on()
        station.do(slow.finish)
        assert slow.finished.wait(WAIT)


def is_served(station: Station) -> bool:
    """Whether there is a place for one more client."""
    with station.raw() as client, suppress(BrokenPipeError):
        client.send(request("server.status"))
        return "result" in client.answer()
    return False


def test_the_end_of_the_server_does_not_wait_for_what_never_ends(
    path: Path, loop: LoopFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mtq.control.endpoint.LAST_WORDS", 0.05)
    slow = Slow()
    with Station(path, {"service.restart": slow.restart}).serving(loop) as station, station.raw() as client:
        client.send(request("service.restart", name="pop3"))
        assert slow.begun.wait(WAIT)
        station.stop()
        assert client.rest() == []
    assert not path.exists()


def test_a_long_list_that_had_to_be_waited_for_is_whole(path: Path, loop: LoopFactory) -> None:
    async def rows() -> Row:
        return {"ranges": [{"range": f"10.0.{row // 256}.{row % 256}"} for row in range(20000)]}

    with Station(path, {"firewall.list": rows}).serving(loop) as station, station.raw() as client:
        assert len(client.ask("firewall.list")["result"]["ranges"]) == 20000


# Rude clients


RUDE = [b"\n", b"\r\n", b"STAT\r\n", b"\x00\xff\xfe\n", b"GET / HTTP/1.1\r\n", b"[" * 60000 + b"\n", b"{}\n", b"[]\n"]


@pytest.mark.parametrize("line", RUDE, ids=range(len(RUDE)))
def test_rubbish_is_answered_with_an_error_and_the_client_may_go_on(
    station: Station, loop: LoopFactory, line: bytes
) -> None:
    with station.serving(loop), station.raw() as client:
        client.send(line)
        if line.strip():
            answer = client.answer()
            assert answer["id"] is None
            assert answer["error"]["code"] in (wire.Code.NOT_JSON, wire.Code.NOT_A_REQUEST)
        assert client.ask("server.status")["result"]


def test_a_client_that_sends_nothing_but_rubbish_is_hung_up_on(station: Station, loop: LoopFactory) -> None:
    with station.serving(loop), station.raw() as client:
        client.send(b"rubbish\n" * 10 * FAULTS)
        assert len(client.rest()) == FAULTS


def test_a_request_now_and_then_makes_up_for_rubbish(station: Station) -> None:
    with station.serving(), station.raw() as client:
        for _ in range(3):
            client.send(b"rubbish\n" * (FAULTS - 1) + request("server.status"))
        answers = [client.answer() for _ in range(3 * FAULTS)]
        assert sum("result" in answer for answer in answers) == 3


def test_a_request_is_as_long_as_the_limit_and_no_longer(station: Station, loop: LoopFactory) -> None:
    line = request("server.status")[:-1]
    with station.serving(loop), station.raw() as client:
        client.send(line + b" " * (wire.REQUEST_LIMIT - len(line) - 1) + b"\n")
        assert client.answer()["result"]
        client.send(line + b" " * (wire.REQUEST_LIMIT - len(line)) + b"\n")
        assert client.answer()["error"]["message"] == "a request has at most 65536 octets; this connection ends"
        assert client.rest() == []


def test_a_line_without_end_is_not_kept(station: Station, loop: LoopFactory) -> None:
    with station.serving(loop), station.raw() as client:
        sent, most = 0, 4 * wire.REQUEST_LIMIT + (1 << 20)
        with suppress(BrokenPipeError, ConnectionResetError):
            while sent < 2 * most:
                sent += client.sock.send(b"x" * 65536)
        assert sent < most
        assert client.answer()["error"]["code"] == wire.Code.NOT_A_REQUEST


def test_who_asks_on_and_on_and_does_not_read_is_not_read_from_until_it_does(
    station: Station, loop: LoopFactory
) -> None:
    with station.serving(loop), station.raw() as client, station.raw() as other:
        station.enter(Remark("info", "x" * 200))
        client.sock.settimeout(0.3)
        line = request("log.tail")
        sent, most = 0, UNPARSED + UNSENT + (1 << 20)
        with suppress(TimeoutError):
            while sent < 2 * most:
                sent += client.sock.send(line * 100)
        assert sent < most
        assert other.ask("server.status")["result"]
        client.sock.settimeout(WAIT)
        client.hang_up_sending()
        assert len(client.rest()) == sent // len(line)


def test_who_hangs_up_in_the_middle_of_an_answer_is_forgotten(station: Station, loop: LoopFactory) -> None:
    with station.serving(loop):
        station.enter(*[Remark("info", "x" * 400)] * 1000)
        for _ in range(MOST + 1):
            with station.raw() as client:
                client.send(request("log.tail"))
                assert client.sock.recv(10) == b'{"jsonrpc"'
        with station.raw() as other:
            assert other.ask("server.status")["result"]


def test_fifty_at_once_are_all_answered(station: Station, loop: LoopFactory) -> None:
    with station.serving(loop):
        clients = [station.raw() for _ in range(50)]
        for number, client in enumerate(clients):
            client.send(request("server.status", id=number))
        assert [client.answer()["id"] for client in clients] == list(range(50))
        for client in clients:
            client.sock.close()


def test_there_is_a_limit_and_who_leaves_makes_room(station: Station, loop: LoopFactory) -> None:
    with station.serving(loop):
        clients = [station.raw() for _ in range(MOST)]
        for client in clients:
            assert client.ask("server.status")["result"]
        with station.raw() as late:
            assert [answer["error"]["message"] for answer in late.rest()] == [
                f"{MOST} clients are connected to this socket already, try again later"
            ]
        clients.pop().sock.close()
        assert clients[0].ask("server.status")["result"]
        with station.raw() as later:
            assert later.ask("server.status")["result"]
        for client in clients:
            client.sock.close()


AS_ANOTHER = """
import contextlib, os, socket
if os.geteuid() == 0:
    os.setgroups([]), os.setgid(65534), os.setuid(65534)
with socket.socket(socket.AF_UNIX) as client:
    client.connect("control.sock")
    with contextlib.suppress(BrokenPipeError):      # it may have been hung up on already
        client.sendall(b'{"jsonrpc":"2.0","id":1,"method":"server.status"}\\n')
    with contextlib.suppress(ConnectionResetError):
        while data := client.recv(65536):
            os.write(1, data)
"""


def test_another_user_is_not_served(station: Station, loop: LoopFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    stranger = 65534 if os.geteuid() == 0 else os.geteuid()
    with station.serving(loop):
        if os.geteuid() != 0:
            monkeypatch.setattr(os, "geteuid", lambda: stranger + 1)      # the server is then somebody else's
        station.path.parent.chmod(0o711)
        station.path.chmod(0o666)      # as if somebody had opened it to everybody
        command = [sys.executable, "-I", "-c", AS_ANOTHER]
        done = subprocess.run(command, cwd=station.path.parent, stdout=subprocess.PIPE, text=True, check=True)
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        assert [answer["error"]["message"] for answer in answers] == [
            f"user id {stranger} may not use this socket: root and the server's own user may"
        ]
        assert station.remarks == [f"control socket: a client with user id {stranger} was refused"]


def test_who_is_hung_up_on_and_never_reads_loses_what_remains(
    station: Station, loop: LoopFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mtq.control.caller.UNSENT", 1 << 30)      # so that it is not simply waited for
    monkeypatch.setattr("mtq.control.caller.LAST_WORDS", 0.05)
    with station.serving(loop), station.raw() as client:
        station.enter(*[Remark("info", "x" * 400)] * 1000)
        client.send(request("log.tail") + b"rubbish\n" * FAULTS)
        client.wait_until_hung_up_on()


def test_the_end_of_the_server_waits_for_no_client(
    station: Station, loop: LoopFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mtq.control.caller.LAST_WORDS", 0.05)
    with station.serving(loop), station.raw() as client:
        station.enter(*[Remark("info", "x" * 2000)] * 1000)
        client.send(request("log.tail"))
        assert client.sock.recv(1) == b"{"
        station.stop()
    assert not station.path.exists()


def test_idle_clients_do_not_hold_up_the_end_of_the_server(
    station: Station, loop: LoopFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mtq.control.endpoint.LAST_WORDS", 2 * WAIT)
    with station.serving(loop), station.raw() as client:
        assert client.ask("server.status")["result"]
        station.stop()
        assert client.rest() == []


@pytest.fixture(scope="module")
def playground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """A station that is served for many examples."""
    with Station(tmp_path_factory.mktemp("run") / "control.sock").serving() as station:
        yield station


LINES = st.binary(max_size=80) | st.sampled_from([request("server.status").strip(), b"{}", b"[]", b"1", b"", b" "])


@given(lines=st.lists(LINES, max_size=FAULTS))
def test_any_octets_get_nothing_or_one_answer_a_line_and_harm_nobody(
    playground: Station, lines: list[bytes]
) -> None:
    sent = b"\n".join(lines)
    with playground.raw() as client, playground.raw() as other:
        client.send(sent)
        client.hang_up_sending()
        answers = client.rest()
        assert len(answers) <= sent.count(b"\n")
        assert all(answer["jsonrpc"] == "2.0" for answer in answers)
        assert other.ask("server.status")["result"]
